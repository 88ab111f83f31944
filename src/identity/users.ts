/** Customers' accounts: what one is, and what may be done to it. Pure. */
import { type Refusal, refuse } from '../kernel/decider.ts'
import type { Instant, PersonRef } from '../kernel/ids.ts'

/** Requirement C6's destination. */
export type Address = Readonly<{ country: string; postalCode: string; address: string; phoneNumber: string }>
/** What is known of a person; lives in `platform.people`, never in an event or a state. */
export type Profile = Readonly<{
  name?: string | undefined
  email?: string | undefined
  phone?: string | undefined
  address?: Address | undefined
  /** The shop's own: policies of sourcing may be for customers of a group. */
  group?: string | undefined
}>
/** The account's row: without anything that names a person, but for the caller's own id. */
export type Account = Readonly<{
  id: string
  userId: string
  person: PersonRef | undefined
  version: number
  createdAt: Instant
  updatedAt: Instant
}>
export type UserView = Account & Profile
/** What an order needs of its user. `ref` is absent while nothing is known of him. */
export type Contact = Readonly<{ id: string; userId: string; ref?: PersonRef | undefined }> & Profile

export type UserCommand = Readonly<
  | { do: 'create'; userId: string; profile: Profile }
  | { do: 'update'; userId: string; profile: Profile; expected?: number | undefined }
  | { do: 'delete'; userId: string; expected?: number | undefined }
>
export type UserReason = 'user_invalid' | 'user_exists' | 'user_not_found' | 'version_mismatch'
/** Facts of accounts, one fact a stream: the account's own id and nothing that names a person. */
export type UserEvent = Readonly<{ type: 'UserCreated' | 'UserUpdated' | 'UserErased'; user: string }>

export const userIdPattern = '^[A-Za-z0-9 ._:-]{1,64}$'
const userIdShape = new RegExp(userIdPattern)

/** An address as requirement B1 takes it: C6's destination, or a plain string, which is its `address`. */
export const addressOf = (given: string | Partial<Address>): Address => {
  const parts = typeof given === 'string' ? { address: given } : given
  return {
    country: parts.country ?? '',
    postalCode: parts.postalCode ?? '',
    address: parts.address ?? '',
    phoneNumber: parts.phoneNumber ?? '',
  }
}

/** What is said replaces what was known; what is left out stays. */
export const merged = (known: Profile, said: Profile): Profile => ({
  ...known,
  ...Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined)),
})

/** Why a command cannot be: undefined where it can. */
export const unlessPossible = (command: UserCommand, account: Account | undefined): Refusal<UserReason> | undefined => {
  if (command.do === 'create' && !userIdShape.test(command.userId))
    return refuse('user_invalid', 'a userId has 1 to 64 letters, digits, spaces or . _ : -', {
      errors: [{ pointer: '/userId', code: 'invalid' }],
    })
  if (command.do === 'create')
    return account === undefined ? undefined : refuse('user_exists', `there is a user ${command.userId} already`)
  if (account === undefined) return refuse('user_not_found', `there is no user ${command.userId}`)
  if (command.expected === undefined || command.expected === account.version) return undefined
  return refuse('version_mismatch', `the user is at version ${account.version}: read it again and repeat the change`, {
    version: account.version,
  })
}

/** Personal data as it comes back from its row: only what has the right shape is taken. */
export const profileOf = (body: Readonly<Record<string, unknown>> | undefined): Profile => {
  const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)
  const address = body?.['address']
  const known = {
    name: text(body?.['name']),
    email: text(body?.['email']),
    phone: text(body?.['phone']),
    group: text(body?.['group']),
  }
  return merged({}, { ...known, address: isAddress(address) ? addressOf(address) : undefined })
}

const isAddress = (value: unknown): value is Address =>
  typeof value === 'object' && value !== null && 'address' in value && typeof value.address === 'string'
