import { testAll } from './test-all.js'

type Combination<T extends readonly (readonly unknown[])[]> = { [K in keyof T]: T[K][number] }

/** The combinations to test: all of them in `npm run test:all`; in `npm test` as many as needed for each pair of values to meet. */
export const combinations = <T extends readonly (readonly unknown[])[]>(...dimensions: T): Combination<T>[] =>
  testAll ? product(...dimensions) : pairwise(...dimensions)

/** Every combination of one value of each dimension. */
export function product<T extends readonly (readonly unknown[])[]>(...dimensions: T): Combination<T>[] {
  return dimensions.reduce<unknown[][]>(
    (rows, values) => rows.flatMap((row) => values.map((value) => [...row, value])),
    [[]],
  ) as Combination<T>[]
}

/**
 * Combinations in which each two values of different dimensions meet at least once: most faults need no more than two things to come together. The
 * same in every run. It takes a pair that has not met, and for each other dimension the value that meets most of the others for the first time, or
 * else has met them least often.
 */
export function pairwise<T extends readonly (readonly unknown[])[]>(...dimensions: T): Combination<T>[] {
  if (dimensions.length < 3 || dimensions.some(({ length }) => length === 0)) return product(...dimensions)
  const meetings = new Map<string, number>()
  const pair = (i: number, a: number, j: number, b: number) => (i < j ? `${i}.${a} ${j}.${b}` : `${j}.${b} ${i}.${a}`)
  const met = (i: number, a: number, j: number, b: number) => meetings.get(pair(i, a, j, b)) ?? 0
  const indexes = [...dimensions.keys()]
  const size = (i: number) => (dimensions[i] as readonly unknown[]).length
  const planes = indexes.flatMap((i) => indexes.slice(i + 1).map((j) => [i, j] as const))

  const complete = (row: (number | undefined)[]): number[] => {
    for (const k of indexes) {
      if (row[k] !== undefined) continue
      const choices = Array.from({ length: size(k) }, (_, value) => {
        const before = row.flatMap((other, i) => (other === undefined ? [] : [met(i, other, k, value)]))
        return { value, news: before.filter((count) => count === 0).length, total: before.reduce((sum, count) => sum + count, 0) }
      })
      row[k] = choices.sort((one, other) => other.news - one.news || one.total - other.total)[0]?.value
    }
    return row as number[]
  }
  const rows: number[][] = []
  for (const [i, j] of planes.sort((one, other) => size(other[0]) * size(other[1]) - size(one[0]) * size(one[1]))) {
    for (const [a, b] of product([...Array(size(i)).keys()], [...Array(size(j)).keys()])) {
      if (met(i, a, j, b) > 0) continue
      const row = complete(indexes.map((k) => (k === i ? a : k === j ? b : undefined)))
      for (const [m, n] of planes) {
        const key = pair(m, row[m] as number, n, row[n] as number)
        meetings.set(key, (meetings.get(key) ?? 0) + 1)
      }
      rows.push(row)
    }
  }
  return rows.map((row) => row.map((value, k) => dimensions[k]?.[value])) as Combination<T>[]
}
