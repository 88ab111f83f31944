/** Started under a limit on file sizes, starts PostgreSQL, which inherits it; leaves it running. */
import { type Cluster, startPostgres } from '../../src/platform/postgres/embedded-process.ts'

await startPostgres(JSON.parse(process.argv[2] ?? '') as Cluster)
process.exit(0)
