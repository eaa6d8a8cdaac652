/** What reads text that a sender wrote, each as a function of that text alone. It runs in the thread of steps-worker.ts. */
import { decodeAssertion } from '../../lib/assertion/decode.js'
import { hasDuplicateMember } from '../../lib/assertion/duplicate-members.js'
import { parseBasic } from '../../lib/authenticate-client/client-secret-basic.js'
import { isSameDistinguishedName } from '../../lib/authenticate-client/mtls/distinguished-name.js'
import { fromParsedBody, parseForm } from '../../lib/parse-token-request/form.js'
import { parseScope } from '../../lib/rules/scope.js'

const most = Number.MAX_SAFE_INTEGER

export const parsers = {
  form: (text: string) => parseForm(Buffer.from(text), most),
  'parsed form': (text: string) => fromParsedBody(text, most),
  jwt: (text: string) => decodeAssertion(text),
  'jwt payload': (text: string) => decodeAssertion(`e30.${Buffer.from(text).toString('base64url')}.AAAA`),
  json: (text: string) => hasDuplicateMember(text, 0),
  'distinguished name': (text: string) => isSameDistinguishedName(text, 'CN=a'),
  scope: (text: string) => parseScope(text),
  basic: (text: string) => parseBasic(text),
}
export type Parser = keyof typeof parsers
