import express from 'express'
import * as oauth from 'express-oauth-assertions'
import serve from './serve.cjs'

console.log(JSON.stringify(await serve(express, oauth)))
