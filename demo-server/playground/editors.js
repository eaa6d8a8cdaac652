/** The editors of the request: what they hold, what is wrong with it, and how an edit of an explanation changes it. */
import { $, h, json } from './dom.js'
import { signed } from './sign.js'

const jwtBearer = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
const clientAssertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
const names = ['assertion', 'client_assertion']
const titles = { assertion: 'Authorization grant', client_assertion: 'Client authentication' }

/** How a client may authenticate: what its choice changes. */
const clients = {
  'reports: with its secret': { basic: 'reports' },
  'billing: by a JWT': { assertion: 'billing' },
  'inventory: by a JWT': { assertion: 'inventory' },
  'mobile-app: public': { parameters: { client_id: 'mobile-app' } },
  'nobody, or as the grant says': {},
}

/** What is wrong with a text that must be a JSON object. */
function problemOf(text) {
  try {
    const value = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? undefined : 'This must be a JSON object, in braces.'
  } catch (error) {
    return `No JSON: ${error.message.replace(/ in JSON(?= at)/, '')}.`
  }
}

/** A text area under a label, with what is wrong with its text. */
function area(id, label, rows) {
  return [
    h('label', { for: id }, label),
    h('textarea', { id, rows, spellcheck: 'false', autocapitalize: 'off', 'aria-describedby': `${id}-problem` }),
    h('p.problem', { id: `${id}-problem` }),
  ]
}

export class Editors {
  #world
  #onEdit

