import { describe, expect, it } from '@jest/globals'
import { googleCloudProfile } from '../../lib/profiles/google-cloud.js'
import { type GoogleCloudArguments, googleCloud } from '../../lib/profiles/index.js'
import { answersTo, itRefuses, looserGrant } from '../support/profile-arguments.js'
import { server } from '../support/profile-world.js'

describe('googleCloud', () => {
  const good = { audience: server, service_account: '104567890123456789012' }
  itRefuses<GoogleCloudArguments>(googleCloud, good, [
    ...looserGrant(3600),
    ['T-81 not without a service account', { service_account: undefined }, /service_account must be the unique id/],
    ['T-81 not for a machine without a service account', { service_account: undefined, instance_id: '1' }, /service_account/],
    ['WI-04 no email address', { service_account: 'reports@reports.iam.gserviceaccount.com' }, /not its email address/],
    ['WI-04 no number, which loses digits', { service_account: 104567890123456 }, /digits as text/],
    ['WI-04 no name of a machine', { instance_id: 'reports-1' }, /instance_id must be digits as text/],
    ['WI-04 no project id, which is a name', { project_number: 'reports' }, /project_number must be a number/],
    ['WI-04 no other subjects', { subjects: ['104567890123456789013'] }, /subjects must not be more lenient/],
  ])

  it('WI-04 without a machine, a token needs to name none', async () => {
    const registered = (keys: object) => ({ issuer: googleCloud({ ...good, ...keys }) })
    const { answers } = await answersTo(googleCloudProfile, registered, [{ google: undefined }, { sub: '104567890123456789013' }])
    expect(answers).toEqual(['ok', 'subject_not_allowed'])
    expect(googleCloud(good)).toMatchObject({ issuer: 'https://accounts.google.com', discovery: true })
    expect(googleCloud(good)).not.toHaveProperty('claims')
  })

  it('WI-04 each pin stands alone', async () => {
    const ofMachine = (machine: object) => ({ google: { compute_engine: machine } })
    const machines = [
      ofMachine({ project_number: 7, instance_id: '1' }),
      ofMachine({ project_number: 7, instance_id: '2' }),
      ofMachine({ project_number: 8, instance_id: '1' }),
    ]
    const by = async (pins: object) =>
      (await answersTo(googleCloudProfile, (keys) => ({ issuer: googleCloud({ ...good, ...pins, ...keys }) }), machines)).answers
    expect(await by({ project_number: 7 })).toEqual(['ok', 'ok', 'claim_not_allowed'])
    expect(await by({ instance_id: '1' })).toEqual(['ok', 'claim_not_allowed', 'ok'])
  })
})
