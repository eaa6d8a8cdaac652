import type { X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import type { Client, tlsClientAuthSubjects } from '../../host/client.js'
import { refusal } from '../../host/errors.js'
import { isAbsent } from '../../host/jwk.js'
import type { ClientAuthentication } from '../../host/token-state.js'
import { assertUsable } from '../find-client.js'
import type { ClientAuthContext } from '../mechanism.js'
import { clientCertificate, thumbprint } from './certificate.js'
import { isSameDistinguishedName } from './distinguished-name.js'

/** Whether a certificate has a registered subject, without wildcards. */
const matches = {
  tls_client_auth_subject_dn: (certificate, dn) => isSameDistinguishedName(certificate.subject, dn),
  // for OpenSSL, a leading dot matches any subdomain
  tls_client_auth_san_dns: (certificate, host) =>
    !host.startsWith('.') && certificate.checkHost(host, { subject: 'never', wildcards: false }) !== undefined,
  tls_client_auth_san_uri: (certificate, uri) => alternativeNames(certificate).includes(`URI:${uri}`),
  tls_client_auth_san_ip: (certificate, ip) => isIP(ip) !== 0 && certificate.checkIP(ip) !== undefined,
  tls_client_auth_san_email: (certificate, email) => certificate.checkEmail(email, { subject: 'never' }) !== undefined,
} satisfies Record<(typeof tlsClientAuthSubjects)[number], (certificate: X509Certificate, registered: string) => boolean>

/**
 * `tls_client_auth` (RFC 8705 §2.1): a certificate whose chain the TLS layer verified, with the one subject that the client registered.
 * @throws Refusal `mtls_cert_missing`, `mtls_mismatch`, `client_misconfigured`: one text for all
 */
export async function tlsClientAuth(context: ClientAuthContext, client: Client): Promise<ClientAuthentication> {
  assertUsable(context, client, 'tls_client_auth')
  const registered = Object.entries(matches).filter(([name]) => !isAbsent(client[name as keyof typeof matches]))
  const [subject, second] = registered
  const value = subject && client[subject[0] as keyof typeof matches]
  if (!subject || second || typeof value !== 'string' || value === '')
    throw refusal('client_misconfigured', {
      seen: registered.map(([name]) => name),
      wanted: `exactly one of ${Object.keys(matches).join(', ')}`,
    })
  const { certificate, verified } = await clientCertificate(context)
  const [, isMatch] = subject
  if (verified !== true || !isMatch(certificate, value))
    throw refusal('mtls_mismatch', {
      seen: { subject: certificate.subject, san: certificate.subjectAltName, verified },
      wanted: { [subject[0]]: value, verified: true },
    })
  return {
    level: 'authenticated',
    method: 'tls_client_auth',
    client_id: client.client_id,
    client,
    certificateThumbprint: thumbprint(certificate),
  }
}

/** The entries of `subjectAltName`; none if Node had to quote one because it contains a separator. */
function alternativeNames({ subjectAltName }: X509Certificate): string[] {
  return subjectAltName === undefined || subjectAltName.includes('"') ? [] : subjectAltName.split(', ')
}
