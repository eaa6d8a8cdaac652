/** The clients of every profile, as act-as plays them, against a server that has what the command printed. */
import { expect, it } from '@jest/globals'
import type { Options } from '../../../lib/index.js'
import { profiles } from '../../../lib/profiles/index.js'
import { spoiled } from '../../../lib/testing/index.js'
import { cli } from '../../support/cli.js'
import { freePort } from '../../support/free-port.js'
import { type Registered, startProfile } from '../../support/profile-world.js'

interface Report {
  ok: boolean
  attempts: { variant: string; ok: boolean }[]
  skipped: { variant: string }[]
}

it.each(Object.values(profiles))('$name gets a token, and is refused each wrong JWT', async ({ name, wrong }) => {
  const [port, keyPort] = [await freePort(), await freePort()]
  const audience = `http://127.0.0.1:${port}`
  const words = ['act-as', name, `${audience}/token`, '--audience', audience, '--port', String(keyPort), '--json']
  const { issuer, client, further_options } = (await cli([...words, '--print-registration'])).json() as Registered & {
    further_options?: Partial<Options>
  }
  const endpoint = await startProfile(
    { issuer, client, options: { issuer: audience, tokenEndpointUrl: `${audience}/token`, ...further_options } },
    port,
  )
  try {
    const { code, json } = await cli(words)
    const { ok, attempts, skipped } = json() as Report
    expect({ code, ok, wrong: attempts.filter((one) => !one.ok) }).toEqual({ code: 0, ok: true, wrong: [] })
    const variants = [...Object.keys(spoiled), ...Object.keys(wrong)]
    expect([...attempts.slice(1), ...skipped].map(({ variant }) => variant).sort()).toEqual(variants.sort())
  } finally {
    await endpoint.close()
  }
})
