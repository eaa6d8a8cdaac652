import { randomUUID } from 'node:crypto'
import { aBoolean, aDuration, type Check, checkOptionsOf, tableOf } from '../../host/checks.js'
import { ConfigurationError } from '../../host/errors.js'
import type { ReplayStore } from '../../host/replay-store.js'
import { type PostgresTableOptions, postgresStatements, tableName } from './postgres-statements.js'

export type { ReplayStore } from '../../host/replay-store.js'
export { type PostgresTableOptions, postgresReplaySchema } from './postgres-statements.js'

/** A `Pool` of pg, or an equivalent that takes SQL and values. */
export interface PostgresPool {
  query(text: string, values: unknown[]): Promise<{ rows: unknown[]; rowCount: number | null }>
}

/** Options of `postgresReplayStore`. */
export interface PostgresReplayStoreOptions extends PostgresTableOptions {
  /**
   * Treats a table that is empty at the first call of this process as one that lost its records. JWTs that could have been used before are
   * refused. Without it, an empty table counts as new, unless this process has seen it with records.
   * @default false
   */
  startupGuard?: boolean
  /** Seconds between two deletions of expired records. @default 60 */
  sweepInterval?: number
}

const optionChecks = tableOf({ table: tableName, startupGuard: aBoolean, sweepInterval: aDuration } satisfies Record<
  keyof PostgresReplayStoreOptions,
  Check
>)

const sweepBatch = 1000

/**
 * A `ReplayStore` for many processes, on PostgreSQL 9.5 and later. Its table must exist: `postgresReplaySchema()` gives the SQL.
 *
 * A call returns `'full'` if the disk is full, and rejects if PostgreSQL fails or is unavailable. Expired records are deleted at intervals,
 * in batches, in the background.
 *
 * @param pool set its `connectionTimeoutMillis`, or requests wait for `hookTimeout` if PostgreSQL is unavailable
 * @throws ConfigurationError if `pool` is not a pool, or an option is wrong
 * @example postgresReplayStore(new Pool({ connectionString, connectionTimeoutMillis: 1000, query_timeout: 2000 }))
 */
export function postgresReplayStore(pool: PostgresPool, options: PostgresReplayStoreOptions = {}): ReplayStore {
  checkOptionsOf('postgresReplayStore', optionChecks, options)
  const { table, startupGuard = false, sweepInterval = 60 } = options
  if (typeof (pool as PostgresPool | null)?.query !== 'function')
    throw new ConfigurationError('postgresReplayStore: the first argument must be a pool: new Pool() of pg.')
  const sql = postgresStatements(table)
  let knownEpoch: string | undefined
  let nextSweep = Date.now() + sweepInterval * 1000
  let isSweeping = false

  /** Reads the epoch of the table: creates it if there is none, and raises its `since` if this process knew another epoch. */
  const confirmEpoch = async () => {
    const isLost = startupGuard || knownEpoch !== undefined
    const { rows } = await pool.query(sql.epoch, [randomUUID(), Date.now() / 1000, isLost, knownEpoch ?? null])
    knownEpoch = (rows[0] as { id: string }).id
  }
  const sweep = async () => {
    isSweeping = true
    try {
      const { rowCount } = await pool.query(sql.sweep, [sweepBatch])
      nextSweep = rowCount === sweepBatch ? 0 : Date.now() + sweepInterval * 1000
    } catch {
      nextSweep = Date.now() + sweepInterval * 1000 // the next consume reports the problem of the database
    }
    isSweeping = false
  }

  return {
    async consume(key, expiresAt, _issuer, usableFrom) {
      const now = Date.now()
      if (!(expiresAt * 1000 > now)) return false
      try {
        // If the epoch is not the known one, confirm it and repeat: a record is written only under a confirmed epoch.
        for (let attempt = 0; attempt < 3; attempt++) {
          if (knownEpoch === undefined) await confirmEpoch()
          const { rows } = await pool.query(sql.consume, [key, expiresAt, Math.max(usableFrom, 0), knownEpoch])
          const answer = rows[0] as { known: boolean; remembered: boolean; recorded: boolean } | undefined
          if (answer?.known) return answer.remembered ? answer.recorded === true : 'forgotten'
          await confirmEpoch()
        }
      } catch (error) {
        if ((error as { code?: unknown } | null)?.code === '53100') return 'full' // disk_full
        throw error
      } finally {
        if (now >= nextSweep && !isSweeping) sweep()
      }
      throw new Error('postgresReplayStore: the table loses its memory again and again')
    },
    async release(key) {
      await pool.query(sql.release, [key])
    },
  }
}
