// A host's own test, by Jest as it comes: CommonJS, no flag of Node, no transform of node_modules.
'use strict'
const express = require('express')
const oauth = require('express-oauth-assertions')
const serve = require('./serve.cjs')

test('a token endpoint under test', async () => {
  const { status, typ, sub, again } = await serve(express, oauth)
  expect({ status, typ, sub, again: again.error }).toEqual({ status: 200, typ: 'at+jwt', sub: 'alice', again: 'invalid_client' })
})
