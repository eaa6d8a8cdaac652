/**
 * Counts what a parser does for a text, for steps.ts: how often each block of our code runs, which V8 counts, and how many characters or elements the
 * methods of the language go through. It is a thread of its own, since V8 counts only in code that it compiles after it was told to count.
 */
import { Session } from 'node:inspector/promises'
import { parentPort } from 'node:worker_threads'
import { type Parser, parsers } from './parsers.js'

let walked = 0

type Sized = { length: number }
type Cost = (self: Sized, result: unknown, args: unknown[]) => number
const whole: Cost = (self) => self.length
const made: Cost = (_self, result) => (result as Sized).length
const given: Cost = (_self, _result, [text]) => (text as Sized).length
const found: Cost = (self, result, [, start = 0]) => ((result as number) < 0 ? self.length : (result as number)) - (start as number)
/** An expression with the flag `g` goes on where its last match ended. */
const matched: Cost = (self, result, args) =>
  (self as unknown as RegExp).global && result ? (result as RegExpExecArray)[0].length : given(self, result, args)

let isInside = false
const outside =
  (callback: (...args: unknown[]) => unknown) =>
  (...args: unknown[]) => {
    isInside = false
    try {
      return callback(...args)
    } finally {
      isInside = true
    }
  }
/** Makes methods add to `walked` what a call of them costs at most. What a method calls itself is part of its cost; callbacks of ours are not. */
function count(holder: object, cost: Cost, ...names: string[]): void {
  for (const name of names) {
    const method = Reflect.get(holder, name) as (...args: unknown[]) => unknown
    Reflect.set(holder, name, function (this: Sized, ...args: unknown[]) {
      if (isInside) return method.apply(this, args)
      isInside = true
      try {
        const result = method.apply(
          this,
          args.map((arg) => (typeof arg === 'function' ? outside(arg as () => unknown) : arg)),
        )
        walked += cost(this, result, args)
        return result
      } finally {
        isInside = false
      }
    })
  }
}
const { prototype: text } = String
count(text, whole, 'split', 'replace', 'replaceAll', 'match', 'matchAll', 'search', 'includes', 'lastIndexOf', 'isWellFormed', 'normalize')
count(text, whole, 'trim', 'trimStart', 'trimEnd', 'toLowerCase', 'toUpperCase', 'localeCompare')
count(text, made, 'slice', 'substring', 'substr', 'concat', 'repeat', 'padStart', 'padEnd')
count(text, found, 'indexOf')
for (const { prototype: list } of [Array, Object.getPrototypeOf(Uint8Array)] as { prototype: object }[]) {
  count(list, whole, 'includes', 'lastIndexOf', 'join', 'reverse', 'sort')
  count(list, made, 'slice')
  count(list, found, 'indexOf')
}
count(Array.prototype, whole, 'shift', 'unshift', 'splice', 'concat')
count(Buffer.prototype, whole, 'toString', 'includes', 'lastIndexOf')
count(Buffer.prototype, found, 'indexOf')
count(Buffer, made, 'from', 'concat')
count(RegExp.prototype, matched, 'exec')
count(RegExp.prototype, given, 'test')
count(JSON, given, 'parse')
count(globalThis, given, 'decodeURIComponent')

const session = new Session()
session.connect()
await session.post('Profiler.enable')
await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })

/** How often blocks of lib/ ran since the last call. */
async function blocks(): Promise<number> {
  const { result } = await session.post('Profiler.takePreciseCoverage')
  const ours = result.filter(({ url }) => url.includes('/lib/') && !url.includes('/node_modules/'))
  return ours.flatMap(({ functions }) => functions.flatMap(({ ranges }) => ranges)).reduce((sum, range) => sum + range.count, 0)
}

parentPort?.on('message', async ({ parser, texts }: { parser: Parser; texts: string[] }) => {
  const steps: number[] = []
  for (const text of texts) {
    await blocks()
    walked = 0
    try {
      parsers[parser](text)
    } catch {
      // refused: what counts is what that took
    }
    const taken = walked
    steps.push(taken + (await blocks()))
  }
  parentPort?.postMessage(steps)
})
