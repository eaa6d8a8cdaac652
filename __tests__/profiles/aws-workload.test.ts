import { describe } from '@jest/globals'
import { type AwsWorkloadArguments, awsWorkload } from '../../lib/profiles/index.js'
import { itRefuses, looserGrant } from '../support/profile-arguments.js'
import { server } from '../support/profile-world.js'

describe('awsWorkload', () => {
  const notAnArn = /principal must be the ARN of one role or user/
  const good = {
    issuer: 'https://abc.tokens.sts.global.api.aws',
    audience: server,
    principal: 'arn:aws:iam::123456789012:role/team/reports',
  }
  itRefuses<AwsWorkloadArguments>(awsWorkload, good, [
    ...looserGrant(3600),
    ['T-81 not without a principal', { principal: undefined }, notAnArn],
    ['T-81 no whole account', { principal: 'arn:aws:iam::123456789012:root' }, notAnArn],
    ['T-81 no pattern', { principal: 'arn:aws:iam::123456789012:role/*' }, notAnArn],
    ['T-81 no ARN without an account', { principal: 'arn:aws:iam:::role/reports' }, notAnArn],
    ['WI-04 no other subjects', { subjects: ['arn:aws:iam::123456789012:role/web'] }, /subjects must not be more lenient/],
    ['WI-04 not without an issuer: each account has its own', { issuer: undefined }, /issuer must be a non-empty string/],
    ['WI-01 no repeated use', { replay: 'reusable' }, /replay must not be more lenient/],
  ])
})
