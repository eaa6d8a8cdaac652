// Module hooks of `mutation-runner.mjs`. A test file imports `@jest/globals` from there, and gets the modules of this project afresh in each run:
// its URL ends in `?run=`, which all that it imports inherits. A module that it mocks is made of what the mock has.
import { receiveMessageOnPort } from 'node:worker_threads'

let port
let root
let globals
/** By run: the names that each mocked module exports. */
const mocks = new Map()

export function initialize(data) {
  ;({ port, root, globals } = data)
}

function readMocks() {
  for (let received = receiveMessageOnPort(port); received; received = receiveMessageOnPort(port)) {
    const { run, specifier, names } = received.message
    const ofRun = mocks.get(run) ?? mocks.set(run, new Map()).get(run)
    ofRun.set(specifier, names)
  }
}

export async function resolve(specifier, context, next) {
  if (specifier === '@jest/globals') return { url: globals, shortCircuit: true }
  const run = /\?run=(\d+)$/.exec(context.parentURL ?? '')?.[1]
  if (run === undefined) return next(specifier, context)
  readMocks()
  if (mocks.get(run)?.has(specifier)) return { url: `mock:${run}/${specifier}`, shortCircuit: true }
  const resolved = await next(specifier, context)
  return resolved.url.startsWith(root) && resolved.format === 'module' ? { ...resolved, url: `${resolved.url}?run=${run}` } : resolved
}

export async function load(url, context, next) {
  if (!url.startsWith('mock:')) return next(url, context)
  const [, run, specifier] = /^mock:(\d+)\/(.*)$/.exec(url)
  const names = mocks.get(run).get(specifier)
  const exported = names.map((name) =>
    name === 'default' ? 'export default mock.default' : `export const ${name} = mock[${JSON.stringify(name)}]`,
  )
  const source = [`const mock = globalThis.__mocks__.get(${JSON.stringify(`${run}/${specifier}`)})`, ...exported].join('\n')
  return { format: 'module', source, shortCircuit: true }
}
