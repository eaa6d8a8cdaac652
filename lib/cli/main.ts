#!/usr/bin/env node
/** The program `express-oauth-assertions`. Servers do not load it. */
import { text } from 'node:stream/consumers'
import { run } from './run.js'

const stop = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort())

process.exitCode = await run(process.argv.slice(2), {
  out: (line) => process.stdout.write(`${line}\n`),
  err: (line) => process.stderr.write(`${line}\n`),
  stdin: () => text(process.stdin),
  env: process.env,
  colour: process.stdout.isTTY === true && !process.env.NO_COLOR,
  stop: stop.signal,
})
