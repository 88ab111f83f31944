/**
 * `node scripts/run.mjs FILE [arguments]`: runs a TypeScript file of ours under a Node that can, and stands between it and
 * npm: signals go down, the exit code comes up, and nothing is left behind when npm dies (STACK §0.3).
 */
import { spawn } from 'node:child_process'
import { join, resolve } from 'node:path'
import { isStarted, nodeBinary, projectRoot } from './prepare.mjs'

const parentCheckMs = 500
const forwarded = ['SIGINT', 'SIGTERM', 'SIGHUP']

/** Runs the file as a child, and ends this process as the child ended. */
export const run = (file, args) => {
  const node = nodeBinary()
  if (node === undefined) {
    process.stderr.write('waybill: this Node is too old, and none is prepared yet: run `node scripts/prepare.mjs` first\n')
    process.exit(1)
  }
  const child = spawn(node, [resolve(projectRoot, file), ...args], {
    stdio: 'inherit',
    // The compile cache halves the time to load; the parent watch ends the child even if we are killed with -9.
    env: { NODE_COMPILE_CACHE: join(projectRoot, '.cache', 'compile'), ...process.env, WAYBILL_WATCH_PARENT: '1' },
  })
  // A signal to the whole group reaches the child twice, from the terminal and from us: it acts on the first only.
  for (const signal of forwarded) process.on(signal, () => child.kill(signal))
  if (process.env.npm_lifecycle_event !== undefined) watchParent(() => child.kill('SIGTERM'))
  child.on('error', (error) => {
    process.stderr.write(`waybill: could not start ${node}: ${error.message}\n`)
    process.exit(1)
  })
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 1)
    for (const name of forwarded) process.removeAllListeners(name)
    process.kill(process.pid, signal)
  })
}

/** npm runs us through `sh -c` and dies of a SIGTERM without telling anybody below: a new parent is the only sign of it. */
const watchParent = (onGone) => {
  const parent = process.ppid
  const timer = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(timer)
    onGone()
  }, parentCheckMs)
  timer.unref()
}

if (isStarted(import.meta.url)) {
  const [file, ...args] = process.argv.slice(2)
  if (file === undefined) {
    process.stderr.write('usage: node scripts/run.mjs FILE [arguments]\n')
    process.exit(2)
  }
  run(file, args)
}
