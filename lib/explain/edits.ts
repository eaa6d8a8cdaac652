/** What is explained, and how an edit changes it. */
import type { Client } from '../host/client.js'
import type { TrustedIssuer } from '../host/trusted-issuer.js'
import type { Draft } from './drafts.js'
import type { Edit, ExplainOptions } from './explanation.js'

/** A token request in parts that can be changed. */
export interface Case {
  /** Each parameter with its values; JWTs that could be read are under their own names. */
  readonly form: Readonly<Record<string, readonly string[]>>
  readonly authorization: string | undefined
  readonly assertion: Draft | undefined
  readonly client_assertion: Draft | undefined
  readonly client: Client | undefined
  readonly issuer: TrustedIssuer | undefined
  readonly options: ExplainOptions
  /** The body as it was sent, as long as nothing was edited. */
  readonly raw?: string | undefined
  /** The signer that gets the key which signed, though it is not registered. */
  readonly addsKeyTo?: 'grant' | 'client' | undefined
}

type Tree = Readonly<Record<string, unknown>>

/** A copy of `tree` with another value at `path`; `undefined` removes it. */
function changed(tree: Tree, [name, ...rest]: readonly string[], value: unknown): Tree {
  if (name === undefined) return tree
  const { [name]: old, ...others } = tree
  const made = rest.length === 0 ? value : changed((old ?? {}) as Tree, rest, value)
  if (Array.isArray(tree)) return tree.map((one, index) => (String(index) === name ? made : one)) as unknown as Tree
  return made === undefined ? others : { ...tree, [name]: made }
}

/** The case after an edit. A JWT that is edited is signed anew. */
export function applied(given: Case, { path, value }: Edit): Case {
  const subject: Case = { ...given, raw: undefined }
  const [part = ''] = path.split('.')
  if (/^(?:issuer|client)\..*jwks(?:_uri)?$/.test(path)) {
    const use = part === 'issuer' ? 'grant' : 'client'
    return resigned({ ...subject, addsKeyTo: use }, use === 'grant' ? 'assertion' : 'client_assertion')
  }
  const set = part === 'form' && value !== undefined ? [value].flat() : value
  const copy = changed(subject as unknown as Tree, path.split('.'), set) as unknown as Case
  return part === 'assertion' || part === 'client_assertion' ? resigned(copy, part) : copy
}

const resigned = (subject: Case, name: 'assertion' | 'client_assertion'): Case =>
  changed(subject as unknown as Tree, [name, 'sent'], undefined) as unknown as Case
