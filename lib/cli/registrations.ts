/** Files with options and registrations: JSON, or a module that exports them. */
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Client, Options, TrustedIssuer } from '../index.js'
import { type Io, UsageError } from './io.js'
import { readSource } from './source.js'

/** What a file has. Nothing of it is checked yet. */
export interface Registrations {
  readonly options?: Options
  readonly clients: readonly Client[]
  readonly issuers: readonly TrustedIssuer[]
}

type Members = Record<string, unknown>
const isObject = (value: unknown): value is Members => typeof value === 'object' && value !== null && !Array.isArray(value)

/**
 * Reads a file: `{ options, client, clients, issuer, issuers }`, or one of these alone.
 * @param as what the file is, if that cannot be told from its members
 * @throws UsageError if it cannot be read, or has nothing of this
 */
export async function readRegistrations(source: string, io: Io, as?: string): Promise<Registrations> {
  const value = /\.[cm]?js$/.test(source) ? await moduleAt(source) : jsonOf(await readSource(source, io), source)
  const { options, clients, issuers } = partsOf(value, as)
  const list = [...clients, ...issuers, ...(options === undefined ? [] : [options])]
  if (list.length === 0 || !list.every(isObject))
    throw new UsageError(`${source} must have options, client, clients, issuer or issuers: objects, or lists of them.`)
  return {
    ...(options !== undefined && { options: options as Options }),
    clients: clients as Client[],
    issuers: issuers as TrustedIssuer[],
  }
}

async function moduleAt(file: string): Promise<unknown> {
  try {
    const module: Members = await import(pathToFileURL(resolve(file)).href)
    return module.default ?? { ...module }
  } catch (error) {
    throw new UsageError(`${file} could not be loaded: ${error instanceof Error ? error.message : String(error)}`)
  }
}

function jsonOf(text: string, source: string): unknown {
  try {
    return JSON.parse(text, (name, value) => (name === 'not_after' && typeof value === 'string' ? new Date(value) : value)) // JSON has no Date
  } catch {
    throw new UsageError(`${source} must be JSON.`) // the error of JSON.parse quotes the text, which may be a secret
  }
}

const listOf = (value: unknown): unknown[] => (value === undefined || value === null ? [] : Array.isArray(value) ? value : [value])

function partsOf(value: unknown, as: string | undefined): { options?: unknown; clients: unknown[]; issuers: unknown[] } {
  const kind = as ?? kindOf(value)
  if (kind === 'options') return { options: value, clients: [], issuers: [] }
  if (kind === 'client') return { clients: listOf(value), issuers: [] }
  if (kind === 'issuer') return { clients: [], issuers: listOf(value) }
  const { options, client, clients, issuer, issuers } = value as Members
  return { options, clients: [...listOf(client), ...listOf(clients)], issuers: [...listOf(issuer), ...listOf(issuers)] }
}

/** `all`: an object of them. The same name may mean two things: `issuer` of options is a text. */
function kindOf(value: unknown): 'all' | 'options' | 'client' | 'issuer' {
  const one = Array.isArray(value) ? value[0] : value
  if (!isObject(one)) return 'issuer'
  const groups = ['options', 'client', 'clients', 'issuers'].some(
    (name) => isObject(one[name]) || (name !== 'clients' && Array.isArray(one[name])),
  )
  if (groups || isObject(one.issuer) || isListOfObjects(one.clients) || isListOfObjects(one.issuer)) return 'all'
  if (typeof one.issuer === 'string' && (one.jwks !== undefined || one.jwks_uri !== undefined)) return 'issuer'
  return one.client_id === undefined ? 'options' : 'client'
}

const isListOfObjects = (value: unknown) => Array.isArray(value) && value.some(isObject)
