import { lookup as resolveName } from 'node:dns'
import { BlockList, isIP, type LookupFunction } from 'node:net'

/** Addresses that a registered URL must not lead to: this host, private networks, and their encodings in IPv6 (RFC 6890). */
const notPublic = { ipv4: new BlockList(), ipv6: new BlockList() } // separate: a BlockList treats every IPv4 address as in ::ffff:0:0/96
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const)
  notPublic.ipv4.addSubnet(network, prefix, 'ipv4')
for (const [network, prefix] of [
  ['::', 3], // with the next two all but 2000::/3 (global unicast): loopback, private, link-local, multicast, encodings of IPv4
  ['4000::', 2],
  ['8000::', 1],
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const)
  notPublic.ipv6.addSubnet(network, prefix, 'ipv6')

/** Whether an IP address is neither private, loopback, link-local, nor otherwise special. */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address)
  return family === 4 ? !notPublic.ipv4.check(address, 'ipv4') : family === 6 && !notPublic.ipv6.check(address, 'ipv6')
}

/** For node:net, which takes only an `Error`. */
export class BlockedAddress extends Error {}

/** Checks every address that a name resolves to, as part of connecting: no second resolution that could differ (DNS rebinding). */
export const publicLookup: LookupFunction = (hostname, options, callback) =>
  resolveName(hostname, { ...options, all: true }, (error, addresses) => {
    if (error) return callback(error, '', 0)
    const bad = addresses.find(({ address }) => !isPublicAddress(address))
    const first = addresses[0]
    if (bad || !first) return callback(new BlockedAddress(`${hostname} resolves to ${bad?.address ?? 'no address'}`), '', 0)
    if (options.all) callback(null, addresses)
    else callback(null, first.address, first.family)
  })
