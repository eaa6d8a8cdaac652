/** What the page shows of a request: the verdict, the flow, the fixes, the checks, the answer, the events. */
import { $, copyButton, h, json, mark, prose, shown, token } from './dom.js'
import { curlLine, decoded } from './sign.js'

const steps = [
  ['parseTokenRequest', 'Parse', 'Is it a token request?'],
  ['authenticateClient', 'Authenticate', 'Who asks?'],
  ['verifyJwtGrant', 'Verify', 'Is the grant valid?'],
  ['issueToken', 'Issue', 'What is issued?'],
]
const titles = { client: 'client assertion', grant: 'grant' }

/** The verdict in one line, also for the bar at the edge of the screen. */
export function showVerdict({ state, headline, reason, detail, cause, note }) {
  const evidence = detail && [
    h('div', {}, h('dt', {}, 'seen'), h('dd', {}, h('code', {}, shown(detail.seen)))),
    h('div', {}, h('dt', {}, 'wanted'), h('dd', {}, h('code', {}, shown(detail.wanted)))),
  ]
  const said = [
    h('p.headline', {}, mark(state), h('strong', {}, headline), reason && h('code.reason', {}, reason)),
    ...[note && h('p', {}, prose(note)), cause && h('p', {}, prose(cause)), evidence && h('dl.evidence', {}, evidence)].filter(Boolean),
  ]
  const banner = $('banner')
  banner.className = `banner ${state}`
  // What is the same as before is not announced again.
  if (said.map(({ textContent }) => textContent).join('') !== banner.textContent) banner.replaceChildren(...said)
  $('bar-verdict').replaceChildren(mark(state), h('span', {}, headline), reason ? h('code', {}, reason) : '')
}

/** @param {{ accepted: boolean, step?: string, leftToHost?: boolean }} result of the dry run, or of the request that was sent */
export function showFlow({ accepted, step, leftToHost }, isSent) {
  const stoppedAt = accepted || leftToHost ? steps.length : steps.findIndex(([name]) => name === step)
  const items = steps.map(([, title, asks], index) => {
    const state = index < stoppedAt ? (leftToHost && index > 0 ? 'skipped' : 'passed') : index === stoppedAt ? 'failed' : 'not_reached'
    const words = {
      passed: 'passed',
      failed: isSent ? 'stopped' : 'stops',
      not_reached: 'not reached',
      skipped: 'left to the old handler',
    }
    return h(
      `li.step.${state}`,
      state === 'failed' ? { 'aria-current': 'step' } : {},
      h('span.step-title', {}, mark(state), title),
      h('span.step-asks', {}, asks),
      h('span.step-state', {}, words[state]),
    )
  })
  $('flow').replaceChildren(...items)
}

const sides = { signer: 'signer', sender: 'sender', server: 'this server' }

/** @param {object[]} fixes with `edits`, `weakens` @param {(fix: object) => void} onApply */
export function showFixes(fixes, { isRefused, advice }, onApply) {
  if (!isRefused) return $('fixes').replaceChildren()
  const items = fixes.map((fix, index) =>
    h(
      'li.fix',
      {},
      h(
        'div.fix-edits',
        {},
        fix.edits.map((edit) =>
          h('p', {}, h('span.tag', {}, sides[edit.side]), ' ', prose(`${edit.text[0].toUpperCase()}${edit.text.slice(1)}`)),
        ),
        fix.weakens && h('p.weakens', {}, mark('warning'), 'This server then accepts more than before.'),
      ),
      h(
        'button',
        { type: 'button', class: index === 0 ? 'primary' : '', onclick: () => onApply(fix) },
        'Apply',
        h('span.hidden', {}, ` fix ${index + 1}`),
      ),
    ),
  )
  const none = h('p.muted.none', {}, 'No small set of edits makes this request pass. ', advice ? prose(advice) : '')
  $('fixes').replaceChildren(
    h('h3', {}, fixes.length > 1 ? 'Smallest fixes, each tried' : 'Smallest fix, tried'),
    fixes.length > 0 ? h('ol.fixes', {}, items) : none,
  )
}

