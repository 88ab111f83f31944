/**
 * How PostgreSQL plans what is asked often. A prepared statement is planned once a connection, from how full its tables
 * are then: as a shop's first orders come, or as a table that is emptied all the time happens to be empty, reading all of
 * it looks as good as reading by key, and stays the plan when it no longer is (HEART §6.1). So statements here are by key,
 * other plans are ruled out as far as PostgreSQL can be told to, and plans are made anew as tables may have grown.
 */
import type pg from 'pg'

/** Session settings of connections whose statements are small and by key. */
export const planByKey =
  '-c plan_cache_mode=force_generic_plan -c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off -c jit=off'

/** Uses of a connection after which its plans are made anew: twice as many each time, up to what makes planning cost nothing. */
const uses = { first: 16, most: 1_024 } as const

/** Lets a pool's connections forget their plans now and then. The pool must pipeline: nobody waits for it. */
export const renewPlans = (pool: pg.Pool): void => {
  const ages = new WeakMap<pg.PoolClient, { left: number; every: number }>()
  pool.on('acquire', (client) => {
    const age = ages.get(client) ?? { left: uses.first, every: uses.first }
    ages.set(client, age)
    age.left -= 1
    if (age.left > 0) return
    age.every = Math.min(uses.most, age.every * 2)
    age.left = age.every
    // A connection that was lost tells so whoever asks next.
    client.query('discard plans').catch(() => undefined)
  })
}
