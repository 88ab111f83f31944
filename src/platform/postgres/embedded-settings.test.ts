import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { clusterSettings, sharedBuffersMb } from './embedded-settings.ts'

const gibibyte = 1_073_741_824

describe('settings of the embedded PostgreSQL', () => {
  let data = ''
  before(() => {
    data = mkdtempSync(join(tmpdir(), 'waybill-settings-'))
    mkdirSync(join(data, 'base', '5'), { recursive: true })
  })
  after(() => rmSync(data, { recursive: true, force: true }))

  it('keeps a quarter of the data in memory, of which it takes an eighth at most', () => {
    assert.equal(sharedBuffersMb(0.1 * gibibyte, 16 * gibibyte), 128, 'no less than PostgreSQL takes by itself')
    assert.equal(sharedBuffersMb(2 * gibibyte, 16 * gibibyte), 512)
    assert.equal(sharedBuffersMb(200 * gibibyte, 16 * gibibyte), 2_048)
    assert.equal(sharedBuffersMb(200 * gibibyte, 512 * gibibyte), 8_192, 'no more than page tables are worth')
  })

  it('starts small, and larger once there is much to hold', () => {
    assert.equal(clusterSettings(data, false)['shared_buffers'], '128MB')
    const table = join(data, 'base', '5', '16384')
    writeFileSync(table, '')
    // A hole: no disk is used.
    truncateSync(table, 4 * gibibyte)
    const megabytes = Number.parseInt(clusterSettings(data, false)['shared_buffers'] ?? '', 10)
    assert.ok(megabytes > 128, `${megabytes} MB of a machine with more than a gigabyte of memory`)
  })

  it('loses nothing outside of tests', () => {
    const { fsync, synchronous_commit: commits, full_page_writes: pages } = clusterSettings(data, false)
    assert.deepEqual({ fsync, commits, pages }, { fsync: 'on', commits: 'on', pages: 'on' })
  })
})
