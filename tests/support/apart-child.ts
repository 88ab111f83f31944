/** What the tests of `askApart` ask. */
import { answering } from './apart.ts'

answering((asked: Readonly<{ do: 'answer' | 'throw' | 'hang' }>, say) => {
  if (asked.do === 'throw') throw new Error('that went wrong')
  if (asked.do === 'hang') return new Promise<never>(() => setInterval(() => undefined, 1_000))
  say('about to answer')
  return Promise.resolve({ seen: asked.do })
})
