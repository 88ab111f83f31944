import type { Command } from 'commander'

export const startCommand = (program: Command): void => {
  program
    .command('start')
    .description('start the server (the same as npm start)')
    .action(async () => {
      await import('../main.ts')
    })
}
