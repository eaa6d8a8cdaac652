/** What a parser does for a text, counted: no clock, so that a busy machine changes nothing. */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { afterAll } from '@jest/globals'
import type { Parser } from './parsers.js'

let worker: Worker | undefined
afterAll(async () => {
  await worker?.terminate()
  worker = undefined
})

/** The steps that a parser takes for each of the texts. */
export async function stepsFor(parser: Parser, texts: readonly string[]): Promise<number[]> {
  worker ??= new Worker(new URL('./steps-worker.js', import.meta.url))
  const answer = once(worker, 'message')
  worker.postMessage({ parser, texts })
  const [steps] = (await answer) as [number[]]
  return steps
}

/** How much more a parser does for twice the text: 2 if its work is linear, 4 if it is quadratic. @param textOf so many pieces of a text */
export async function growth(parser: Parser, textOf: (pieces: number) => string): Promise<number> {
  const [, once = 0, twice = 0] = await stepsFor(parser, [textOf(10), textOf(1000), textOf(2000)]) // what happens only the first time is over then
  if (once < 1000) throw new Error(`${parser} does not read the text: ${once} steps`)
  return twice / once
}
