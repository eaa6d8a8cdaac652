/** Sends the good JWT of an identity, then each spoiled one. */
import type { Signer } from '../../testing/signer.js'
import { type SpoiledName, spoiled } from '../../testing/spoiled.js'
import { tokenRequest } from '../../testing/token-request.js'
import { asClient, formOf, type Identity, jwtOf, jwtOfOtherUse, signerOf } from './identity.js'

export interface Attempt {
  readonly variant: string
  /** What is wrong with the JWT. */
  readonly wrong: string
  readonly expected: string
  /** Absent if there was no answer. */
  readonly status?: number
  readonly error?: string
  readonly token_type?: string
  /** Whether the answer is the expected one. */
  readonly ok: boolean
}

export interface Skipped {
  readonly variant: string
  readonly why: string
}

const patience = 10_000 // ms for one answer

type Answer = Pick<Attempt, 'status' | 'error' | 'token_type'>

async function send(identity: Identity, jwt: string, changes?: Readonly<Record<string, string>>): Promise<Answer> {
  try {
    const { status, body } = await tokenRequest(identity.url, formOf(identity, jwt, changes), { signal: AbortSignal.timeout(patience) })
    const { error, token_type, access_token } = typeof body === 'object' && body !== null ? body : {}
    return {
      status,
      ...(typeof error === 'string' && { error }),
      ...(typeof access_token === 'string' && { token_type: String(token_type) }),
    }
  } catch (error) {
    const { message, cause } = error as Error & { cause?: Error & { code?: string } }
    return { error: `no answer: ${cause?.code ?? cause?.message ?? message}` }
  }
}

const isToken = ({ status, token_type }: Answer) => status === 200 && token_type !== undefined
const isRefusal = ({ status = 0, error, token_type }: Answer, expected: string) =>
  status >= 400 && status < 500 && error === expected && token_type === undefined

/** The spoiled JWTs that an identity cannot send, or that its registration does not refuse. */
function whySkipped(name: SpoiledName, { dialect }: Identity): string | undefined {
  const { refused, needsKeyPair } = spoiled[name]
  if (!refused[dialect.use]) return `it is only for ${dialect.use === 'grant' ? 'client assertions' : 'grants'}`
  if (needsKeyPair && dialect.signs === 'secret') return 'it has no key pair'
  return dialect.without?.[name]
}

function spoiledJwt(name: SpoiledName, identity: Identity, signer: Signer): string {
  const { signedByOtherParty, overrides } = spoiled[name]
  return signedByOtherParty ? jwtOfOtherUse(identity, signer) : jwtOf(identity, signer, overrides(signer, identity.dialect.use))
}

/** @returns all attempts in order, the good JWT first, and what was left out */
export async function attemptsOf(identity: Identity): Promise<{ attempts: Attempt[]; skipped: Skipped[] }> {
  const { use } = identity.dialect
  const signer = signerOf(identity)
  const goodJwt = jwtOf(identity, signer)
  const good = await send(identity, goodJwt)
  const attempts: Attempt[] = [{ variant: 'valid', wrong: 'Nothing.', expected: 'a token', ...good, ok: isToken(good) }]
  const skipped: Skipped[] = []
  if (good.status === undefined) return { attempts, skipped }
  for (const name of Object.keys(spoiled) as SpoiledName[]) {
    const row = spoiled[name]
    const why = whySkipped(name, identity)
    if (why !== undefined) {
      skipped.push({ variant: name, why })
      continue
    }
    const answer = await send(identity, row.sentTwice ? goodJwt : spoiledJwt(name, identity, signer))
    const expected = row.refused[use]?.error as string
    attempts.push({ variant: name, wrong: row.wrong, expected, ...answer, ok: isRefusal(answer, expected) })
  }
  for (const [name, { wrong, error: expected, claims = {}, header = {}, parameters, ...row }] of Object.entries(
    identity.dialect.wrong ?? {},
  )) {
    const sender = row.asClient ? asClient(identity) : identity
    const answer = await send(sender, jwtOf(sender, signerOf(sender), { claims, header }), parameters)
    attempts.push({ variant: name, wrong, expected, ...answer, ok: isRefusal(answer, expected) })
  }
  return { attempts, skipped }
}
