/** All verbs, in the order of the help. */
import type { Verb } from './verb.js'
import { actAs } from './verbs/act-as.js'
import { check } from './verbs/check.js'
import { doctor } from './verbs/doctor.js'
import { explain } from './verbs/explain.js'
import { jwksServe } from './verbs/jwks-serve.js'
import { keygen } from './verbs/keygen.js'
import { sign } from './verbs/sign.js'

export const verbs: readonly Verb[] = [keygen, sign, explain, check, doctor, jwksServe, actAs]
