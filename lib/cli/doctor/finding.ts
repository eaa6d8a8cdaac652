/** One line of the report of `doctor`. */
export interface Finding {
  /** `ok`: as it must be. `warning`: this server takes it, others may not, or it will be a problem. `problem`: this server refuses it. */
  readonly state: 'ok' | 'warning' | 'problem'
  readonly topic: string
  readonly text: string
}

export const ok = (topic: string, text: string): Finding => ({ state: 'ok', topic, text })
export const warning = (topic: string, text: string): Finding => ({ state: 'warning', topic, text })
export const problem = (topic: string, text: string): Finding => ({ state: 'problem', topic, text })
