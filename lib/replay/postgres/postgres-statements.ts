import { type Check, checkOptionsOf, must, tableOf } from '../../host/checks.js'

/** Options of `postgresReplaySchema`. */
export interface PostgresTableOptions {
  /**
   * Name of the table, also `schema.table`: letters, digits and underscores. Each authorization server needs a table of its own.
   * @default 'oauth_replay'
   */
  table?: string
}

/** The row that holds since when the table is complete. No marker has this key: theirs are 43 base64url characters. */
const epochKey = `':epoch'`
const serverTime = 'extract(epoch FROM clock_timestamp())::float8'

/** The parts must be identifiers, short enough for the name of the index. */
export const tableName = must(
  'a name, or schema.name, of lower-case letters, digits and underscores, each of at most 50 characters',
  (table) => typeof table === 'string' && /^(?:[a-z_][a-z0-9_]{0,49}\.)?[a-z_][a-z0-9_]{0,49}$/.test(table),
)

const schemaChecks = tableOf({ table: tableName } satisfies Record<keyof PostgresTableOptions, Check>)

/** Quotes a checked table name. */
function quoted(table: string): { table: string; index: string } {
  const parts = table.split('.')
  return { table: parts.map((part) => `"${part}"`).join('.'), index: `"${parts.at(-1)}_expires_at"` }
}

/**
 * The SQL that creates the table of `postgresReplayStore`, for your migrations. It changes nothing if the table exists. The role of the
 * store needs SELECT, INSERT, UPDATE and DELETE on it.
 *
 * @throws ConfigurationError if the table name is invalid
 */
export function postgresReplaySchema(options: PostgresTableOptions = {}): string {
  checkOptionsOf('postgresReplaySchema', schemaChecks, options)
  const { table: name = 'oauth_replay' } = options
  const { table, index } = quoted(name)
  return `CREATE TABLE IF NOT EXISTS ${table} (
  key text COLLATE "C" PRIMARY KEY,
  expires_at double precision NOT NULL, -- seconds since 1970
  epoch text,                           -- of the one row that says since when the table is complete
  created double precision,
  since double precision
);
CREATE INDEX IF NOT EXISTS ${index} ON ${table} (expires_at);
`
}

/**
 * Each statement is atomic. `consume` reads the epoch and inserts under it in one snapshot; it does not lock the row of the epoch, which
 * would serialize all requests.
 */
export function postgresStatements(name = 'oauth_replay') {
  const { table } = quoted(name)
  return {
    /** $1 key, $2 expires at, $3 usable from (seconds), $4 the known epoch. Gives one row, or none if there is no epoch. */
    consume: `WITH epoch AS (
  SELECT epoch = $4 AS known, since <= $3 AS remembered FROM ${table} WHERE key = ${epochKey}
), recorded AS (
  INSERT INTO ${table} AS record (key, expires_at)
  SELECT $1::text, $2::float8 FROM epoch WHERE known AND remembered AND $2 > ${serverTime}
  ON CONFLICT (key) DO UPDATE SET expires_at = EXCLUDED.expires_at WHERE record.expires_at <= ${serverTime}
  RETURNING 1
)
SELECT known, remembered, EXISTS (SELECT FROM recorded) AS recorded FROM epoch`,

    /** $1 a new epoch, $2 time of the process (seconds), $3 whether an empty table has lost its records, $4 known epoch, or null. */
    epoch: `INSERT INTO ${table} AS record (key, expires_at, epoch, created, since)
SELECT ${epochKey}, 'infinity', $1::text, now, CASE WHEN $3::boolean THEN now ELSE 0 END
FROM (SELECT GREATEST($2::float8, ${serverTime}) + 0.001 AS now) AS clock
ON CONFLICT (key) DO UPDATE SET since = GREATEST(record.since, CASE WHEN record.epoch <> $4::text THEN record.created END)
RETURNING epoch AS id`,

    /** $1 key */
    release: `DELETE FROM ${table} WHERE key = $1`,

    /** $1 the largest number of rows. Records stay 600 seconds longer, in case a clock is stepped back. */
    sweep: `DELETE FROM ${table} WHERE key IN (
  SELECT key FROM ${table} WHERE expires_at < ${serverTime} - 600 LIMIT $1 FOR UPDATE SKIP LOCKED
)`,
  }
}
