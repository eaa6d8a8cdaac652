// Both copies of the package in one process: a hook of a CommonJS module speaks to the client through an endpoint of an ES module.
import { createRequire } from 'node:module'
import express from 'express'
import * as esm from 'express-oauth-assertions'
import serve from './serve.cjs'

const cjs = createRequire(import.meta.url)('express-oauth-assertions')
const closed = ({ OAuthError }) => new OAuthError('invalid_grant', 'The account is closed.')
const refuseBy = (copy) => ({
  authorizeGrant: () => {
    throw closed(copy)
  },
})
const esmEndpoint = await serve(express, esm, refuseBy(cjs))
const cjsEndpoint = await serve(express, cjs, refuseBy(esm))
console.log(
  JSON.stringify({
    copies: esm.OAuthError === cjs.OAuthError ? 1 : 2,
    exports: Object.keys(esm).sort().join() === Object.keys(cjs).sort().join(),
    instances: [closed(esm), closed(cjs)].map((error) => [error instanceof esm.OAuthError, error instanceof cjs.OAuthError]),
    strangers: [new Error('no'), { error: 'invalid_grant' }].map(
      (error) => error instanceof esm.OAuthError || error instanceof cjs.OAuthError,
    ),
    answers: [esmEndpoint, cjsEndpoint].map(({ status, error_description }) => `${status} ${error_description}`),
  }),
)
