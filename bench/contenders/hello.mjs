// The cost of Express alone.
import express from 'express'

export function listener() {
  const app = express()
  app.disable('x-powered-by')
  app.get('/', (_, res) => {
    res.writeHead(200, { 'Content-Type': 'text/plain', 'Content-Length': 5 })
    res.end('hello')
  })
  return app
}