/** The checks of both JWTs. What a reader opened or closed stays so; a check that fails is open. */
export function showChecks(explanation) {
  const before = [...document.querySelectorAll('#checks details')].map(({ id, open }) => [id, open])
  const parts = Object.entries(titles).filter(([name]) => explanation[name])
  $('checks').replaceChildren(...parts.map(([name, title], index) => checksOf(name, title, explanation[name], index === 0)))
  for (const [id, open] of before) if ($(id) && (open || $(id).matches('.group'))) $(id).open = open
}

function checksOf(name, title, { checks, keys }, isFirst) {
  const count = (wanted) => checks.filter(({ state }) => state === wanted).length
  const failed = count('failed')
  const sum = [
    `${count('passed')} passed`,
    failed > 0 && `${failed} failed`,
    count('not_reached') > 0 && `${count('not_reached')} not reached`,
  ]
  const items = checks.map((check, index) => h(`li.check.${check.state}`, {}, checkOf(check, `${name}-check-${index}`)))
  return h(
    'details.group',
    { id: `${name}-checks`, open: isWide() && (isFirst || failed > 0) },
    h('summary.row', {}, h('h3', {}, `Checks: ${title}`), h('span.muted.sum', {}, sum.filter(Boolean).join(' · '))),
    h('ol.checks', { 'aria-label': `Checks of the ${title}` }, items),
    keys.length > 0 && h('details.keys', { id: `${name}-keys` }, h('summary', {}, `Registered keys: ${keys.length}`), keysOf(keys)),
  )
}

/** On a phone, the checks would hide the answer: they are closed until they are asked for. */
const isWide = () => matchMedia('(min-width: 760px)').matches

function checkOf({ reason, demands, state, seen, wanted }, id) {
  const line = [mark(state), h('span.demand', {}, prose(demands)), h('code.reason', {}, reason)]
  if (seen === undefined && wanted === undefined) return h('div.line', {}, line)
  const evidence = h(
    'dl.evidence',
    {},
    h('div', {}, h('dt', {}, 'seen'), h('dd', {}, h('code', {}, shown(seen)))),
    h('div', {}, h('dt', {}, 'wanted'), h('dd', {}, h('code', {}, shown(wanted)))),
  )
  return h('details', { id, open: state === 'failed' }, h('summary.line', {}, line), evidence)
}

function keysOf(keys) {
  return h(
    'ul.plain',
    {},
    keys.map(({ kid, kty, alg, thumbprint, fits, verifies, problem }) =>
      h(
        'li',
        {},
        h('p', {}, h('code', {}, kid ?? 'without kid'), ` ${[kty, alg].filter(Boolean).join(', ')}`),
        thumbprint && h('p.muted.small', {}, 'thumbprint ', h('code', {}, thumbprint)),
        problem
          ? h('p', {}, mark('failed'), problem)
          : h(
              'p',
              {},
              mark(fits ? 'passed' : 'not_reached'),
              fits ? 'fits the header' : 'does not fit the header',
              ' ',
              mark(verifies ? 'passed' : 'failed'),
              verifies ? 'verifies the signature' : 'does not verify the signature',
            ),
      ),
    ),
  )
}

/** The request as it is sent, and the same as a line for the shell. */
export function showRequest(request, isSent) {
  const { url, form, authorization } = request
  const { host, pathname } = new URL(url)
  const lines = [
    `POST ${pathname} HTTP/1.1\nHost: ${host}\nContent-Type: application/x-www-form-urlencoded\n`,
    authorization ? `Authorization: ${authorization}\n` : '',
    '\n',
    ...[...form].flatMap(([name, value], index) => [
      index > 0 ? '\n&' : '',
      h('b', {}, name),
      '=',
      ...(name.endsWith('assertion') ? token(value) : [encodeURIComponent(value)]),
    ]),
  ]
  const curl = curlLine(request)
  $('sent').replaceChildren(
    h(
      'div.card',
      {},
      h('h3', {}, isSent ? 'Request as sent' : 'Request as it will be sent'),
      h('pre.http', { tabindex: '0', role: 'region', 'aria-label': 'Request' }, lines),
      h(
        'div.row.legend',
        {},
        h(
          'p.small.muted',
          {},
          'JWT: ',
          h('span.part-0', {}, 'header'),
          ' · ',
          h('span.part-1', {}, 'claims'),
          ' · ',
          h('span.part-2', {}, 'signature'),
        ),
      ),
      h(
        'div.row',
        {},
        h('h4', {}, 'The same with curl'),
        copyButton('Copy', () => curl),
      ),
      h('pre.curl', { tabindex: '0', role: 'region', 'aria-label': 'curl line' }, curl),
    ),
  )
}

