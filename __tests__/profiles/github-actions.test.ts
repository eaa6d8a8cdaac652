import { describe, expect, it } from '@jest/globals'
import { githubActionsProfile } from '../../lib/profiles/github-actions.js'
import { type GithubActionsArguments, githubActions } from '../../lib/profiles/index.js'
import { answersTo, itRefuses, looserGrant } from '../support/profile-arguments.js'
import { server } from '../support/profile-world.js'

const audience = server
const notAllowed = 'claim_not_allowed'

describe('githubActions by ids', () => {
  const job = { repository_id: '74', repository_owner_id: '65' }
  const run = { environment: undefined, ref: 'refs/heads/main', event_name: 'push', ...job }
  const pullRequest = { ref: 'refs/pull/7/merge', event_name: 'pull_request' }

  const runs: Record<string, Record<string, unknown>> = {
    'the old sub': { ...run, sub: 'repo:octo-org/octo-repo:ref:refs/heads/main' },
    'the new sub': { ...run, sub: 'repo:octo-org@65/octo-repo@74:ref:refs/heads/main' },
    'a customized sub': { ...run, sub: 'repository_owner:octo-org' },
    'a renamed repository': { ...run, sub: 'repo:cat-org/cat-repo:ref:refs/heads/main', repository: 'cat-org/cat-repo' },
    'a transferred repository': { ...run, repository_owner_id: '66', sub: 'repo:dog-org/octo-repo:ref:refs/heads/main' },
    'a fork': { ...run, repository_id: '99', repository_owner_id: '66', sub: 'repo:mallory/octo-repo:ref:refs/heads/main' },
    'a fork with the old sub': {
      ...run,
      repository_id: '99',
      repository_owner_id: '66',
      sub: 'repo:octo-org/octo-repo:ref:refs/heads/main',
    },
    'another repository of the owner': { ...run, repository_id: '75', sub: 'repo:octo-org/other:ref:refs/heads/main' },
    production: { ...run, environment: 'production', sub: 'repo:octo-org@65/octo-repo@74:environment:production' },
    staging: { ...run, environment: 'staging', sub: 'repo:octo-org@65/octo-repo@74:environment:staging' },
    'a pull request': { ...run, ...pullRequest, sub: 'repo:octo-org/octo-repo:pull_request' },
    'a pull request, new sub': { ...run, ...pullRequest, sub: 'repo:octo-org@65/octo-repo@74:pull_request' },
    'a pull request for the branch': { ...run, event_name: 'pull_request_target', sub: 'repo:octo-org/octo-repo:pull_request' },
  }
  const sameRepository = ['the old sub', 'the new sub', 'a customized sub', 'a renamed repository']
  const pullRequests = ['a pull request', 'a pull request, new sub', 'a pull request for the branch']

  const table: [rule: string, pins: Partial<GithubActionsArguments>, accepted: string[]][] = [
    [
      'WI-04 WI-05 T-81 repository_id: the repository, whatever its names and whoever owns it; also its pull requests',
      { repository_id: '74' },
      [...sameRepository, 'a transferred repository', 'production', 'staging', ...pullRequests],
    ],
    [
      'WI-04 WI-05 T-81 repository_owner_id: all repositories of the owner, and no fork',
      { repository_owner_id: '65' },
      [...sameRepository, 'another repository of the owner', 'production', 'staging', ...pullRequests],
    ],
    ['WI-04 both', job, [...sameRepository, 'production', 'staging', ...pullRequests]],
    ['WI-04 T-81 environment: no other environment, and no run without one', { ...job, environment: 'production' }, ['production']],
    ['WI-04 a list of environments', { ...job, environment: ['production', 'staging'] }, ['production', 'staging']],
    [
      'WI-04 ref: no pull request, but one that runs on the branch it is for',
      { ...job, ref: 'refs/heads/main' },
      [...sameRepository, 'production', 'staging', 'a pull request for the branch'],
    ],
    [
      'WI-04 event_name: no pull request at all',
      { ...job, ref: 'refs/heads/main', event_name: 'push' },
      [...sameRepository, 'production', 'staging'],
    ],
    ['WI-04 another issuer of GitHub', { ...job, issuer: 'https://token.actions.githubusercontent.com/octo' }, []],
  ]
  it.each(table)('%s', async (_rule, pins, accepted) => {
    const registered = (keys: object) => ({ issuer: githubActions({ audience, ...pins, ...keys }) })
    const { answers } = await answersTo(githubActionsProfile, registered, Object.values(runs))
    const reached = Object.keys(runs).filter((_, index) => answers[index] === 'ok')
    expect(reached).toEqual(Object.keys(runs).filter((name) => accepted.includes(name)))
    const other = pins.issuer === undefined ? notAllowed : 'issuer_untrusted'
    expect(answers.filter((answer) => answer !== 'ok' && answer !== other)).toEqual([])
  })
})

describe('githubActions', () => {
  const good = { audience, repository_id: '74' }
  itRefuses<GithubActionsArguments>(githubActions, good, [
    ...looserGrant(900),
    ['T-81 not without an id', { repository_id: undefined }, /one of repository_id, repository_owner_id must be set/],
    ['T-81 not with names alone', { repository_id: undefined, environment: 'production', ref: 'refs/heads/main' }, /repository_id/],
    ['T-81 no rule that lets everybody in', { repository_id: { present: true } }, /repository_id must be text/],
    ['T-81 no prefix', { repository_id: { prefix: '7' } }, /repository_id must be text/],
    ['T-81 no empty id', { repository_id: '' }, /repository_id must be text/],
    ['T-81 no empty id in a list', { repository_id: ['74', ''] }, /repository_id must be text/],
    ['T-81 no empty list', { repository_id: [] }, /repository_id must be text/],
    ['WI-04 no number, which no token has', { repository_id: 74 }, /repository_id must be text/],
    ['WI-04 no other rule for what it pins', { claims: { repository_id: { present: true } } }, /claims.repository_id must not be set/],
    ['WI-01 no repeated use', { replay: 'reusable' }, /replay must not be more lenient/],
    ['WI-01 jti is required', { requireJti: false }, /requireJti must not be more lenient/],
  ])

  it('WI-03 finds the keys by discovery, unless it is told where they are', () => {
    expect(githubActions(good)).toMatchObject({ issuer: 'https://token.actions.githubusercontent.com', discovery: true })
    expect(githubActions({ ...good, jwks: { keys: [] } })).not.toHaveProperty('discovery')
    expect(githubActions({ ...good, jwks_uri: 'https://keys.example' })).not.toHaveProperty('discovery')
    expect(githubActions({ ...good, discovery: true })).toMatchObject({ discovery: true })
  })

  it('takes further members that make it stricter', () => {
    const stricter = {
      maxLifetime: 300,
      clients: ['ci'],
      client_authentication: 'required',
      scope: 'deploy',
      claims: { actor_id: '12' },
    } as const
    expect(githubActions({ ...good, ...stricter })).toMatchObject({ ...stricter, claims: { repository_id: '74', actor_id: '12' } })
  })
})
