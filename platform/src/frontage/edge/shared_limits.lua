-- Decides one request under all of its windows in one step, by the server's clock. The same rings as in ring.py: thirty
-- ticks a second, sub-windows of `seconds` ticks, each of which counts until it has wholly left the window.
--
-- KEYS[1]: since when this store has counted without a loss. KEYS[1 + a]: all rings of ask a, one record a ring.
-- ARGV: for every ask the number of its windows, then seconds and quota of each.
-- Answers "birth tightest reset left…": the value of KEYS[1], the number of the tightest window, its reset in seconds,
-- and what each window had left. The request was admitted if every window had something left.
local ALIVE = 31
local HEAD = '<I4I4I4dd' -- seconds, total, newest count, newest sub-window, ticks by which the ring runs before the clock
local HEAD_SIZE = 28
local COUNTS = '<I4I4I4I4I4I4I4I4I4I4I4I4I4I4I4I4I4I4I4I4I4I4I4I4I4I4I4I4I4I4I4'
local RECORD_SIZE = HEAD_SIZE + 4 * ALIVE
local NONE = ('\0'):rep(4 * ALIVE)
local floor, max, pack, unpack_bytes = math.floor, math.max, struct.pack, struct.unpack

local time = redis.call('TIME')
local now = time[1] * 30 + floor(time[2] * 3 / 100000)
local kept = redis.call('MGET', unpack(KEYS))
local birth = kept[1] or time[1] .. '.' .. time[2]
if not kept[1] or #KEYS == 1 then
    -- A greeting, which brings no ask, writes as well: a store that can only be read is of no use.
    redis.call('SET', KEYS[1], birth)
end
local stepped_back = false

-- The counts of the sub-windows, at sub-window % ALIVE + 1.
local function counts_of(ring)
    local counts = {unpack_bytes(COUNTS, ring.counts)}
    counts[ring.newest % ALIVE + 1] = ring.current
    return counts
end

-- Moves a ring on to a sub-window, forgetting those that have left.
local function turn(ring, sub_window)
    if sub_window - ring.newest >= ALIVE then
        ring.counts, ring.total = NONE, 0
    else
        local counts = counts_of(ring)
        for leaving = ring.newest + 1, sub_window do
            local cell = leaving % ALIVE + 1
            ring.total = ring.total - counts[cell]
            counts[cell] = 0
        end
        ring.counts = pack(COUNTS, unpack(counts))
    end
    ring.newest, ring.current = sub_window, 0
end

local function read(value, at)
    local seconds, total, current, newest, ahead = unpack_bytes(HEAD, value, at)
    local tick, counts = now + ahead, value:sub(at + HEAD_SIZE, at + RECORD_SIZE - 1)
    local sub_window = floor(tick / seconds)
    local ring = {
        seconds = seconds, total = total, current = current, newest = newest, ahead = ahead, tick = tick,
        counts = counts, asked = false,
    }
    if sub_window > newest then
        turn(ring, sub_window)
    elseif sub_window < newest then
        -- The clock stepped back: the ring goes on from where it stood, so that nothing is freed early or held long.
        ring.tick = ring.newest * ring.seconds
        ring.ahead = ring.tick - now
        stepped_back = true
    end
    return ring
end

local function fresh(seconds)
    return {
        seconds = seconds, total = 0, current = 0, newest = floor(now / seconds), ahead = 0, tick = now,
        counts = NONE, asked = false,
    }
end

-- All rings of an ask by their seconds, also those of windows that its policy has lost since.
local function opened(value)
    local rings = {}
    if value then
        for at = 1, #value, RECORD_SIZE do
            local ring = read(value, at)
            rings[ring.seconds] = ring
        end
    end
    return rings
end

local function empty_in(ring)
    return (ring.newest + ALIVE) * ring.seconds - ring.tick
end

local function keep(key, rings, admitted)
    local records, longest = {}, 0
    for seconds, ring in pairs(rings) do
        if admitted and ring.asked then
            ring.total, ring.current = ring.total + 1, ring.current + 1
        end
        if ring.total > 0 then
            records[#records + 1] = pack(HEAD, seconds, ring.total, ring.current, ring.newest, ring.ahead) .. ring.counts
            longest = max(longest, empty_in(ring))
        end
    end
    redis.call('SET', key, table.concat(records), 'PX', math.ceil(longest * 100 / 3) + 1000)
end

-- Ticks until one more is admitted when the quota is exhausted, otherwise until the ring is empty.
local function wait(ring, quota)
    if ring.total < quota then
        return empty_in(ring)
    end
    local surplus, counts = ring.total - quota, counts_of(ring)
    for sub_window = ring.newest - ALIVE + 1, ring.newest do
        surplus = surplus - counts[sub_window % ALIVE + 1]
        if surplus < 0 then
            return (sub_window + ALIVE) * ring.seconds - ring.tick
        end
    end
    return ring.seconds * 30
end

local asks, windows, quotas, left, fewest, word = {}, {}, {}, {}, math.huge, 1
for a = 2, #KEYS do
    local rings = asks[KEYS[a]] or opened(kept[a])
    asks[KEYS[a]] = rings
    for at = word + 1, word + 2 * ARGV[word], 2 do
        local seconds, quota = tonumber(ARGV[at]), tonumber(ARGV[at + 1])
        local ring = rings[seconds] or fresh(seconds)
        rings[seconds], ring.asked = ring, true
        local i = #left + 1
        windows[i], quotas[i], left[i] = ring, quota, quota - ring.total
        if left[i] < fewest then
            fewest = left[i]
        end
    end
    word = word + 2 * ARGV[word] + 1
end

if fewest > 0 or stepped_back then
    for key, rings in pairs(asks) do
        keep(key, rings, fewest > 0)
    end
end

local tightest, latest = 0, 0
for i, ring in ipairs(windows) do
    if left[i] <= max(fewest, 0) then
        local ticks = wait(ring, quotas[i])
        -- Of windows that wait equally long the one that a lowered quota left most overdrawn is told.
        if ticks > latest or (ticks == latest and left[i] < left[tightest]) then
            tightest, latest = i, ticks
        end
    end
end
return redis.status_reply(table.concat({birth, tightest, math.ceil(latest / 30), unpack(left)}, ' '))
