/** Responses in short form: `200 read write`, `400 invalid_grant`. */
import { ResponseBodyError, type TokenEndpointResponse, WWWAuthenticateChallengeError } from 'oauth4webapi'

/** The scope of the token; or status and error code of the refusal, as the client library reports them. */
export const tokenAnswer = (tokens: Promise<TokenEndpointResponse>) => answer(async () => `200 ${(await tokens).scope}`)

/** The name that /api/me returns. */
export const apiAnswer = (response: Promise<Response>) =>
  answer(async () => {
    const { name } = (await (await response).json()) as { name: string }
    return `200 ${name}`
  })

async function answer(describe: () => Promise<string>): Promise<string> {
  try {
    return await describe()
  } catch (error) {
    if (error instanceof ResponseBodyError) return `${error.status} ${error.error}`
    if (error instanceof WWWAuthenticateChallengeError) return `${error.status} ${error.cause[0]?.parameters.error ?? 'challenge'}`
    throw error
  }
}
