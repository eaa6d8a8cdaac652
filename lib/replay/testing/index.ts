// What a host needs to test its own implementations.

export type { ReplayStore } from '../../host/replay-store.js'
export { type ReplayStoreCheck, type ReplayStoreSubject, replayStoreChecks } from './replay-store-checks.js'
export { replayStoreContract, type TestFunctions } from './replay-store-contract.js'
