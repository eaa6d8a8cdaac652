import { expect, it } from '@jest/globals'
import { spoiledRequests, tokenRequest } from '../../lib/testing/index.js'
import { testEndpoint } from '../support/test-endpoint.js'

it('recordEvents keeps every event until it is cleared', async () => {
  const { app, onEvent, ...parties } = testEndpoint()
  expect([onEvent.events, onEvent.last]).toEqual([[], undefined])
  for (const form of spoiledRequests('replayed', 'grant', parties)) await tokenRequest(app, form)
  const outcomes = () => onEvent.events.map(({ outcome }) => outcome)
  expect(outcomes()).toEqual(['issued', 'refused'])
  expect(onEvent.last).toBe(onEvent.events[1])
  onEvent.clear()
  expect([onEvent.events, onEvent.last]).toEqual([[], undefined])
  await tokenRequest(app, {})
  expect(outcomes()).toEqual(['refused'])
})
