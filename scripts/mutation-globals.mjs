// What test files import from `@jest/globals` while `mutation-runner.mjs` runs them: Jest's own `expect`, `each` and mocks, and a plain tree of tests.
import { expect } from 'expect'
import { bind } from 'jest-each'
import { ModuleMocker } from 'jest-mock'

const newSuite = (name, parent, isSkipped = false) => ({
  name: parent?.parent ? `${parent.name} ${name}` : name,
  parent,
  isSkipped: isSkipped || parent?.isSkipped,
  children: [],
  hooks: { beforeAll: [], beforeEach: [], afterEach: [], afterAll: [] },
})
let current
let addMock

/** Calls `load`, which imports a test file, and returns the tree of its tests. */
export async function collect(load, onMock) {
  current = newSuite('')
  addMock = onMock
  const root = current
  await load()
  return root
}

function addSuite(name, body, isSkipped) {
  const suite = newSuite(String(name), current, isSkipped)
  current.children.push(suite)
  current = suite
  try {
    body()
  } finally {
    current = suite.parent
  }
}
const describe = (name, body) => addSuite(name, body, false)
describe.skip = (name, body) => addSuite(name, body, true)
describe.each = bind(describe, false)

function it(name, run, milliseconds) {
  current.children.push({ name: current.parent ? `${current.name} ${name}` : String(name), suite: current, run, milliseconds })
}
it.skip = () => {}
it.each = bind(it, false)

const hook = (kind) => (run, milliseconds) => void current.hooks[kind].push({ run, milliseconds })
const [beforeAll, beforeEach, afterEach, afterAll] = ['beforeAll', 'beforeEach', 'afterEach', 'afterAll'].map(hook)

const mocker = new ModuleMocker(globalThis)
const jest = {
  fn: mocker.fn.bind(mocker),
  spyOn: mocker.spyOn.bind(mocker),
  restoreAllMocks: mocker.restoreAllMocks.bind(mocker),
  clearAllMocks: mocker.clearAllMocks.bind(mocker),
  setTimeout() {},
  unstable_mockModule: (specifier, factory) => addMock(specifier, factory),
}

export { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, it as test, jest }
