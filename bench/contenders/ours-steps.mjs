// The four steps, mounted separately.
import express from 'express'
import { authenticateClient, issueToken, parseTokenRequest, verifyJwtGrant } from '../../dist/esm/index.js'
import { ourOptions } from './ours.mjs'

export async function listener(world) {
  const options = await ourOptions(world)
  const app = express()
  app.disable('x-powered-by')
  app.post('/token', parseTokenRequest(options))
  app.post('/token', authenticateClient(options))
  app.post('/token', verifyJwtGrant(options))
  app.post('/token', issueToken(options))
  return app
}