  constructor(world, onEdit) {
    this.#world = world
    this.#onEdit = onEdit
    $('jwt-editors').replaceChildren(...names.map((name) => this.#jwtEditor(name)))
    $('client').replaceChildren(...Object.keys(clients).map((name) => h('option', {}, name)), h('option', { value: '' }, 'as edited below'))
    for (const id of ['parameters', 'basic-user', 'basic-password']) $(id).addEventListener('input', () => this.#edited())
    $('client').addEventListener('change', ({ target }) => target.value && this.chooseClient(target.value))
  }

  #jwtEditor(name) {
    const keys = this.#world.keys
    const options = [
      ...keys.map((key) => h('option', { value: key.name }, key.name === 'stranger' ? 'stranger-1 (unknown)' : key.kid)),
      h('option', { value: 'none' }, 'no key: unsigned'),
      ...keys.map((key) => h('option', { value: `secret:${key.name}` }, `${key.kid}, its public part as a secret`)),
    ]
    const isSent = h('input', { type: 'checkbox', id: `${name}-sent`, onchange: () => this.#edited() })
    const editor = h(
      'fieldset.card',
      { id: name },
      h('legend', {}, h('label.choice', {}, isSent, h('span', {}, titles[name]), h('code.muted', {}, name))),
      h(
        'div',
        { id: `${name}-editor` },
        h('div.fields', {}, h('div', {}, ...area(`${name}-header`, 'Header', 4)), h('div', {}, ...area(`${name}-claims`, 'Claims', 8))),
        h(
          'div.pair.end',
          {},
          h(
            'div',
            {},
            h('label', { for: `${name}-key` }, 'Signed by'),
            h('select', { id: `${name}-key`, onchange: () => this.#edited() }, options),
          ),
          h('button', { type: 'button', class: 'quiet', onclick: () => this.renew(name) }, 'New jti and times'),
        ),
      ),
    )
    for (const part of editor.querySelectorAll('textarea')) part.addEventListener('input', () => this.#edited())
    return editor
  }

  /** Fills in a case. */
  fill({ parameters, basic, assertion, client_assertion }) {
    $('parameters').value = json(parameters)
    $('basic-user').value = basic?.user ?? ''
    $('basic-password').value = basic?.password ?? ''
    for (const [name, jwt] of Object.entries({ assertion, client_assertion })) {
      $(`${name}-sent`).checked = jwt !== undefined
      this.#fillJwt(name, jwt ?? { header: '{}', claims: '{}', key: 'stranger' })
    }
    $('client').value = this.#clientOf({ parameters, basic, client_assertion })
    this.#edited()
  }

  #fillJwt(name, { header, claims, key }) {
    $(`${name}-header`).value = header
    $(`${name}-claims`).value = claims
    $(`${name}-key`).value = key
    for (const part of ['header', 'claims']) $(`${name}-${part}`).rows = Math.min(12, $(`${name}-${part}`).value.split('\n').length)
  }

  /** Whom the credential names, right or wrong. */
  #clientOf({ parameters, basic, client_assertion }) {
    if (basic) return 'reports: with its secret'
    const { iss, sub } = client_assertion ? JSON.parse(client_assertion.claims) : {}
    if (client_assertion) return Object.keys(clients).find((name) => [iss, sub].includes(clients[name].assertion)) ?? ''
    return parameters.client_id === 'mobile-app' ? 'mobile-app: public' : 'nobody, or as the grant says'
  }

  /** Another client presents the same grant, or asks for its own token. */
  chooseClient(choice) {
    const { basic, assertion, parameters = {} } = clients[choice]
    const { client_id: _id, client_assertion_type: _type, ...others } = this.#parsed('parameters') ?? {}
    const grant = { grant_type: $('assertion-sent').checked ? jwtBearer : 'client_credentials' }
    $('parameters').value = json({ ...others, ...grant, ...parameters, ...(assertion && { client_assertion_type: clientAssertionType }) })
    const good = this.#world.cases.find((one) => one.basic)?.basic
    $('basic-user').value = basic ? good.user : ''
    $('basic-password').value = basic ? good.password : ''
    $('client_assertion-sent').checked = assertion !== undefined
    if (assertion) {
      const { kid } = this.#world.keys.find(({ name }) => name === assertion)
      const claims = { iss: assertion, sub: assertion, aud: this.#world.issuer, ...freshTimes(), jti: crypto.randomUUID() }
      this.#fillJwt('client_assertion', { header: json({ alg: 'ES256', kid }), claims: json(claims), key: assertion })
    }
    this.#edited()
  }

  /** Another `jti`, and times from now on. */
  renew(name) {
    const claims = this.#parsed(`${name}-claims`)
    if (!claims) return
    const { nbf: _nbf, ...others } = claims
    this.#set(`${name}-claims`, { ...others, ...freshTimes(), jti: crypto.randomUUID() })
    this.#edited()
  }

  /** The JWTs that are sent. */
  get sent() {
    return names.filter((name) => $(`${name}-sent`).checked)
  }

  keyOf(name) {
    const key = this.#world.keys.find((one) => one.name === $(`${name}-key`).value)
    const kid = this.#parsed(`${name}-header`)?.kid
    return key && { ...key.publicJwk, ...(typeof kid === 'string' && { kid }) }
  }

  /** Makes an edit of the request. @returns whether it was one: those of the server are not */
  apply({ path, value }) {
    const [part, member, ...rest] = path.split('.')
    if (part === 'form') this.#set('parameters', withMember(this.#parsed('parameters') ?? {}, member, value))
    else if (!names.includes(part)) return false
    else if (member === 'key') {
      const key = this.#world.keys.find(({ thumbprint }) => thumbprint === value)
      if (key) $(`${part}-key`).value = key.name
    } else {
      const name = rest.join('.')
      const fresh = member === 'claims' && name === 'jti' && value !== undefined ? crypto.randomUUID() : value
      this.#set(`${part}-${member}`, withMember(this.#parsed(`${part}-${member}`) ?? {}, name, fresh))
    }
    return true
  }

  /** The request: its form and its Authorization header. `undefined` if an editor holds no JSON. */
  async request() {
    if (this.problems().length > 0) return undefined
    const form = new URLSearchParams()
    for (const [name, value] of Object.entries(this.#parsed('parameters'))) for (const one of [value].flat()) form.append(name, String(one))
    for (const name of this.sent) {
      const jwt = { header: $(`${name}-header`).value, claims: $(`${name}-claims`).value, key: $(`${name}-key`).value }
      form.append(name, await signed(jwt, this.#world.keys))
    }
    const [user, password] = [$('basic-user').value, $('basic-password').value]
    const authorization = user === '' ? undefined : `Basic ${btoa(`${encodeURIComponent(user)}:${encodeURIComponent(password)}`)}`
    return { url: this.#world.token_endpoint, form, authorization }
  }

  /** Shows what is wrong with each editor. */
  problems() {
    const ids = ['parameters', ...this.sent.flatMap((name) => [`${name}-header`, `${name}-claims`])]
    return ids.filter((id) => {
      const problem = problemOf($(id).value)
      $(`${id}-problem`).textContent = problem ?? ''
      if (problem) $(id).setAttribute('aria-invalid', 'true')
      else $(id).removeAttribute('aria-invalid')
      return problem
    })
  }

  #parsed(id) {
    return problemOf($(id).value) === undefined ? JSON.parse($(id).value) : undefined
  }
  #set(id, value) {
    $(id).value = json(value)
  }
  #edited() {
    for (const name of names) $(`${name}-editor`).hidden = !$(`${name}-sent`).checked
    $('basic').hidden = $('basic-user').value === '' && clients[$('client').value]?.basic === undefined
    this.#onEdit()
  }
}

function withMember(object, name, value) {
  const { [name]: _old, ...others } = object
  return value === undefined ? others : { ...object, [name]: value }
}

function freshTimes() {
  const now = Math.floor(Date.now() / 1000)
  return { iat: now, exp: now + 300 }
}
