/** The playground: fills in a case, asks for its explanation after each edit, sends it, and applies fixes. */
import { $, h, prose } from './dom.js'
import { Editors } from './editors.js'
import { showAnswer, showChecks, showEvent, showFixes, showFlow, showRegistrations, showRequest, showVerdict } from './view.js'

const pause = 250 // ms after the last key until the request is explained

let world
let editors
/** How often the case is sent. */
let times = 1
let latest = 0
/** Of the request that is shown. */
let current = { request: undefined, explanation: undefined, parties: {} }
/** Whether an editor changed since. */
let isStale = true
let timer
/** What the next verdict begins with: a fix was applied. */
let news = ''

const events = new Map()
const awaited = new Map()

async function post(path, body) {
  const response = await fetch(path, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) })
  const answer = await response.json()
  if (!response.ok) throw new Error(answer.problem)
  return answer
}

async function loadWorld() {
  world = await (await fetch('/playground/world.json')).json()
  showRegistrations(world, reset)
  return world
}

const caseOf = (id) => world.cases.find((one) => one.id === id)

async function chooseCase() {
  const { cases } = await loadWorld() // times and jti are of now
  const chosen = cases.find(({ id }) => id === $('case').value)
  times = chosen.times
  $('checks').replaceChildren()
  $('about').replaceChildren(...prose(chosen.about))
  history.replaceState(null, '', `#${chosen.id}`)
  editors.fill(chosen)
}

/** After an edit: what was answered is no longer about this request. */
function edited() {
  isStale = true
  showAnswer(undefined)
  clearTimeout(timer)
  timer = setTimeout(preview, pause)
}

/** Explains the request without sending it. */
async function preview() {
  const turn = ++latest
  const request = await editors.request()
  if (turn !== latest) return
  setSending(!request)
  if (!request) {
    showVerdict({ state: 'warning', headline: 'Not ready', note: 'One of the editors holds no JSON object.' })
    return
  }
  const body = { form: request.form.toString(), authorization: request.authorization }
  const answer = await post('/playground/explain', body).catch((error) => ({ problem: error.message }))
  if (turn !== latest) return
  if (answer.problem !== undefined) {
    showVerdict({ state: 'warning', headline: 'No explanation', note: `The demo did not explain it: ${answer.problem}` })
    return
  }
  const { explanation, parties } = answer
  current = { request, explanation, parties }
  isStale = false
  showRequest(request, false)
  showFlow(explanation, false)
  showChecks(explanation)
  showFixes(explanation.fixes, { isRefused: isRefused(explanation), advice: world.reasons[explanation.reason]?.fix }, applyFix)
  showVerdict({
    ...verdictOf(explanation),
    note: [news, times === 2 && explanation.accepted ? 'It is sent twice: the second request is refused.' : ''].filter(Boolean).join(' '),
  })
  news = ''
}

const isRefused = ({ accepted, leftToHost }) => !accepted && !leftToHost

function verdictOf(explanation) {
  const { accepted, leftToHost, reason, detail } = explanation
  if (accepted) return { state: 'passed', headline: 'It passes when sent' }
  if (leftToHost) return { state: 'skipped', headline: 'Left to the old handler' }
  return { state: 'failed', headline: 'It will be refused', reason, detail, cause: world.reasons[reason]?.cause }
}

/** The button keeps the focus: so it is never `disabled`. */
const setSending = (cannotSend) => $('send').setAttribute('aria-disabled', String(cannotSend))

async function send() {
  if ($('send').getAttribute('aria-disabled') === 'true') return
  clearTimeout(timer)
  if (isStale) await preview()
  const { request } = current
  if (!request || isStale) return
  setSending(true)
  showVerdict({ state: 'warning', headline: 'Sending…' })
  const before = times === 2 ? (await sendOnce(request)).status : undefined
  const { id, ...answer } = await sendOnce(request)
  times = 1
  const event = current.explanation.leftToHost ? undefined : await eventOf(id)
  showRequest(request, true)
  showAnswer({ ...answer, before })
  showResult(answer, event)
  setSending(false)
  if (matchMedia('(max-width: 759px)').matches) $('verdict').scrollIntoView()
}

