/** What `explain` calls: the public functions, which a test replaces. */
import { explain, explainRequest } from '../index.js'

export interface Explainer {
  readonly explain: typeof explain
  readonly explainRequest: typeof explainRequest
}

export const explainer: Explainer = { explain, explainRequest }
