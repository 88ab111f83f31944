/**
 * Makes a fresh clone ready, without being asked: the packages of the lockfile, and a Node new enough to run TypeScript
 * sources. Plain JavaScript for Node 18 and up, no dependency: it runs before anything else is there.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, realpathSync, rmSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const projectRoot = dirname(dirname(fileURLToPath(import.meta.url)))

/** The oldest Node that runs our sources as they are, and the one we bring where the machine's is older. */
const oldestNode = [24, 18]
const broughtNode = '24.21.0'

const platform = process.platform === 'win32' ? 'win' : process.platform
const runtimeFolder = join(projectRoot, '.runtime')
const broughtPackage = `node-${platform}-${process.arch}`
const broughtBinary = join(runtimeFolder, 'node_modules', broughtPackage, 'bin', process.platform === 'win32' ? 'node.exe' : 'node')

/** True for the file that was started from the command line, not for one that was imported; links are followed. */
export const isStarted = (moduleUrl) => process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(moduleUrl)

const networkErrors = /ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ECONNREFUSED|ECONNRESET|ENETUNREACH|EHOSTUNREACH/

const isNewEnough = (version) => {
  const [major, minor] = version.split('.').map(Number)
  return major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1])
}

/** The Node that runs Waybill: this one where it is new enough, else the one in `.runtime`; undefined before `prepare`. */
export const nodeBinary = () => {
  if (isNewEnough(process.versions.node)) return process.execPath
  return existsSync(broughtBinary) ? broughtBinary : undefined
}

/** Installs what is missing. Silent when nothing is; everything it says goes to stderr, so that a command's output stays clean. */
export const prepare = () => {
  if (arePackagesStale()) installPackages()
  if (nodeBinary() === undefined) bringNode()
}

const arePackagesStale = () => {
  const installed = join(projectRoot, 'node_modules', '.package-lock.json')
  if (!existsSync(installed)) return true
  const lockfile = join(projectRoot, 'package-lock.json')
  return existsSync(lockfile) && statSync(lockfile).mtimeMs > statSync(installed).mtimeMs
}

const installPackages = () => {
  say('installing the packages of package-lock.json (once, about 15 s) …')
  // Scripts stay off: no package of ours needs one (STACK §0.2). Development packages stay in: a clone is built from them.
  const options = ['--ignore-scripts', '--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error']
  const first = npm(['ci', ...options], projectRoot)
  if (first.ended === 0) return
  if (networkErrors.test(first.words)) failWith('install the packages', first)
  // `npm ci` refuses a lockfile that lacks another system's optional package, which a registry mirror may not hold.
  // `npm install --no-save` takes the very same versions from the lockfile, and leaves it as it is.
  const second = npm(['install', '--no-save', ...options], projectRoot)
  if (second.ended !== 0) failWith('install the packages', second)
}

const bringNode = () => {
  say(`THIS MACHINE'S NODE IS ${process.versions.node}; WAYBILL NEEDS ${oldestNode.join('.')} OR NEWER.`)
  say(`Bringing Node ${broughtNode} into .runtime (once, about 190 MB); the machine's own Node stays as it is.`)
  mkdirSync(runtimeFolder, { recursive: true })
  const options = ['--no-save', '--ignore-scripts', '--no-package-lock', '--no-audit', '--no-fund']
  // Run from inside .runtime: with a prefix alone npm would still take the project's folder for its working place.
  const install = npm(['install', ...options, '--prefix', runtimeFolder, `${broughtPackage}@${broughtNode}`], runtimeFolder)
  if (install.ended !== 0) failWith(`bring Node ${broughtNode}`, install)
  const probe = spawnSync(broughtBinary, ['--version'], { encoding: 'utf8' })
  if (probe.status !== 0) {
    rmSync(join(runtimeFolder, 'node_modules'), { recursive: true, force: true })
    fail(`Node ${broughtNode} does not run on this machine (${probe.error?.message ?? probe.stderr.trim()}).
Install Node ${oldestNode.join('.')} or newer yourself: https://nodejs.org`)
  }
}

/** Runs the npm that started us where there is one: on Windows `npm` is a script that cannot be spawned directly. */
const npm = (args, folder) => {
  const { npm_execpath: npmScript, ...rest } = process.env
  // An outer npm hands its prefix and its package down by environment; the inner one must look at its own folder only.
  const env = Object.fromEntries(Object.entries(rest).filter(([name]) => !/^npm_config_(local_)?prefix$|^npm_package_/i.test(name)))
  const [command, first] = npmScript?.endsWith('.js') ? [process.execPath, [npmScript]] : ['npm', []]
  const { status, error, stdout, stderr } = spawnSync(command, [...first, ...args], {
    cwd: folder,
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    shell: process.platform === 'win32' && command === 'npm',
  })
  return { ended: status ?? 1, words: error ? error.message : `${stderr}${stdout}` }
}

const failWith = (purpose, { words }) => {
  process.stderr.write(`${words.trimEnd()}\n`)
  const advice = networkErrors.test(words)
    ? 'the npm registry is out of reach. The first start needs it, directly or through a mirror (npm config set registry …);\nlater starts need no network.'
    : "npm's own words are above."
  fail(`could not ${purpose}: ${advice}\nThen run the same command again.`)
}

const say = (line) => process.stderr.write(`waybill: ${line}\n`)

const fail = (text) => {
  say(text)
  process.exit(1)
}

if (isStarted(import.meta.url)) prepare()
