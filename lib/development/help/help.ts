/** What to do about a reason: for docs/reference/errors.md and for the development log. Markdown, which the log strips. */
export interface Help {
  /** What must hold, for a reason that is no check of `rules/`. */
  readonly check?: string
  /** The usual cause. */
  readonly cause: string
  readonly fix: string
}

const link = /\[([^[\]]*)\]\([^[()]*\)/g

/** Markdown as it reads on a terminal: without the address of a link, and without backticks. */
export const plain = (markdown: string) => markdown.replace(link, '$1').replaceAll('`', '')
