/** What known clients send: one row for each name that `act-as` takes. */
import { clientDialects } from './act-as/client-dialects.js'
import type { Dialect } from './act-as/dialect.js'
import { grantDialects } from './act-as/grant-dialects.js'
import { profileDialects } from './act-as/profile-dialects.js'

export const dialects: Readonly<Record<string, Dialect>> = { ...clientDialects, ...grantDialects, ...profileDialects }
