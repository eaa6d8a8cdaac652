import { ConfigurationError } from '../host/errors.js'

/**
 * Refuses options that do not exist, and switches that are not boolean.
 * @throws ConfigurationError naming the option, the problem and the fix
 */
export function checkStoreOptions(where: string, options: object, names: readonly string[], switches: readonly string[]): void {
  if (typeof options !== 'object' || options === null) throw new ConfigurationError(`${where}: options is an object.`)
  for (const [name, value] of Object.entries(options)) {
    if (!names.includes(name)) throw new ConfigurationError(`${where}: ${name} does not exist. Its options are ${names.join(', ')}.`)
    if (switches.includes(name) && value !== undefined && typeof value !== 'boolean')
      throw new ConfigurationError(`${where}: ${name} is true or false.`)
  }
}
