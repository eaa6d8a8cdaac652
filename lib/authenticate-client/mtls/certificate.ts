import { X509Certificate } from 'node:crypto'
import type { TLSSocket } from 'node:tls'
import type { ClientCertificate } from '../../host/client.js'
import { refusal } from '../../host/errors.js'
import type { ClientAuthContext } from '../mechanism.js'

/**
 * The certificate whose key the TLS client proved to hold: from the host's hook if given, else from the TLS socket; headers are not read.
 * @throws Refusal `mtls_cert_missing`; `hook_result_invalid`, `hook_error`, `hook_timeout`
 */
export async function clientCertificate({ endpoint, transaction }: ClientAuthContext): Promise<ClientCertificate> {
  const { hooks, hookTimeout } = endpoint
  const found = hooks.getClientCertificate
    ? await transaction.call('getClientCertificate', hookTimeout, () => hooks.getClientCertificate?.(transaction.req))
    : fromSocket(transaction.req.socket as TLSSocket | undefined)
  if (found === undefined || found === null)
    throw refusal('mtls_cert_missing', { seen: 'no client certificate', wanted: 'a client certificate' })
  if (!(found.certificate instanceof X509Certificate))
    throw refusal('hook_result_invalid', {
      seen: 'getClientCertificate returned something else',
      wanted: '{ certificate: X509Certificate, verified: boolean }',
    })
  const { certificate } = found
  const now = endpoint.now() * 1000
  const isValid = now >= Date.parse(certificate.validFrom) && now <= Date.parse(certificate.validTo)
  if (!isValid)
    throw refusal('mtls_mismatch', {
      seen: { valid_from: certificate.validFrom, valid_to: certificate.validTo },
      wanted: 'a certificate that is valid now',
    }) // also if a date cannot be parsed
  return found
}

function fromSocket(socket: TLSSocket | undefined): ClientCertificate | undefined {
  const certificate = socket?.getPeerX509Certificate?.()
  return certificate && { certificate, verified: socket?.authorized === true }
}

/** `x5t#S256` (RFC 8705 §3.1). */
export const thumbprint = (certificate: X509Certificate) =>
  Buffer.from(certificate.fingerprint256.replaceAll(':', ''), 'hex').toString('base64url')
