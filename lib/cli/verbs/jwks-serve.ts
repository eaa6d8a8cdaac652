import { once } from 'node:events'
import { readKey } from '../keys.js'
import { serveKeySet } from '../serve-key-set.js'
import { commandName, type Verb } from '../verb.js'

export const jwksServe: Verb = {
  name: 'jwks-serve',
  summary: 'Serve the public JWK Set of a key on loopback, until Ctrl-C',
  args: [],
  flags: {
    key: { value: 'SOURCE', about: 'private key, PEM or JWK: a file, env:NAME or -; only its public part is served', isRepeatable: true },
    port: { value: 'PORT', about: 'the port; 0 takes a free one', default: '0' },
  },
  about: ['Your server must have allowPrivateJwksUri: true for this jwks_uri. Use it for tests only.'],
  examples: [`${commandName} jwks-serve --key keys/private.jwk.json --port 8123`],
  async run(input, io) {
    const sources = input.texts('key')
    if (sources.length === 0) input.demand('key')
    const keys = await Promise.all(sources.map(async (source) => (await readKey(source, io)).publicJwk))
    const { jwks_uri, close } = await serveKeySet({ keys }, input.number('port'))
    io.out(
      input.has('json') ? JSON.stringify({ jwks_uri, keys }) : `${jwks_uri}\n${keys.map(({ kid, alg }) => `  ${alg} ${kid}`).join('\n')}`,
    )
    if (!io.stop.aborted) await once(io.stop, 'abort')
    await close()
    return { code: 0 }
  },
}
