import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { seedIds, idAt } from '../ids.ts'
import { demand, MemoryBatches, MemoryStore, MemoryTable, undoable } from './memory.ts'
import { Aborted, type MemoryWrite } from './work.ts'

const setting = (table: MemoryTable<string, number>, key: string, value: number): MemoryWrite => ({
  apply: () => void table.set(key, value),
})

describe('The memory form of the database', () => {
  it('takes back all of a commit that fails, in tables and in lists', () => {
    const store = new MemoryStore()
    const table = new MemoryTable<string, number>()
    const list: number[] = []
    table.set('kept', 1)
    const writes: readonly MemoryWrite[] = [
      setting(table, 'kept', 2),
      setting(table, 'new', 3),
      { apply: () => void table.delete('kept') },
      {
        apply: () => {
          list.push(7)
          undoable(() => void list.pop())
        },
      },
    ]
    const failing: MemoryWrite = { apply: () => demand('never', false) }
    assert.throws(() => store.commit([...writes, failing]), /the check never does not hold/)
    assert.deepEqual([[...table], list], [[['kept', 1]], []])
    store.tryOut(writes)
    assert.deepEqual([[...table], list], [[['kept', 1]], []])
    store.commit(writes)
    assert.deepEqual([[...table], list], [[['new', 3]], [7]])
  })

  it('checks everything against what was there before, then applies it in order', () => {
    const store = new MemoryStore()
    const table = new MemoryTable<string, number>()
    const check = (): void => assert.equal(table.size, 0)
    store.commit([setting(table, 'a', 1), { check, ...setting(table, 'b', 2) }])
    assert.equal(table.size, 2)
    assert.throws(
      () => store.commit([{ apply: () => table.insert('c', 1) }, { apply: () => table.insert('c', 2) }]),
      (fault) => fault instanceof Aborted && fault.reason === 'conflict',
    )
    assert.equal(table.has('c'), false)
  })

  it('loses the last commits, as many as it keeps', () => {
    const store = new MemoryStore(2)
    const table = new MemoryTable<string, number>()
    for (const value of [1, 2, 3]) store.commit([setting(table, 'a', value)])
    assert.equal(
      store.change(() => table.set('b', 9).size),
      2,
    )
    assert.equal(store.lose(1), 1)
    assert.deepEqual([...table], [['a', 3]])
    assert.equal(store.lose(9), 1)
    assert.deepEqual([...table], [['a', 2]])
  })

  it('goes on for others when a process dies in the middle of a batch, and saves nothing of it', async () => {
    const store = new MemoryStore()
    const table = new MemoryTable<string, number>()
    const [dying, living] = [new MemoryBatches(undefined, store), new MemoryBatches(undefined, store)]
    const decided = Promise.withResolvers<void>()
    const begun = Promise.withResolvers<void>()
    let answered = 0
    const count = (): void => void (answered += 1)
    void dying
      .batch(async (work) => {
        begun.resolve()
        work.add(setting(table, 'dead', 1))
        await decided.promise
      })
      .finally(count)
    void dying.save([setting(table, 'dead', 2)]).finally(count)
    const other = living.save([setting(table, 'alive', 1)])
    await begun.promise
    dying.crash()
    await other
    decided.resolve()
    void dying.change(() => table.set('dead', 3)).finally(count)
    await living.save([setting(table, 'alive', 2)])
    assert.deepEqual([[...table], answered], [[['alive', 2]], 0])
  })
})

describe('Ids', () => {
  it('are the same again for the same chance', () => {
    const drawn = (): readonly string[] => {
      let byte = 0
      const putBack = seedIds((bytes) => {
        for (const index of bytes.keys()) bytes[index] = byte++ & 0xff
      })
      const ids = Array.from({ length: 600 }, (_, index) => idAt(1_000 + index))
      putBack()
      return ids
    }
    const [one, other] = [drawn(), drawn()]
    assert.deepEqual(one, other)
    assert.equal(new Set(one).size, 600)
    assert.notEqual(idAt(1_000), one[0])
  })
})
