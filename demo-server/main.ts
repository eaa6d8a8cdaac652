/**
 * `npm run demo` keeps running after its table; `npm run demo -- --exit` exits with status 0, or 1 if a row was not as expected. With `--register
 * file`, it also knows the client and the issuer of a JSON file, such as `express-oauth-assertions act-as --print-registration` prints.
 */
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { curlLifetime, curlLine } from './curl.js'
import { runDemo } from './demo.js'

const { values } = parseArgs({ options: { exit: { type: 'boolean', default: false }, register: { type: 'string' } } })

const { server, status } = await runDemo({
  port: Number(process.env.PORT || 3000),
  colour: process.stdout.isTTY && !process.env.NO_COLOR,
  ...(values.register !== undefined && { more: JSON.parse(readFileSync(values.register, 'utf8')) }),
  onEvent: ({ outcome, status, client_id, reason }) =>
    console.log(` · token request ${outcome} (${status})${client_id ? ` for ${client_id}` : ''}${reason ? `: ${reason}` : ''}`),
})

if (values.exit) {
  process.exitCode = status
  await server.close()
} else {
  console.log(`\n Playground: ${server.registry.issuer}/ signs requests in your browser, and shows what every check saw.`)
  const printLine = async () => {
    console.log(`\n Ask for a token yourself (good for ${curlLifetime} seconds, and for once):\n`)
    console.log(await curlLine(server.registry))
    console.log(`\n Then: curl -H "Authorization: Bearer <access_token>" ${server.registry.issuer}/api/me`)
    console.log(` ${process.stdin.isTTY ? 'Enter makes another line, ' : ''}Ctrl-C ends.`)
  }
  if (process.stdin.isTTY) process.stdin.on('data', printLine)
  await printLine()
}
