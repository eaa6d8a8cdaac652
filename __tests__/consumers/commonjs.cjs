'use strict'
const express = require('express')
const oauth = require('express-oauth-assertions')
const serve = require('./serve.cjs')

serve(express, oauth).then((result) => console.log(JSON.stringify(result)))
