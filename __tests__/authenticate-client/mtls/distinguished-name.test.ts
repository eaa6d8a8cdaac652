import { describe, expect, it } from '@jest/globals'
import { isSameDistinguishedName } from '../../../lib/authenticate-client/mtls/distinguished-name.js'
import { issueCertificate } from '../../support/certificates.js'
import { growth } from '../../support/steps.js'

const uid = '0.9.2342.19200300.100.1.1'

type Rdn = Record<string, string>
type Row = [name: string, subject: Rdn[], registered: string]

/** The subject as it stands in a certificate, and as Node prints it. */
const isSame = async (subject: Rdn[], registered: string) =>
  isSameDistinguishedName((await issueCertificate({ subject })).x509.subject, registered)

const dn: Rdn[] = [{ C: 'DE' }, { O: 'Example' }, { CN: 'client' }]

describe('MT-03 isSameDistinguishedName: RFC 4514 against the subject of a certificate', () => {
  it.each<Row>([
    ['most specific first', dn, 'CN=client,O=Example,C=DE'],
    ['spaces around the separators', dn, 'CN = client , O=Example,  C=DE'],
    ['the case of a type does not count', dn, 'cn=client,o=Example,c=DE'],
    ['a multi-valued RDN', [{ O: 'Example' }, { CN: 'a', [uid]: 'b' }], 'CN=a+UID=b,O=Example'],
    ['a multi-valued RDN in another order', [{ O: 'Example' }, { CN: 'a', [uid]: 'b' }], 'UID=b + CN=a,O=Example'],
    ['domain components', [{ DC: 'com' }, { DC: 'example' }, { CN: 'x' }], 'CN=x,DC=example,DC=com'],
    ['escaped special characters', [{ CN: 'a, b+c="d"<e>;f' }], 'CN=a\\, b\\+c\\=\\"d\\"\\<e\\>\\;f'],
    ['special characters as hexadecimal pairs', [{ CN: 'a,b' }], 'CN=a\\2Cb'],
    ['UTF-8 as it is', [{ CN: 'é✓' }], 'CN=é✓'],
    ['UTF-8 as hexadecimal pairs', [{ CN: 'é✓' }], 'CN=\\C3\\A9\\E2\\9C\\93'],
    ['escaped spaces at both ends', [{ CN: ' a ' }], 'CN=\\ a\\ '],
    ['and spaces around them that are not', [{ CN: ' a ' }, { O: 'b' }], 'O=b, CN=  \\ a\\   '],
    ['an escaped # in front', [{ CN: '#0403' }], 'CN=\\#0403'],
    ['a backslash', [{ CN: 'a\\b' }], 'CN=a\\\\b'],
    ['a backslash, and spaces around the separator behind it', [{ O: 'b' }, { CN: 'a\\' }], 'CN=a\\\\  ,O=b'],
    ['a backslash as a hexadecimal pair', [{ CN: '\\2C' }], 'CN=\\5C2C'],
    ['a line break in a value', [{ CN: 'a\nO=b' }], 'CN=a\\0AO=b'],
    ['an attribute without a name of its own', [{ '1.2.3.4': 'x' }], '1.2.3.4=x'],
  ])('takes %s', async (_name, subject, registered) => {
    expect(await isSame(subject, registered)).toBe(true)
  })

  it.each<Row>([
    ['the order of X.509', dn, 'C=DE,O=Example,CN=client'],
    ['the end of the name', dn, 'CN=client,O=Example'],
    ['the beginning of the name', dn, 'O=Example,C=DE'],
    ['more than the name', dn, 'CN=client,OU=x,O=Example,C=DE'],
    ['a value in another case', dn, 'CN=Client,O=Example,C=DE'],
    ['another type', dn, 'OU=client,O=Example,C=DE'],
    ['nothing', dn, ''],
    ['a registration that is no name', dn, 'client'],
    ['one RDN for two', [{ O: 'b' }, { CN: 'a' }], 'CN=a+O=b'],
    ['two RDNs for one', [{ CN: 'a', O: 'b' }], 'CN=a,O=b'],
    ['a line break for the next RDN', [{ CN: 'a\nCN=b' }], 'CN=b,CN=a'],
    ['a separator in a value for the next attribute', [{ CN: 'a + O=b' }], 'CN=a+O=b'],
    ['a NUL and a separator in a value for the next attribute', [{ CN: 'a\u0000+O=b' }], 'CN=a+O=b'],
    ['a NUL for the end of a value', [{ CN: 'a\u0000b' }], 'CN=a'],
    ['an escaped backslash for the escape of what follows', [{ CN: '\\41' }], 'CN=A'],
    ['a space at the end for none', [{ CN: 'a ' }], 'CN=a'],
    ['a space at the end for a backslash', [{ CN: 'a ' }], 'CN=a\\\\'],
    ['a space of Unicode at the end for none', [{ CN: 'a\u00a0' }], 'CN=a'],
    ['a space of Unicode in front for none', [{ CN: '\u3000a' }], 'CN=a'],
    ['text that looks like BER for BER', [{ CN: '#040141' }], 'CN=#040141'],
    ['a composed letter for a decomposed one', [{ CN: 'é' }], 'CN=e\u0301'],
  ])('does not take %s', async (_name, subject, registered) => {
    expect(await isSame(subject, registered)).toBe(false)
  })

  const spaces = (count: number) => ' '.repeat(count)
  it.each<[name: string, subject: (count: number) => string, registered: (count: number) => string, same: boolean]>([
    ['spaces in front', (n) => `${spaces(n)}CN=a`, () => 'CN=a', true],
    ['spaces at the end', (n) => `CN=a${spaces(n)}`, () => 'CN=a', true],
    ['spaces inside a value', (n) => `CN=a${spaces(n)}b`, (n) => `CN=a${spaces(n)}b`, true],
    ['spaces after an escape', (n) => `CN=a\\ ${spaces(n)}`, () => 'CN=a\\ ', true],
    ['backslashes', (n) => `CN=${'\\'.repeat(n)}`, () => 'CN=a', false],
    ['separators', (n) => 'CN=a+'.repeat(n), () => 'CN=a', false],
    ['lines', (n) => 'CN=a\n'.repeat(n), () => 'CN=a', false],
    ['hexadecimal pairs', (n) => `CN=${'\\41'.repeat(n)}`, () => 'CN=a', false],
  ])('T-70 does twice the work for twice as many %s, not more', async (_name, subject, registered, same) => {
    expect(isSameDistinguishedName(subject(5000), registered(5000))).toBe(same)
    expect(await growth('distinguished name', subject)).toBeLessThan(2.1)
  })

  it('knows that a certificate may have no subject at all', async () => {
    const { x509 } = await issueCertificate({ subject: [] })
    expect(x509.subject).toBeUndefined()
    for (const registered of ['', 'CN=a', ',']) expect(isSameDistinguishedName(x509.subject, registered)).toBe(false)
  })
})
