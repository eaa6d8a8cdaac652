// Loads the compiled modules of this project afresh for `mutation-runner.mjs`. Packages and modules of Node are loaded once.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import vm from 'node:vm'
import * as globals from './mutation-globals.mjs'

/** By URL: the text of a module, and what V8 made of it. */
const compiled = new Map()
/** By specifier: a module of Node or of a package. */
const packages = new Map()

function synthetic(exported) {
  const names = Object.keys(exported)
  return new vm.SyntheticModule(names, function set() {
    for (const name of names) this.setExport(name, exported[name])
  })
}

async function packageOf(specifier) {
  if (!packages.has(specifier)) packages.set(specifier, synthetic(specifier === '@jest/globals' ? globals : await import(specifier)))
  return packages.get(specifier)
}

/** Imports `urls` and all that they import below `root`. `mocks`, by specifier: what a module exports instead. */
export async function load(urls, root, mocks) {
  const modules = new Map()

  function moduleOf(specifier, referrer) {
    if (mocks.has(specifier)) {
      const mock = `mock:${specifier}`
      return modules.get(mock) ?? modules.set(mock, synthetic(mocks.get(specifier))).get(mock)
    }
    const url = /^(?:\.|file:)/.test(specifier) ? new URL(specifier, referrer).href : undefined
    if (!url?.startsWith(root)) return packageOf(url ?? specifier)
    return modules.get(url) ?? modules.set(url, sourceOf(url)).get(url)
  }

  function sourceOf(url) {
    const known = compiled.get(url)
    const source = known?.source ?? readFileSync(fileURLToPath(url), 'utf8')
    const options = {
      identifier: url,
      initializeImportMeta: (meta) => void Object.assign(meta, { url }),
      importModuleDynamically: (specifier) => evaluated(specifier, url),
    }
    if (known?.cachedData) {
      try {
        return new vm.SourceTextModule(source, { ...options, cachedData: known.cachedData })
      } catch {
        compiled.set(url, { source }) // V8 does not take it back, after a test that changed its flags
      }
    }
    const module = new vm.SourceTextModule(source, options)
    const hasCache = !known && !/\bimport\(/.test(source) // Node loses the callback of `import()` with the cache
    if (!known) compiled.set(url, { source, cachedData: hasCache ? module.createCachedData() : undefined })
    return module
  }

  async function evaluated(specifier, referrer) {
    const module = await moduleOf(specifier, referrer)
    if (module.status === 'unlinked') await module.link((asked, { identifier }) => moduleOf(asked, identifier))
    await module.evaluate()
    return module
  }

  for (const url of urls) await evaluated(url, root)
}
