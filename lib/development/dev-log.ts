/** The development log: why a request was refused and what to do about it, for the one who writes this server or its client. */
import { aFunction, checkOptionsOf, tableOf } from '../host/checks.js'
import { ConfigurationError, type Reason } from '../host/errors.js'
import type { TokenEndpointEvent } from '../host/event.js'
import { pageOf } from '../host/help-page.js'
import { plain } from './help/help.js'
import { helpTexts } from './help/texts.js'
import { onOneLine, readable, stackOf } from './readable.js'

export interface DevLogOptions {
  /** Receives each block, with its line breaks. @default writes to stderr */
  write?: (text: string) => void
}

const optionChecks = tableOf({ write: aFunction } satisfies Record<keyof DevLogOptions, unknown>)

export const toStderr = (text: string) => void process.stderr.write(text)

/**
 * An `onEvent` for development. It writes one block for each request that is refused or fails: the reason, the sender, what was seen and
 * wanted, the usual cause, the fix, and the address of its help page. If a hook threw an exception, its stack follows.
 *
 * It is plain text. No character of a sender can end a line or change a terminal. The stack may contain anything that your hook put into it.
 *
 * @throws ConfigurationError if an option is wrong
 * @example tokenEndpoint({ issuer, hooks, onEvent: devLog() })
 */
export function devLog(options: DevLogOptions = {}): (event: TokenEndpointEvent) => void {
  checkOptionsOf('devLog', optionChecks, options)
  const { write = toStderr } = options
  return (event) => {
    if (event.outcome === 'refused' || event.outcome === 'failed') write(blockOf(event))
  }
}

function blockOf(event: TokenEndpointEvent): string {
  const { outcome, status, error, reason, step, request_id } = event
  const lines = [
    ['step', step],
    ['request', request_id],
    ...senderOf(event),
    ...evidenceOf(event),
    ...(reason && Object.hasOwn(helpTexts, reason) ? helpFor(reason) : []), // an OAuthError of a hook may have another reason
  ] as const
  const head = `token request ${outcome}: ${reason ?? 'no reason'} (${status} ${error ?? ''})`
  const body = lines.map(([name, text]) => `  ${name.padEnd(8)} ${onOneLine(text)}`)
  return `${[head, ...body, ...exceptionOf(event).map((line) => `    ${line}`)].join('\n')}\n`
}

type Line = readonly [name: string, text: string]

/** Who sent the request, and whether that is proven. */
function senderOf({ client_id, client_level, issuer, claimed }: TokenEndpointEvent): Line[] {
  const line = (name: string, verified: string | undefined, unverified: string | undefined): Line[] => {
    const text = verified ?? unverified
    return text === undefined ? [] : [[name, `${text} (${verified === undefined ? 'claimed' : 'verified'})`]]
  }
  return [
    ...line('client', client_level === 'authenticated' ? client_id : undefined, client_id ?? claimed.client_id),
    ...line('issuer', issuer, claimed.issuer),
    ...line('kid', undefined, claimed.kid),
  ]
}

/** The message of a configuration mistake is shown in full: it names the member, what it must be, and what was received. */
function evidenceOf({ detail, cause }: TokenEndpointEvent): Line[] {
  const seen: Line[] = cause instanceof ConfigurationError ? [['seen', cause.message]] : detail ? [['seen', readable(detail.seen)]] : []
  return detail && detail.wanted !== null ? [...seen, ['wanted', readable(detail.wanted)]] : seen
}

function helpFor(reason: Reason): Line[] {
  const { cause, fix } = helpTexts[reason]
  return [
    ['why', plain(cause)],
    ['fix', plain(fix)],
    ['help', pageOf(reason)],
  ]
}

/** Reasons whose cause is what a function of yours threw. */
const ofYourCode: readonly unknown[] = ['hook_error', 'hook_denied', 'replay_store_error'] satisfies Reason[]

const exceptionOf = ({ reason, cause }: TokenEndpointEvent) => (ofYourCode.includes(reason) && cause !== undefined ? stackOf(cause) : [])
