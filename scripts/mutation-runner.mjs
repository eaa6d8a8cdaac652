// Runs the tests of a group within the process of Stryker's worker: some ten times faster than Jest, which loads Express and all other packages
// again for each mutant. Here, only the modules of this project are loaded again.
import { readdirSync } from 'node:fs'
import { matchesGlob } from 'node:path'
import { pathToFileURL } from 'node:url'
import { declareClassPlugin, PluginKind } from '@stryker-mutator/api/plugin'
import { DryRunStatus, determineHitLimitReached, TestStatus, toMutantRunResult } from '@stryker-mutator/api/test-runner'
import { collect, expect, jest } from './mutation-globals.mjs'
import { groups } from './mutation-groups.mjs'
import { load } from './mutation-modules.mjs'

const limit = 5_000 // milliseconds for one test: it takes some ten, and on a busy machine a hundred
const activeMutant = '__STRYKER_ACTIVE_MUTANT__' // for processes that a test starts
globalThis.__stryker__ ??= {}

class Runner {
  #files
  /** By file: its tests. A file without a wanted one is not loaded. */
  #tests = new Map()
  #root
  #pattern

  capabilities = () => ({ reloadEnvironment: true })

  async init() {
    const root = pathToFileURL(`${process.cwd()}/build/`).href
    this.#root = root
    const group = groups[process.env.MUTATION_GROUP]
    const globs = group.tests.map((test) => `${test.replace(/^\.\//, '')}.test.js`)
    this.#pattern = new RegExp(group.names)
    this.#files = readdirSync('build/__tests__', { recursive: true })
      .filter((file) => globs.some((glob) => matchesGlob(file, glob)))
      .map((file) => `${root}__tests__/${file}`)
      .sort()
    process.env.NODE_ENV = 'test' // as in Jest
    const { default: generateRsaKeys } = await import(`${root}__tests__/support/rsa-keys.js`)
    await generateRsaKeys()
    process.on('uncaughtException', (error) => fail?.(error))
    process.on('unhandledRejection', (error) => fail?.(error))
  }

  async dryRun() {
    const { __stryker__: state } = globalThis
    Object.assign(state, { activeMutant: undefined, mutantCoverage: { static: {}, perTest: {} } })
    const result = await this.#run(() => true, false)
    return { ...result, mutantCoverage: state.mutantCoverage }
  }

  async mutantRun({ activeMutant: { id }, testFilter, disableBail, hitLimit }) {
    const wanted = testFilter && new Set(testFilter)
    const { __stryker__: state } = globalThis
    Object.assign(state, { activeMutant: id, hitLimit, hitCount: hitLimit === undefined ? undefined : 0 })
    process.env[activeMutant] = id
    try {
      const result = await this.#run((test) => !wanted || wanted.has(test), !disableBail)
      return toMutantRunResult(determineHitLimitReached(state.hitCount, hitLimit) ?? result)
    } finally {
      delete process.env[activeMutant]
      state.activeMutant = undefined
    }
  }

  async #run(isWanted, bail) {
    const results = []
    for (const file of this.#files) {
      if (this.#tests.get(file)?.every((id) => !isWanted(id))) continue
      const env = { ...process.env }
      try {
        const mocks = new Map()
        const urls = [`${this.#root}__tests__/support/assertions.js`, file]
        const tree = await collect(
          () => load(urls, this.#root, mocks),
          (specifier, factory) => mocks.set(specifier, factory()),
        )
        // by number: a name may have a key in it, which is another one in each run
        const tests = testsOf(tree)
        tests.forEach((test, index) => {
          test.id = `${file.slice(file.indexOf('/build/__tests__/') + 17)} ${index}`
        })
        this.#tests.set(
          file,
          tests.map(({ id }) => id),
        )
        const isOurs = ({ name, id }) => this.#pattern.test(name) && isWanted(id)
        if (await runSuite(tree, { isOurs, bail, results })) break
      } catch (error) {
        return { status: DryRunStatus.Error, errorMessage: `${file}: ${error?.stack ?? error}` }
      } finally {
        jest.restoreAllMocks()
        for (const name of Object.keys(process.env)) if (!(name in env)) delete process.env[name]
        Object.assign(process.env, env)
      }
    }
    return { status: DryRunStatus.Complete, tests: results }
  }
}

const testsOf = (suite) => (suite.isSkipped ? [] : suite.children.flatMap((child) => (child.children ? testsOf(child) : [child])))
const hooksOf = (suite, kind) => (suite ? [...hooksOf(suite.parent, kind), ...suite.hooks[kind]] : [])

/** Fails what runs now: an exception that nobody catches. */
let fail

/** What `run` throws. */
async function errorOf({ run, milliseconds = limit }) {
  let timer
  try {
    const failed = new Promise((_, reject) => {
      fail = reject
      timer = setTimeout(() => reject(new Error('This does not end.')), Math.min(milliseconds, limit))
    })
    await Promise.race([(async () => run())(), failed])
  } catch (error) {
    return error ?? new Error('Nothing was thrown.')
  } finally {
    clearTimeout(timer)
    fail = undefined
  }
}

/** Returns whether a test failed. */
async function runSuite(suite, context) {
  if (!testsOf(suite).some(context.isOurs)) return false
  let hasFailed = false
  let { broken } = context
  for (const hook of suite.hooks.beforeAll) broken ??= await errorOf(hook)
  for (const child of suite.children) {
    if (hasFailed && context.bail) break
    if (child.children) hasFailed = (await runSuite(child, { ...context, broken })) || hasFailed
    else if (context.isOurs(child)) hasFailed = (await runTest(child, { ...context, broken })) || hasFailed
  }
  for (const hook of suite.hooks.afterAll) {
    const error = await errorOf(hook)
    if (!error) continue
    Object.assign(context.results.at(-1), { status: TestStatus.Failed, failureMessage: String(error.stack ?? error) })
    hasFailed = true
  }
  return hasFailed
}

async function runTest(test, { results, broken }) {
  const { id, name, suite } = test
  const begin = performance.now()
  globalThis.__stryker__.currentTestId = id
  expect.setState({ assertionCalls: 0, expectedAssertionsNumber: null, isExpectingAssertions: false, currentTestName: name })
  let error = broken
  for (const hook of hooksOf(suite, 'beforeEach')) error ??= await errorOf(hook)
  error ??= await errorOf(test)
  for (const hook of hooksOf(suite, 'afterEach').reverse()) {
    const failed = await errorOf(hook)
    error ??= failed
  }
  error ??= expect.extractExpectedAssertionsErrors()[0]?.error
  globalThis.__stryker__.currentTestId = undefined
  const outcome = error ? { status: TestStatus.Failed, failureMessage: String(error.stack ?? error) } : { status: TestStatus.Success }
  results.push({ id, name, timeSpentMs: performance.now() - begin, ...outcome })
  return error !== undefined
}

export const strykerPlugins = [declareClassPlugin(PluginKind.TestRunner, 'this-process', Runner)]
