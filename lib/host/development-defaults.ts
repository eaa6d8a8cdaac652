import type { Options } from './options.js'

/** What is good enough to develop with, and wrong in production: one sentence for each. */
export function developmentDefaults({
  issuer,
  tokenEndpointUrl,
  replayStore,
}: Partial<Pick<Options, 'issuer' | 'tokenEndpointUrl' | 'replayStore'>>): string[] {
  const isHttp = (url: unknown) => typeof url === 'string' && url.startsWith('http:')
  return [
    ...(isHttp(issuer) ? ['option issuer is an http URL: in production it must be https.'] : []),
    ...([tokenEndpointUrl].flat().some(isHttp) ? ['option tokenEndpointUrl is an http URL: in production it must be https.'] : []),
    ...(replayStore === undefined
      ? ['option replayStore is not set: only this process knows which JWTs were used. Several processes must share Redis or PostgreSQL.']
      : []),
  ]
}
