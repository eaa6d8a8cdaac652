/** The playground in a real browser: what a person sees and does. What its endpoints answer is tested in playground.test.ts. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals'
import { type Browser, chromium, type Page } from 'playwright-core'
import { type DemoServer, startServer } from '../../demo-server/server.js'
import { describeWith } from '../support/describe-with.js'
import { chromiumNeed, chromium as executablePath } from '../support/services.js'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const screens = [375, 1280].flatMap((width) => (['light', 'dark'] as const).map((colorScheme) => ({ width, colorScheme })))

describeWith(chromiumNeed, 'the playground in Chromium', () => {
  let server: DemoServer
  let browser: Browser
  const pages: Page[] = []
  /** What a page must not have: errors, and violations of the policy. */
  const complaints: string[] = []
  beforeAll(async () => {
    server = await startServer(0)
    browser = await chromium.launch({ executablePath: executablePath as string, args: ['--no-sandbox'] })
  }, 60_000)
  afterAll(async () => {
    await browser?.close()
    await server?.close()
  })
  afterEach(async () => {
    const found = complaints.splice(0)
    for (const page of pages.splice(0)) {
      found.push(...((await page.evaluate('window.violations')) as string[]))
      await page.close()
    }
    await fetch(`${server.registry.issuer}/playground/reset`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: '{}',
    })
    expect(found).toEqual([])
  })

  /** Opens a case, and waits for its verdict. */
  async function open(id: string, { width = 1280, colorScheme = 'light' as 'light' | 'dark' } = {}): Promise<Page> {
    const page = await browser.newPage({ viewport: { width, height: 800 }, colorScheme, reducedMotion: 'reduce' })
    pages.push(page)
    await page.addInitScript(`window.violations = []
      document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) => window.violations.push(violatedDirective + ' ' + blockedURI))`)
    page.on('pageerror', ({ message }) => complaints.push(message))
    page.on('console', (message) => {
      // the browser reports each refused token request: that is what these tests are about
      const isAnswer = message.text().startsWith('Failed to load resource') && message.location().url.endsWith('/token')
      if (['error', 'warning'].includes(message.type()) && !isAnswer) complaints.push(message.text())
    })
    await page.goto(`${server.registry.issuer}/#${id}`)
    await verdict(page, /passes when sent|will be refused|Left/)
    return page
  }

  /** Waits until the verdict says this. */
  const verdict = (page: Page, text: RegExp) => page.locator('#banner').filter({ hasText: text }).waitFor({ timeout: 20_000 })
  const send = (page: Page) => page.getByRole('button', { name: 'Sign and send' }).click()
  const answer = (page: Page) => page.locator('#answer .status').innerText()
  const stateOf = (page: Page, step: string) => page.locator('#flow li', { hasText: step }).locator('.step-state').innerText()

  it('a request with both JWTs is accepted: its token is decoded, its event is in the stream', async () => {
    const page = await open('grant-by-jwt')
    await send(page)
    await verdict(page, /Accepted/)
    expect(await answer(page)).toContain('200 OK')
    expect(await page.getByRole('region', { name: 'Access token, decoded' }).innerText()).toContain('"sub": "account-1"')
    expect(await page.locator('#events li').first().innerText()).toMatch(/issued 200\s*yours\s*billing/)
    expect(await page.locator('#flow .step-state').allInnerTexts()).toEqual(['passed', 'passed', 'passed', 'passed'])
    expect(await page.getByRole('region', { name: 'curl line' }).innerText()).toContain('client_assertion=ey')
    expect(await page.locator('.check.failed').count()).toBe(0)
  }, 60_000)

  it.each([
    ['grant-wrongAudience', 'aud_not_registered', '400 Bad Request', 'Verify'],
    ['client-unknownKid', 'key_not_found', '401 Unauthorized', 'Authenticate'],
    ['grant-duplicateMember', 'duplicate_member', '400 Bad Request', 'Verify'],
    ['scope-too-wide', 'scope_exceeds_client', '400 Bad Request', 'Authenticate'],
    ['grant-replayed', 'jti_replayed', '400 Bad Request', 'Verify'],
  ])(
    '%s is refused: %s',
    async (id, reason, status, step) => {
      const page = await open(id)
      await send(page)
      await verdict(page, /Refused/)
      expect(await page.locator('#banner').innerText()).toContain(reason)
      expect(await answer(page)).toContain(status)
      expect(await stateOf(page, step)).toBe('stopped')
      expect(await page.locator('#events li').first().innerText()).toContain(reason)
    },
    60_000,
  )

  it('a failed check shows what it saw and wanted', async () => {
    const page = await open('grant-wrongAudience')
    const failed = await page.locator('.check.failed').innerText()
    expect(failed).toContain('https://another-as.example.net')
    expect(failed).toContain(`"${server.registry.issuer}"`)
  }, 60_000)

  it.each([
    ['the signer', 'grant-wrongAudience', 0],
    ['the signer, with another key', 'client-unknownKid', 0],
    ['the sender', 'scope-too-wide', 0],
    ['this server, which is then restored', 'forgotten-grant-types', 0],
    ['this server, with the key that signed', 'client-unknownKid', 1],
  ])(
    'a fix of %s is applied by its button, and the request accepted',
    async (_, id, index) => {
      const page = await open(id)
      await page.locator('#fixes button').nth(index).click()
      await verdict(page, /passes when sent/)
      expect(await page.locator('#banner').innerText()).toContain('The fix is applied')
      await send(page)
      await verdict(page, /Accepted/)
      expect(await answer(page)).toContain('200 OK')
      const reset = page.getByRole('button', { name: 'Restore registrations and options' })
      if (id === 'forgotten-grant-types') {
        await reset.click()
        await verdict(page, /will be refused/)
      }
      expect(await reset.count()).toBe(index)
    },
    60_000,
  )

  it('a JWT that was used before is signed anew', async () => {
    const page = await open('client-replayed')
    await send(page)
    await verdict(page, /Refused/)
    await page.locator('#fixes button').click()
    await verdict(page, /passes when sent/)
    await send(page)
    await verdict(page, /Accepted/)
    expect(await answer(page)).toContain('200 OK')
  }, 60_000)

  it('says what is wrong with JSON that is none, and does not send it', async () => {
    const page = await open('grant-by-secret')
    await page.getByRole('textbox', { name: 'Claims' }).fill('{ "iss": ')
    await verdict(page, /Not ready/)
    expect(await page.locator('#assertion-claims-problem').innerText()).toContain('No JSON')
    expect(await page.getByRole('textbox', { name: 'Claims' }).getAttribute('aria-invalid')).toBe('true')
    expect(await page.getByRole('button', { name: 'Sign and send' }).getAttribute('aria-disabled')).toBe('true')
  }, 60_000)

  it('a choice of the client changes its credential', async () => {
    const page = await open('grant-by-secret')
    await page.getByLabel('Client', { exact: true }).selectOption('mobile-app: public')
    await verdict(page, /passes when sent/)
    expect(await page.getByLabel('Parameters').inputValue()).toContain('"client_id": "mobile-app"')
    await page.getByLabel('Client', { exact: true }).selectOption('billing: by a JWT')
    await page.locator('#client_assertion-claims').waitFor()
    await page.locator('#sent', { hasText: 'client_assertion' }).waitFor()
    await send(page)
    await verdict(page, /Accepted/)
    expect(await page.locator('#events li').first().innerText()).toContain('billing')
  }, 60_000)

  it.each(screens)(
    'has no serious finding of axe, and no sideways scrolling: $width px, $colorScheme',
    async (screen) => {
      for (const [id, result] of [
        ['grant-by-jwt', /Accepted/],
        ['client-unknownKid', /Refused/],
      ] as const) {
        const page = await open(id, screen)
        await send(page)
        await verdict(page, result)
        await page.evaluate('for (const group of document.querySelectorAll(".group")) group.open = true')
        expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(screen.width)
        await page.evaluate(axe)
        const { violations } = (await page.evaluate('axe.run()')) as {
          violations: { id: string; impact: string; nodes: { html: string }[] }[]
        }
        const serious = violations.filter(({ impact }) => ['serious', 'critical'].includes(impact))
        expect(serious.map(({ id, nodes }) => [id, ...nodes.map(({ html }) => html)])).toEqual([])
      }
    },
    120_000,
  )

  it('works by keyboard alone', async () => {
    const page = await open('grant-by-secret')
    const focused = () => page.evaluate('document.activeElement.id || document.activeElement.textContent') as Promise<string>
    const tabTo = async (wanted: string | RegExp) => {
      for (let presses = 0; presses < 150; presses++) {
        await page.keyboard.press('Tab')
        const now = await focused()
        if (typeof wanted === 'string' ? now === wanted : wanted.test(now)) return
      }
      throw new Error(`Tab does not lead to ${wanted}`)
    }
    await tabTo('case')
    await page.keyboard.type('Meant for two')
    await verdict(page, /aud_not_registered/)
    await tabTo('send')
    await page.keyboard.press('Enter')
    await verdict(page, /Refused/)
    expect(await focused()).toBe('send')
    await tabTo(/^Apply fix 1$/)
    await page.keyboard.press('Enter')
    await verdict(page, /The fix is applied/)
    expect(await focused()).toBe('banner')
    await tabTo('send')
    await page.keyboard.press('Space')
    await verdict(page, /Accepted/)
    expect(await answer(page)).toContain('200 OK')
  }, 120_000)
})
