/** Where and of what a figure was measured: without it no two files compare. */
import { spawnSync } from 'node:child_process'
import { cpus, release, totalmem } from 'node:os'
import { join } from 'node:path'
import type pg from 'pg'

const projectRoot = join(import.meta.dirname, '..')

const said = (command: string, args: readonly string[]): string | undefined => {
  const { status, stdout } = spawnSync(command, args, { cwd: projectRoot, encoding: 'utf8' })
  return status === 0 ? stdout.trim() : undefined
}

/** The commit with `+` where the tree differs from it; undefined outside a git tree. */
const commitNow = (): string | undefined => {
  const commit = said('git', ['rev-parse', 'HEAD'])
  if (commit === undefined) return undefined
  return said('git', ['status', '--porcelain']) === '' ? commit : `${commit}+`
}

let postgres = 'unknown'
/** Told by whoever has a connection to the server that the cases run on. */
export const rememberPostgres = async (client: pg.Client): Promise<void> => {
  const { rows } = await client.query<{ server_version: string }>('show server_version')
  postgres = rows[0]?.server_version ?? postgres
}

export const surroundings = () => ({
  date: new Date().toISOString(),
  commit: commitNow() ?? 'unknown',
  machine: {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryBytes: totalmem(),
    kernel: `${process.platform} ${release().split('-')[0]}`,
  },
  versions: { node: process.version, postgres },
})
