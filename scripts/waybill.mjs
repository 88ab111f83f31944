#!/usr/bin/env node
/** The `waybill` command: prepares the clone where that is needed, then runs the command line under the right Node. */
import { prepare } from './prepare.mjs'
import { run } from './run.mjs'

prepare()
run('src/cli/waybill.ts', process.argv.slice(2))
