/** API keys: made once, shown once, kept as a hash. */
import { createHash, randomBytes } from 'node:crypto'
import type { Instant, Place } from '../kernel/ids.ts'
import { nowMs } from '../kernel/timers.ts'
import type { Principal, Role } from '../platform/http/policy.ts'
import { newId } from '../platform/ids.ts'
import type { Database } from '../platform/postgres/database.ts'
import { gatheredById } from '../platform/store/gather.ts'

export type KeyAsked = Readonly<{
  role: Role
  label: string
  user?: string | undefined
  place?: string | undefined
  carrier?: string | undefined
  key?: string | undefined
}>
export const roles: readonly Role[] = ['owner', 'customer_service', 'warehouse', 'logistics_partner', 'customer', 'service']

const hashOf = (key: string): string => createHash('sha256').update(key).digest('base64url')
/** A revoked key stops working after this long at the latest; until then a key costs no query. */
const rememberedMs = 5_000
/** Unknown keys are remembered too, so that guessing costs no query each; bounded so that it costs no memory either. */
const rememberedMax = 10_000

type KeyRow = {
  hash: string
  id: string
  role: Role
  user_id: string | null
  place: Place | null
  carrier: string | null
  scopes: string[]
}

export class Keys {
  readonly #database: Database
  readonly #remembered = new Map<string, { principal: Principal | undefined; until: number }>()
  readonly #byHash: (hashes: readonly string[]) => Promise<ReadonlyMap<string, KeyRow>>
  constructor(database: Database) {
    this.#database = database
    this.#byHash = gatheredById('keys by hash', async (hashes) => {
      const text =
        'select hash, id, role, user_id, place, carrier, scopes from identity.keys where hash = any($1::text[]) and revoked_at is null'
      const rows = await database.read<KeyRow>(text, [hashes], 'keys_by_hash')
      return new Map(rows.map((row) => [row.hash, row]))
    })
  }

  /** At once where the key is remembered. */
  principalOf(key: string): Principal | undefined | Promise<Principal | undefined> {
    const known = this.#remembered.get(key)
    return known !== undefined && known.until > nowMs() ? known.principal : this.#lookUp(key)
  }

  async #lookUp(key: string): Promise<Principal | undefined> {
    const hash = hashOf(key)
    const row = (await this.#byHash([hash])).get(hash)
    const principal: Principal | undefined =
      row === undefined
        ? undefined
        : {
            id: row.id,
            role: row.role,
            scopes: row.scopes,
            ...(row.user_id === null ? {} : { user: row.user_id }),
            ...(row.place === null ? {} : { place: row.place }),
            ...(row.carrier === null ? {} : { carrier: row.carrier }),
          }
    if (this.#remembered.size >= rememberedMax) this.#remembered.clear()
    this.#remembered.set(key, { principal, until: nowMs() + rememberedMs })
    return principal
  }

  /** @returns the key itself, this once. */
  async make(asked: KeyAsked, now: Instant): Promise<Readonly<{ id: string; key: string }>> {
    const key = asked.key ?? `wb_${asked.role}_${randomBytes(24).toString('base64url')}`
    const id = newId(now)
    await this.#database.read(
      'insert into identity.keys (id, hash, role, label, user_id, place, carrier) values ($1, $2, $3, $4, $5, $6, $7) on conflict (hash) do nothing',
      [id, hashOf(key), asked.role, asked.label, asked.user ?? null, asked.place ?? null, asked.carrier ?? null],
    )
    return { id, key }
  }

  async any(role: Role): Promise<boolean> {
    const [row] = await this.#database.read<{ found: boolean }>(
      'select exists (select 1 from identity.keys where role = $1 and revoked_at is null) as found',
      [role],
    )
    return row?.found === true
  }

  async setting(name: string, value: () => string): Promise<string> {
    const rows = await this.#database.read<{ value: string }>(
      'with made as (insert into identity.settings (name, value) values ($1, $2) on conflict do nothing returning value) select value from made union all select value from identity.settings where name = $1 limit 1',
      [name, value()],
    )
    return rows[0]?.value ?? (await this.setting(name, value))
  }

  async knownSetting(name: string): Promise<string | undefined> {
    const [row] = await this.#database.read<{ value: string }>('select value from identity.settings where name = $1', [name])
    return row?.value
  }
}
