/** The real command line in a process of its own, on a database of the test's. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..', '..')
export const sampleFile = join(root, 'data', 'sample-import.csv')

export type Ran = Readonly<{ code: number | null; stdout: string; stderr: string; json: () => Record<string, unknown> }>

export const startCli = (url: string, args: readonly string[]) =>
  spawn(process.execPath, [join(root, 'src', 'cli', 'waybill.ts'), ...args], {
    env: { PATH: process.env['PATH'], DATABASE_URL: url },
    stdio: ['pipe', 'pipe', 'pipe'],
  })

export const runCli = (url: string, args: readonly string[], input = ''): Promise<Ran> =>
  new Promise((resolve, reject) => {
    const child = startCli(url, args)
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
    child.once('error', reject)
    child.once('close', (code) => {
      const json = (): Record<string, unknown> => {
        const last: unknown = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '')
        if (typeof last !== 'object' || last === null) throw new Error(`no JSON object in the last line: ${stdout}\n${stderr}`)
        return { ...last }
      }
      resolve({ code, stdout, stderr, json })
    })
    child.stdin.end(input)
  })
