/** What a command reads and writes: the terminal, or what a test gives it. */
export interface Io {
  /** Prints a text and a line feed to stdout. */
  readonly out: (text: string) => void
  readonly err: (text: string) => void
  readonly stdin: () => Promise<string>
  readonly env: Readonly<Record<string, string | undefined>>
  /** Whether stdout is a terminal that wants colours. */
  readonly colour: boolean
  /** Aborted if the command must end, as by Ctrl-C. */
  readonly stop: AbortSignal
}

/** What was asked cannot be done: wrong usage, or a file that cannot be read. Exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** 0: all is well. 1: a problem was found. */
export interface Outcome {
  readonly code: 0 | 1
  /** For `--json`. */
  readonly json?: unknown
  /** For people. Without it, the verb has printed what it had to say. */
  readonly text?: string
}
