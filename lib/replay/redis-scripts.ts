/**
 * Redis runs a script as one command, so that nothing comes between the look at the epoch and the `SET … NX`: a server that was emptied in
 * between would have honoured a used JWT once more. `MULTI` could not decide anything on the way, and `WATCH` would take three round trips and a
 * connection of its own.
 *
 * The epoch says since when the records are complete (`since`), when it was made (`created`), and by which run of the server it was last
 * confirmed. It is missing where the memory was lost, and of another run where a snapshot, or a replica, may lack what was used last. `since` is
 * only ever raised.
 *
 * Times are in milliseconds. A marker holds who set it: a client library that sends a command again after a broken connection is given
 * the answer that got lost, and cannot take away what another request has set since.
 */
export const consumeScript = `
local marker, epochKey = KEYS[1], KEYS[2]
local owner, expiresAt, usableFrom, processTime, knownId, newId = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5], ARGV[6]
local isGuarded, isDurable = ARGV[7] == '1', ARGV[8] == '1'
local clock = redis.call('TIME')
local serverTime = clock[1] * 1000 + math.floor(clock[2] / 1000)
local now = string.format('%.0f', math.max(serverTime, processTime) + 1)
local run = isDurable and '' or string.match(redis.call('INFO', 'server'), 'run_id:(%w+)') or ''
local epoch = redis.call('HMGET', epochKey, 'id', 'created', 'since', 'run')
local id, created, since = epoch[1], epoch[2], epoch[3]
if not id then
  id, created, since = newId, now, (knownId ~= '' or isGuarded) and now or '0'
  redis.call('HSET', epochKey, 'id', id, 'created', created, 'since', since, 'run', run)
elseif not isDurable and epoch[4] ~= run then
  created, since = now, now
  redis.call('HSET', epochKey, 'created', created, 'since', since, 'run', run)
elseif knownId ~= '' and knownId ~= id and tonumber(since) < tonumber(created) then
  since = created
  redis.call('HSET', epochKey, 'since', since)
end
if not (usableFrom >= tonumber(since)) then return { id, 'forgotten' } end
if tonumber(expiresAt) <= serverTime then return { id, 'used' } end
if redis.call('SET', marker, owner, 'NX', 'PXAT', expiresAt) then return { id, 'fresh' } end
return { id, redis.call('GET', marker) == owner and 'fresh' or 'used' }
`

export const releaseScript = `
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
`
