/** The smallest sets of edits with which a refused request passes: found by trying them. */
import type { Reason } from '../host/errors.js'
import { withoutCredentials } from '../host/evidence.js'
import { settingsOf } from '../host/settings.js'
import type { Verdict } from './dry-run.js'
import { applied, type Case } from './edits.js'
import { editsOfClaims } from './edits-of-claims.js'
import { editsOfKeys } from './edits-of-keys.js'
import { editsOfRequest } from './edits-of-requests.js'
import type { Edit, Fix, HowToExplain, KeyResult } from './explanation.js'
import type { Proposals, Situation } from './proposals.js'
import { demandsOf } from './signer.js'
import { attempt, type Extent } from './trial.js'

/** How many cases are tried at most: the hooks of the host are called for each. */
export const mostTrials = 150
const most = { edits: 6, fixes: 8 }

/** What was registered and sent, to begin with. */
export interface Start {
  readonly subject: Case
  readonly verdict: Verdict
  readonly keys: Readonly<Record<'grant' | 'client', readonly KeyResult[]>>
}

interface Node {
  readonly subject: Case
  readonly verdict: Verdict
  readonly edits: readonly Edit[]
}

const isSame = (one: Edit, other: Edit) => one.path === other.path && JSON.stringify(one.value) === JSON.stringify(other.value)
/** Whether two sets change the same things, perhaps to other values. */
const isSamePlaces = (one: readonly Edit[], other: readonly Edit[]) =>
  one.length === other.length && one.every(({ path }) => other.some((edit) => edit.path === path))
const contains = (edits: readonly Edit[], part: readonly Edit[]) => part.every((edit) => edits.some((one) => isSame(one, edit)))

/** The parameters that say what is asked. Each of the others may be a credential or a code. */
const harmlessParameters = ['grant_type', 'scope', 'client_id', 'client_assertion_type', 'resource', 'audience'].map(
  (name) => `form.${name}`,
)

/** An edit as it is shown: without the credentials of the request, also without those that stand in a wrong place. It was tried with them. */
function shownEdit({ text, value, ...edit }: Edit): Edit {
  const isSecret = edit.path.startsWith('form.') && !harmlessParameters.includes(edit.path)
  const shown = isSecret && value !== undefined ? '(as it was sent)' : withoutCredentialsIn(value)
  return { ...edit, text: withoutCredentials(text), ...(value !== undefined && { value: shown }) }
}

function withoutCredentialsIn(value: unknown): unknown {
  if (typeof value === 'string') return withoutCredentials(value)
  if (Array.isArray(value)) return value.map(withoutCredentialsIn)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, withoutCredentialsIn(one)]))
}

/** Which of two JWTs a refusal is about. */
export function useOf({ error, step, reason }: Pick<Verdict, 'error' | 'step' | 'reason'>, { form }: Case): 'grant' | 'client' {
  if (form.client_assertion === undefined) return 'grant'
  if (form.assertion === undefined) return 'client'
  return step === 'authenticateClient' && (error === 'invalid_client' || reason === undefined) ? 'client' : 'grant'
}

const editsOfJwt: Proposals = { ...editsOfClaims, ...editsOfKeys }

function proposals(extent: Extent, { subject, verdict }: Node, { keys }: Start, now: number): Edit[] {
  const reason = verdict.reason as Reason
  const use = extent === 'request' ? useOf(verdict, subject) : extent
  const draft = subject[use === 'grant' ? 'assertion' : 'client_assertion']
  const known = keys[use].map((key) => ({ ...key, verifies: draft?.key !== undefined && key.thumbprint === draft.key }))
  const settings = settingsOf('explain', subject.options)
  const situation: Situation = {
    use,
    subject,
    settings,
    demands: demandsOf(use, subject, settings),
    now,
    keys: known,
    seen: verdict.detail?.seen,
  }
  try {
    const ofJwt = draft === undefined ? [] : (editsOfJwt[reason]?.(situation) ?? [])
    const ofRequest = editsOfRequest[reason]?.(situation) ?? []
    return [...ofJwt, ...ofRequest].filter((edit) => edit !== undefined)
  } catch {
    return [] // an object of the host whose members throw
  }
}

/** Sets of edits, of which each was tried and passes; without any one of its edits it does not. */
export async function findFixes(extent: Extent, start: Start, how: HowToExplain): Promise<Fix[]> {
  const now = how.at ?? Date.now() / 1000
  const found: (readonly Edit[])[] = []
  let trials = 0
  const tried = async (subject: Case): Promise<Verdict | undefined> => {
    if (++trials > mostTrials) return undefined
    try {
      return await attempt(extent, subject, how)
    } catch {
      return undefined // an option that cannot be set so
    }
  }
  /** Leaves out what a later edit made unnecessary. */
  const smallest = async (edits: readonly Edit[]): Promise<readonly Edit[]> => {
    for (const edit of edits) {
      const fewer = edits.filter((one) => one !== edit)
      if (fewer.length > 0 && (await tried(fewer.reduce(applied, start.subject)))?.accepted) return smallest(fewer)
    }
    return edits
  }
  let level: Node[] = [{ subject: start.subject, verdict: start.verdict, edits: [] }]
  for (let depth = 1; depth <= most.edits && level.length > 0 && found.length < most.fixes; depth++) {
    const next: Node[] = []
    for (const node of level) {
      for (const edit of proposals(extent, node, start, now)) {
        if (trials >= mostTrials) break // a header may have thousands of members
        const edits = [...node.edits, edit]
        const isKnown = node.edits.some(({ path }) => path === edit.path) || found.some((one) => contains(edits, one))
        if (isKnown || next.some((other) => contains(other.edits, edits))) continue
        const subject = applied(node.subject, edit)
        const verdict = await tried(subject)
        if (verdict?.accepted) {
          const minimal = await smallest(edits)
          if (!found.some((one) => contains(minimal, one) || (minimal !== edits && isSamePlaces(one, minimal)))) found.push(minimal)
        } else if (verdict && !verdict.leftToHost) next.push({ subject, verdict, edits })
      }
    }
    level = next
  }
  return found
    .map((edits) => ({ edits: edits.map(shownEdit), weakens: edits.some(({ weakens }) => weakens) }))
    .sort((one, other) => Number(one.weakens) - Number(other.weakens) || one.edits.length - other.edits.length)
    .slice(0, most.fixes)
}