/** The answer, and the token in it. */
export function showAnswer(answer) {
  if (!answer) return $('answer').replaceChildren(h('div.card', {}, h('h3', {}, 'Answer'), h('p.muted', {}, 'Nothing was sent yet.')))
  const { status, statusText, headers, body, before } = answer
  const isGood = status < 300
  const access = decoded(body?.access_token ?? '')
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\n`)
  $('answer').replaceChildren(
    h(
      `div.card.${isGood ? 'good' : 'bad'}`,
      {},
      h(
        'div.row',
        {},
        h('h3', {}, 'Answer'),
        h('p.status', {}, mark(isGood ? 'passed' : 'failed'), h('strong', {}, `${status} ${statusText}`)),
      ),
      before && h('p.small', {}, `Sent twice: the first answer was ${before}.`),
      h('pre.http', { tabindex: '0', role: 'region', 'aria-label': 'Answer' }, lines, '\n', typeof body === 'string' ? body : json(body)),
      body?.access_token && [
        h('h4', {}, access ? 'The access token, decoded' : 'The access token is opaque'),
        access &&
          h(
            'pre',
            { tabindex: '0', role: 'region', 'aria-label': 'Access token, decoded' },
            h('span.part-0', {}, json(access.header)),
            '\n',
            h('span.part-1', {}, json(access.claims)),
          ),
      ],
    ),
  )
}

const outcomes = { issued: 'passed', refused: 'failed', failed: 'failed', handed_on: 'skipped', aborted: 'warning' }

/** Adds an event at the top of a bounded list. */
export function showEvent({ at, ...event }, isOwn) {
  const who = event.client_id ?? event.claimed?.client_id
  const time = new Date(at).toLocaleTimeString('en-GB')
  const item = h(
    `li.event${isOwn ? '.own' : ''}`,
    {},
    h(
      'details',
      {},
      h(
        'summary.line',
        {},
        mark(outcomes[event.outcome] ?? 'warning'),
        h(
          'span.demand',
          {},
          `${event.outcome.replace('_', ' ')} ${event.status}`,
          isOwn && h('span.tag', {}, 'yours'),
          h('span.what.muted', {}, who ?? 'nobody', event.reason && [' · ', h('code', {}, event.reason)]),
        ),
        h('time.muted', { datetime: new Date(at).toISOString() }, time),
      ),
      h('pre', { tabindex: '0', role: 'region', 'aria-label': 'Event' }, json(event)),
    ),
  )
  $('events').prepend(item)
  while ($('events').children.length > 50) $('events').lastElementChild.remove()
}

/** What is registered, and what the page changed. */
export function showRegistrations({ clients, issuers, options, edits }, onReset) {
  const entry = (title, value) =>
    h('details', {}, h('summary', {}, title), h('pre', { tabindex: '0', role: 'region', 'aria-label': title }, json(value)))
  const changed = [
    h('p', {}, mark('warning'), `Changed here: ${edits.join(', ')}`),
    h('button', { type: 'button', id: 'reset', onclick: onReset }, 'Restore registrations and options'),
  ]
  $('registrations').replaceChildren(
    h(
      'div.card',
      {},
      h('h3', {}, 'Registered at this server'),
      edits.length > 0 && h('div.changed', {}, changed),
      clients.map((client) => entry(`Client ${client.client_id}`, client)),
      issuers.map((issuer) => entry(`Issuer ${issuer.issuer}`, issuer)),
      entry('Options', options),
    ),
  )
}
