/** The database of a configuration: the operator's own, or the embedded one, started or joined. */
import type { Configuration } from './platform/config/config.ts'
import type { Connection } from './platform/postgres/database.ts'
import { startEmbedded, type EmbeddedOptions } from './platform/postgres/embedded.ts'

export type Opened = Readonly<{ connection: Connection; stop: () => Promise<void> }>
export type Opening = Readonly<{ configuration: Configuration }> & Pick<EmbeddedOptions, 'kind' | 'say'>

export const openDatabase = async ({ configuration, say, kind }: Opening): Promise<Opened> => {
  if (configuration.databaseUrl !== undefined) return { connection: configuration.databaseUrl, stop: () => Promise.resolve() }
  return startEmbedded({ dataFolder: configuration.dataFolder, kind, say })
}
