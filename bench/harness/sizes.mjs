/** How much is measured: a full run, or just enough to see that everything works (smoke). */
export const full = {
  rounds: 5,
  warmups: 3, // rounds that do not count, until the JIT compiler is done
  slices: 16, // of a round: contenders take turns with each
  count: 4000, // requests of one contender in one round
  countRsa: 2000, // with RSA, which takes the load 20 times as long to sign
  countBig: 500, // of 90 kB
  seconds: 5, // of an open-loop run
  lead: 2, // seconds before it that do not count
  honestRate: 1000,
  floodRate: 8000,
  growth: { crowd: [1, 10, 100, 1000, 10_000, 100_000], keysEach: [1, 3, 10, 30, 100], remembered: [1e3, 1e4, 1e5, 1e6] },
  growthStore: [1e3, 1e4, 1e5, 1e6, 5e6, 1e7],
  bytes: [512, 1024, 2048, 4096, 8000],
  soak: 1_000_000,
  chunk: 20_000,
  storeMax: 100_000,
}

export const smoke = {
  ...full,
  rounds: 1,
  warmups: 0,
  slices: 2,
  count: 20,
  countRsa: 20,
  countBig: 10,
  seconds: 0.2,
  lead: 0,
  honestRate: 50,
  floodRate: 200,
  growth: { crowd: [1, 20], keysEach: [1, 5], remembered: [10, 1000] },
  growthStore: [100, 1000],
  bytes: [512, 2048],
  soak: 400,
  chunk: 200,
  storeMax: 400,
}
