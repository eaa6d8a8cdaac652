// Takes docs/playground.png, the picture in README.md. `node scripts/playground-png.mjs` after `npm run compile`; it needs Chromium and port 3000.
// `pngquant 128` then makes the file a third of its size.
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'
import { startServer } from '../build/demo-server/server.js'

const server = await startServer(3000)
if (server.takenPort !== undefined) throw new Error('Port 3000 is taken, and the picture shows it.')
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] })
const page = await browser.newPage({ viewport: { width: 1280, height: 860 }, colorScheme: 'light', reducedMotion: 'reduce' })
await page.goto(`${server.registry.issuer}/#grant-wrongAudience`)
await page.getByText('It will be refused').first().waitFor()
await page.getByRole('button', { name: 'Sign and send' }).click()
await page.getByText('400 Bad Request').waitFor()
await page.screenshot({ path: fileURLToPath(new URL('../docs/playground.png', import.meta.url)) })
await browser.close()
await server.close()
