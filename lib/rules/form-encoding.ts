/** Form-decodes one component of a body or of Basic credentials (RFC 6749 App. B). @throws URIError on a bad escape or bytes that are not UTF-8 */
export const decodeComponent = (text: string) =>
  text.includes('%') || text.includes('+') ? decodeURIComponent(text.replaceAll('+', ' ')) : text
