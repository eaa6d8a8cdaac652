/** Certificates of a small certification authority, made as the tests need them. */
import 'reflect-metadata'
import { KeyObject, webcrypto, X509Certificate } from 'node:crypto'
import * as x509 from '@peculiar/x509'
import type { JWK } from '../../lib/index.js'

x509.cryptoProvider.set(webcrypto as never)

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const day = 86_400_000

interface Issuer {
  certificate: x509.X509Certificate
  keys: webcrypto.CryptoKeyPair
}

export interface CertificateOptions {
  /** RFC 4514, or RDNs as they stand in the certificate: most significant first, an object each. */
  subject?: string | readonly Record<string, string>[]
  /** Entries of `subjectAltName`, by the names of RFC 5280 as the library spells them. */
  names?: x509.JsonGeneralNames
  /** Default: nobody but itself. */
  issuer?: Issuer
  keys?: webcrypto.CryptoKeyPair
  /** Of a kind that `keys` cannot be. */
  publicKey?: KeyObject
  notBefore?: Date
  notAfter?: Date
  isAuthority?: boolean
}

export interface Certificate extends Issuer {
  x509: X509Certificate
  /** For node:https: PEM. */
  cert: string
  key: string
  thumbprint: string
}

let serial = 1

const attributes = (rdn: Record<string, string>) =>
  Object.fromEntries(Object.entries(rdn).map(([type, utf8String]) => [type, [{ utf8String }]]))

export const newKeys = () => webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']) as Promise<webcrypto.CryptoKeyPair>

/** A certificate of `issuer`, valid today. */
export async function issueCertificate({
  subject = 'CN=client',
  names,
  issuer,
  keys: given,
  publicKey,
  notBefore = new Date(Date.now() - day),
  notAfter = new Date(Date.now() + day),
  isAuthority = false,
}: CertificateOptions = {}): Promise<Certificate> {
  const keys = given ?? (await newKeys())
  const name = typeof subject === 'string' ? new x509.Name(subject) : new x509.Name(subject.map(attributes))
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: (serial++).toString(16).padStart(2, '0'),
    subject: name,
    issuer: issuer?.certificate.subjectName ?? name,
    notBefore,
    notAfter,
    publicKey: publicKey ? new x509.PublicKey(publicKey.export({ type: 'spki', format: 'der' })) : keys.publicKey,
    signingKey: (issuer?.keys ?? keys).privateKey,
    signingAlgorithm: algorithm,
    extensions: [new x509.BasicConstraintsExtension(isAuthority), ...(names ? [new x509.SubjectAlternativeNameExtension(names)] : [])],
  })
  const cert = certificate.toString('pem')
  const node = new X509Certificate(cert)
  return {
    certificate,
    keys,
    x509: node,
    cert,
    key: KeyObject.from(keys.privateKey).export({ type: 'pkcs8', format: 'pem' }).toString(),
    thumbprint: Buffer.from(await webcrypto.subtle.digest('SHA-256', node.raw)).toString('base64url'),
  }
}

export const jwkOf = ({ x509 }: Certificate) => x509.publicKey.export({ format: 'jwk' }) as JWK
