const absoluteUri = /^[A-Za-z][\w+.-]*:[\w.~:/?[\]@!$&'()*+,;=%-]+$/ // RFC 3986 §4.3: no fragment, and no character that a URI cannot have

/** Whether a value is a resource identifier: an absolute URI without a fragment (RFC 8707 §2). */
export const isResourceUri = (value: unknown): value is string =>
  typeof value === 'string' && absoluteUri.test(value) && URL.canParse(value)

/** The spelling of a URI in which clients' variants are equal: `https://api.example.com/` for `https://api.example.com` (RFC 3986 §6.2.3). */
export const normalUri = (uri: string) => (URL.canParse(uri) ? new URL(uri).href : uri)

/** Whether two spellings are of one URI. */
export const isSameUri = (one: string, other: string) => one === other || normalUri(one) === normalUri(other)
