import { stripVTControlCharacters, styleText } from 'node:util'
import type { Outcome } from './run.js'

type Paint = (style: 'green' | 'red' | 'bold' | 'dim', text: string) => string
/** Colours for a terminal, or none. */
export const painter = (colour: boolean): Paint => (colour ? (style, text) => styleText(style, text) : (_style, text) => text)

/** The outcomes in aligned columns, by topic. */
export function table(outcomes: readonly Outcome[], paint: Paint): string {
  const head = ['', 'request', '', 'answer', 'sent by', 'logged reason'].map((text) => paint('dim', text))
  const body = outcomes.map(({ request, by, expected, answer, reason, asExpected }) => [
    asExpected ? paint('green', '✓') : paint('red', '✗'),
    request,
    paint('dim', '→'),
    asExpected ? answer : paint('red', `${answer} (expected ${expected})`),
    paint('dim', by),
    paint('dim', reason),
  ])
  const widths = head.map((_, column) => Math.max(...[head, ...body].map((cells) => width(cells[column] as string))))
  const line = (cells: readonly string[]) =>
    ` ${cells.map((cell, column) => cell + ' '.repeat((widths[column] as number) - width(cell))).join('  ')}`.trimEnd()

  const lines = [line(head)]
  for (const [index, { topic }] of outcomes.entries()) {
    if (topic !== outcomes[index - 1]?.topic) lines.push('', ` ${paint('bold', topic)}`)
    lines.push(line(body[index] as string[]))
  }
  return lines.join('\n')
}

const width = (text: string) => stripVTControlCharacters(text).length
