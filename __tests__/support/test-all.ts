/** `npm run test:all` sets TEST_ALL, and runs everything. `npm test` runs what a change in lib/ can break; scripts/test.mjs says what it leaves out. */
export const testAll = process.env.TEST_ALL === '1'

/** The number of runs of a test with random input: all of them, or in `npm test` a fifth. */
export const runs = (all: number) => (testAll ? all : Math.ceil(all / 5))
