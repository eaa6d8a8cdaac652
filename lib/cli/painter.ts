const codes = { bold: [1, 22], dim: [2, 22], red: [31, 39], green: [32, 39], yellow: [33, 39] } as const

export type Paint = (style: keyof typeof codes, text: string) => string

/** Colours for a terminal, or none. `styleText` of Node asks its own stdout whether it is a terminal. */
export const painter = (colour: boolean): Paint =>
  colour ? (style, text) => `\x1b[${codes[style][0]}m${text}\x1b[${codes[style][1]}m` : (_style, text) => text

/** Aligned columns. The cells have no colours yet; `paint` gets each cell, filled up. */
export function columns(rows: readonly (readonly string[])[], paint: (cell: string, column: number, row: number) => string): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((cells) => (cells[column] as string).length)))
  return rows
    .map((cells, row) =>
      cells
        .map((cell, column) => paint(column === cells.length - 1 ? cell : cell.padEnd(widths[column] as number), column, row))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
