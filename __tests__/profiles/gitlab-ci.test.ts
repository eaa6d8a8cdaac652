import { describe, expect, it } from '@jest/globals'
import { gitlabCiProfile } from '../../lib/profiles/gitlab-ci.js'
import { type GitlabCiArguments, gitlabCi } from '../../lib/profiles/index.js'
import { answersTo, itRefuses, looserGrant } from '../support/profile-arguments.js'
import { server } from '../support/profile-world.js'

describe('gitlabCi', () => {
  const good = { audience: server, project_id: '20' }
  itRefuses<GitlabCiArguments>(gitlabCi, good, [
    ...looserGrant(3600),
    ['T-81 not without an id', { project_id: undefined }, /one of project_id, namespace_id must be set/],
    ['T-81 not with names alone', { project_id: undefined, environment: 'production' }, /project_id/],
    ['T-81 no rule that lets everybody in', { namespace_id: { present: true } }, /namespace_id must be text/],
    ['WI-04 no branch without saying that it is none of a tag', { ref: 'main' }, /ref_type must be set with ref/],
    ['WI-04 no other rule for what it pins', { claims: { project_id: ['20', '21'] } }, /claims.project_id must not be set/],
    ['WI-01 no repeated use', { replay: 'reusable' }, /replay must not be more lenient/],
  ])

  it('WI-04 T-81 matches ids, whatever the paths are', async () => {
    const registered = (keys: object) => ({ issuer: gitlabCi({ ...good, ...keys }) })
    const moved = { namespace_id: '99', sub: 'project_path:cats/cat:ref_type:branch:ref:main' }
    const { answers } = await answersTo(gitlabCiProfile, registered, [{}, moved, { project_id: '21' }])
    expect(answers).toEqual(['ok', 'ok', 'claim_not_allowed'])
    expect(gitlabCi({ ...good, issuer: 'https://gitlab.example.org' })).toMatchObject({
      issuer: 'https://gitlab.example.org',
      discovery: true,
    })
  })
})
