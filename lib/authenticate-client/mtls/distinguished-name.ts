/**
 * Whether a subject, as Node prints it, equals the registered `tls_client_auth_subject_dn`, an RFC 4514 string (RFC 8705 §2.1.2). Types are
 * case-insensitive, values are compared exactly, and order matters.
 *
 * @param subject `X509Certificate.subject`: one RDN per line, most significant first; `undefined` if the certificate has none
 * @param registered RFC 4514: separated by commas, most specific first
 */
export function isSameDistinguishedName(subject: string | undefined, registered: string): boolean {
  const ours = rdns(registered, ',').reverse()
  const theirs = rdns(subject ?? '', '\n')
  return ours.length > 0 && ours.length === theirs.length && ours.every((rdn, index) => rdn === theirs[index])
}

/** Normalized RDNs: attributes sorted, types upper-case, values unescaped. */
function rdns(name: string, separator: string): string[] {
  return split(name, separator).map((rdn) => JSON.stringify(split(rdn, '+').map(attribute).sort()))
}

/** Splits at a separator that is not escaped. */
function split(text: string, separator: string): string[] {
  const parts: string[] = []
  let part = ''
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '\\') part += text.slice(i, ++i + 1)
    else if (text[i] !== separator) part += text[i]
    else {
      parts.push(part)
      part = ''
    }
  }
  return [...parts, part].map(trimmed).filter(Boolean)
}

/** Removes U+0020 at both ends, except escaped ones; other Unicode white space is part of the value. */
function trimmed(text: string): string {
  let start = 0
  let end = text.length
  while (text[start] === ' ') start++
  while (end > start && text[end - 1] === ' ') end--
  let slashes = 0
  while (text[end - 1 - slashes] === '\\') slashes++
  return text.slice(start, slashes % 2 === 1 ? end + 1 : end) // an unescaped backslash escapes the space after it
}

/** Normalizes an attribute. `#` and hexadecimal digits are BER, not text (RFC 4514 §2.4): they equal no value that Node prints. */
function attribute(text: string): string {
  const equals = text.indexOf('=')
  const type = trimmed(text.slice(0, equals)).toUpperCase()
  const value = trimmed(text.slice(equals + 1))
  return value.startsWith('#') ? `${type}${value}` : `${type}=${unescaped(value)}`
}

/** RFC 4514 §2.4: `\` before a character, or before the hexadecimal digits of UTF-8 bytes. */
function unescaped(value: string): string {
  return value.replace(/((?:\\[0-9a-fA-F]{2})+)|\\(.)/gs, (_, bytes: string | undefined, character: string) =>
    bytes === undefined ? character : Buffer.from(bytes.replaceAll('\\', ''), 'hex').toString('utf8'),
  )
}
