import { generateKeyPair } from 'node:crypto'
import { promisify } from 'node:util'

/** How many keys one test file gets from here. Few files need more, and generate those. */
const count = 4

/** Jest runs this once, before all test files: to generate an RSA key takes a tenth of a second, and nearly each file needs one. */
export default async function generateRsaKeys(): Promise<void> {
  const pem = { type: 'pkcs8', format: 'pem' } as const
  const options = { modulusLength: 2048, privateKeyEncoding: pem, publicKeyEncoding: { type: 'spki', format: 'pem' } } as const
  const pairs = await Promise.all(Array.from({ length: count }, () => promisify(generateKeyPair)('rsa', options)))
  process.env.TEST_RSA_KEYS = JSON.stringify(pairs.map(({ privateKey }) => privateKey))
}
