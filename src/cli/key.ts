/** `waybill key new`: for the data folder's owner, who may have lost every other key. */
import { type Command, Option } from 'commander'
import { roles } from '../identity/keys-store.ts'
import type { Role } from '../platform/http/policy.ts'
import { complain, printJson, printLine } from './output.ts'
import { UsageError, withShop } from './session.ts'

type Asked = Readonly<{ role: Role; label?: string; user?: string; warehouse?: string; carrier?: string; json?: boolean }>

/** `demo` is nobody's key. */
/** Who sees only their own needs to say whose that is. */
const limitedTo: Readonly<Partial<Record<Role, 'user' | 'warehouse' | 'carrier'>>> = {
  customer: 'user',
  warehouse: 'warehouse',
  logistics_partner: 'carrier',
}

export const keyCommand = (program: Command): void => {
  program
    .command('key')
    .description('API keys')
    .command('new')
    .description('make an API key, and print it this once')
    .addOption(new Option('--role <role>', 'what the key may do').choices(roles).makeOptionMandatory())
    .option('--label <text>', 'whose it is, for the list of keys')
    .option('--user <id>', 'the user whom a customer key belongs to')
    .option('--warehouse <id>', 'the warehouse that a warehouse key is limited to')
    .option('--carrier <id>', 'the carrier that a logistics_partner key is limited to')
    .option('--json', 'print one JSON object')
    .action(makeKey)
}

const makeKey = async ({ role, label = role, user, warehouse, carrier, json }: Asked): Promise<void> => {
  const given = { user, warehouse, carrier }
  const needed = limitedTo[role]
  if (needed !== undefined && given[needed] === undefined)
    throw new UsageError(`a ${role} key is limited to one ${needed}: say which, with --${needed} ID`)
  for (const name of ['user', 'warehouse', 'carrier'] as const)
    if (given[name] !== undefined && name !== needed) throw new UsageError(`a ${role} key is not limited by --${name}`)
  await withShop(async ({ shop }) => {
    if (warehouse !== undefined && shop.warehouses.find(warehouse) === undefined) {
      const known = shop.warehouses.all.map(({ id }) => id).join(', ')
      throw new UsageError(`there is no warehouse ${warehouse}; there are: ${known === '' ? 'none yet' : known}`)
    }
    const { id, key } = await shop.keys.make({ role, label, user, place: warehouse, carrier }, shop.now())
    if (json === true) return printJson({ id, role, label, key })
    printLine(key)
    complain(`Shown this once: keep it. It goes in the header  Authorization: Bearer ${key.slice(0, 12)}…`)
  })
}
