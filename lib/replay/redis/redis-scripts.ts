/**
 * Redis runs a script atomically, so that nothing can happen between reading the epoch and `SET … NX`: if the server were emptied in
 * between, a used JWT would be accepted again. `MULTI` cannot branch, and `WATCH` would need three round trips and a connection of its own.
 *
 * The epoch holds since when the records are complete (`since`), when it was created (`created`), and which run of the server confirmed it
 * last (`run`). It is missing if the records were lost; its run differs if a snapshot or a replica may lack the latest records. `since`
 * only ever increases.
 *
 * A server that may evict records is refused when a process first sees it, and when its run has changed: most policies drop what has an
 * expiry, as markers have, and keep the epoch, which has none; so nothing would show that records are missing.
 *
 * Times are in milliseconds. A marker holds its owner, the call that set it: a client library that repeats a command after a broken
 * connection gets the lost answer, and a repeated release cannot delete the marker of another request.
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
if not id or id ~= knownId or (not isDurable and epoch[4] ~= run) then
  local memory = redis.pcall('INFO', 'memory')
  memory = type(memory) == 'string' and memory or ''
  local limit, policy = string.match(memory, 'maxmemory:(%d+)'), string.match(memory, 'maxmemory_policy:(%S+)')
  if (limit or '0') ~= '0' and (policy or 'noeviction') ~= 'noeviction' then
    return redis.error_reply('ERR maxmemory-policy ' .. policy .. ' drops live records: set noeviction')
  end
end
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
