import type { Reason } from '../../host/refusals.js'
import type { Help } from './help.js'
import { helpOfClients } from './of-clients.js'
import { helpOfGrants } from './of-grants.js'
import { helpOfJwts } from './of-jwts.js'
import { helpOfRequests } from './of-requests.js'

/** The cause and the fix of every reason. */
export const helpTexts: Readonly<Record<Reason, Help>> = { ...helpOfRequests, ...helpOfClients, ...helpOfGrants, ...helpOfJwts }