async function sendOnce({ url, form, authorization }) {
  const id = `playground-${crypto.randomUUID()}`
  const headers = {
    'Content-Type': 'application/x-www-form-urlencoded',
    'X-Request-Id': id,
    ...(authorization && { Authorization: authorization }),
  }
  events.set(id, undefined)
  const { pathname } = new URL(url)
  const response = await fetch(pathname, { method: 'POST', headers, body: form.toString(), credentials: 'omit' })
  const shownHeaders = ['content-type', 'cache-control', 'www-authenticate', 'x-request-id', 'retry-after'].filter((name) =>
    response.headers.has(name),
  )
  const text = await response.text()
  let body = text
  try {
    body = JSON.parse(text)
  } catch {
    // shown as text
  }
  const { status } = response
  return {
    id,
    status,
    statusText: response.statusText || words[status] || '',
    headers: Object.fromEntries(shownHeaders.map((name) => [name, response.headers.get(name)])),
    body,
  }
}
const words = { 200: 'OK', 400: 'Bad Request', 401: 'Unauthorized', 429: 'Too Many Requests' }

/** The event of a request. The stream may bring it after the answer. */
function eventOf(id) {
  if (events.get(id)) return events.get(id)
  return new Promise((resolve) => {
    awaited.set(id, resolve)
    setTimeout(() => resolve(undefined), 2000)
  })
}

function showResult({ status }, event) {
  const { explanation } = current
  if (status < 300) {
    showFlow(explanation.leftToHost ? explanation : { accepted: true }, true)
    showFixes([], { isRefused: false }, applyFix)
    showVerdict({ state: 'passed', headline: 'Accepted', note: 'A token was issued. Send it again: a JWT with an ID works once.' })
    return
  }
  if (explanation.leftToHost) {
    showFlow(explanation, true)
    showVerdict({ state: 'failed', headline: 'Refused by the old handler' })
    return
  }
  const { reason, detail, step } = event ?? {}
  const isReplay = reason === 'jti_replayed'
  showFlow({ accepted: false, step }, true)
  const fixes = isReplay ? [renewal()] : explanation.fixes
  showFixes(fixes, { isRefused: true, advice: world.reasons[reason]?.fix }, applyFix)
  showVerdict({ state: 'failed', headline: 'Refused', reason, detail, cause: world.reasons[reason]?.cause })
}

/** What no explanation can know: the JWTs were used before. */
function renewal() {
  const edit = {
    side: 'signer',
    text: `sign a new JWT, with a new \`jti\`${editors.sent.length > 1 ? ', for each use' : ''}`,
    path: 'renew',
    weakens: false,
  }
  return { edits: [edit], weakens: false }
}

async function applyFix({ edits }) {
  const ofServer = []
  for (const edit of edits) {
    if (edit.path === 'renew') for (const name of editors.sent) editors.renew(name)
    else if (!editors.apply(edit)) ofServer.push(edit)
  }
  news = 'The fix is applied.'
  if (ofServer.length > 0) {
    try {
      await post('/playground/edits', { edits: ofServer.map((edit) => ({ ...edit, ...addedKey(edit) })), parties: current.parties })
      news = 'The fix is applied at this server.'
    } catch (error) {
      news = `This server refuses the edit: ${error.message}`
    }
    await loadWorld()
  }
  showAnswer(undefined)
  clearTimeout(timer)
  await preview()
  $('banner').focus()
}

/** The public key that signed, if it is to be registered or published. */
function addedKey({ path }) {
  const [part, member] = path.split('.')
  if (member !== 'jwks' && member !== 'jwks_uri') return {}
  const key = editors.keyOf(part === 'issuer' ? 'assertion' : 'client_assertion')
  return key && { key }
}

async function reset() {
  await post('/playground/reset', {})
  await loadWorld()
  news = 'Registrations and options are restored.'
  await preview()
  $('banner').focus()
}

function listen() {
  const source = new EventSource('/playground/events')
  source.addEventListener('open', () => {
    $('events').replaceChildren() // the stream begins with the latest ones
    $('live').textContent = 'live'
  })
  source.addEventListener('error', () => {
    $('live').textContent = 'not connected'
  })
  source.addEventListener('message', ({ data }) => {
    const event = JSON.parse(data)
    const isOwn = events.has(event.request_id)
    if (isOwn) events.set(event.request_id, event)
    awaited.get(event.request_id)?.(event)
    awaited.delete(event.request_id)
    showEvent(event, isOwn)
  })
}

async function start() {
  await loadWorld()
  $('token-endpoint').textContent = world.token_endpoint
  const groups = Map.groupBy(world.cases, ({ group }) => group)
  const optionOf = ({ id, title }) => h('option', { value: id }, title)
  $('case').replaceChildren(...[...groups].map(([group, cases]) => h('optgroup', { label: group }, cases.map(optionOf))))
  editors = new Editors(world, edited)
  const { hash } = location
  if (caseOf(hash.slice(1))) $('case').value = hash.slice(1)
  $('case').addEventListener('change', chooseCase)
  $('send').addEventListener('click', send)
  listen()
  await chooseCase()
}

await start()
