import express from 'express'
import { tokenEndpoint } from '../../dist/esm/index.js'
import { ourOptions } from './ours.mjs'

export async function listener(world) {
  const app = express()
  app.disable('x-powered-by')
  app.post('/token', ...tokenEndpoint(await ourOptions(world)))
  return app
}
