#include "queue/scripts.h"

const char gs_queue_script_submit[] =
	"local state = redis.call('HGET', KEYS[2], ARGV[1])\n"
	"if state then return {'known', string.sub(state, 1, 1)} end\n"
	"if redis.call('XLEN', KEYS[1]) >= tonumber(ARGV[3]) then return {'full'} end\n"
	"if redis.call('HLEN', KEYS[2]) >= tonumber(ARGV[4]) then return {'kept'} end\n"
	"local entry = redis.call('XADD', KEYS[1], '*', 'id', ARGV[1], 'payload', ARGV[2])\n"
	"redis.call('HSET', KEYS[2], ARGV[1], 'q' .. entry)\n"
	"return {'new'}\n";

/* Of an entry that has been read: fields come as name, value, name, value. */
#define PUT_ASIDE \
	"local function put_aside(group, worker, entry, deliveries, why)\n" \
	"  local job = redis.call('XRANGE', KEYS[1], entry, entry)[1]\n" \
	"  if job then\n" \
	"    local id, payload = job[2][2], job[2][4]\n" \
	"    why = why or redis.call('HGET', KEYS[5], id) or ('it has ended or silenced every worker, ' .. worker .. ' last')\n" \
	"    local aside = redis.call('XADD', KEYS[4], '*', 'id', id, 'payload', payload, 'deliveries', deliveries,\n" \
	"      'worker', worker, 'error', why)\n" \
	"    local result = redis.call('XADD', KEYS[3], '*', 'id', id, 'kind', 'aside', 'worker', worker, 'bytes', why)\n" \
	"    redis.call('HSET', KEYS[2], id, 'd' .. result .. ' ' .. aside)\n" \
	"    redis.call('HDEL', KEYS[5], id)\n" \
	"  end\n" \
	"  redis.call('XACK', KEYS[1], group, entry)\n" \
	"  redis.call('XDEL', KEYS[1], entry)\n" \
	"end\n"

const char gs_queue_script_reclaim[] = PUT_ASIDE
	"local group, worker, visibility = ARGV[1], ARGV[2], ARGV[3]\n"
	"local pending = redis.pcall('XPENDING', KEYS[1], group, 'IDLE', visibility, '-', '+', 16)\n"
	"if pending.err then\n"
	"  if not string.find(pending.err, 'NOGROUP', 1, true) then return pending end\n"
	"  redis.call('XGROUP', 'CREATE', KEYS[1], group, '0', 'MKSTREAM')\n"
	"  return {}\n"
	"end\n"
	"local out = {}\n"
	"for _, held in ipairs(pending) do\n"
	"  local entry, deliveries = held[1], held[4]\n"
	"  if deliveries >= tonumber(ARGV[4]) then\n"
	"    put_aside(group, held[2], entry, deliveries)\n"
	"  elseif #out < tonumber(ARGV[5]) then\n"
	"    local got = redis.call('XCLAIM', KEYS[1], group, worker, visibility, entry)[1]\n"
	"    if got then out[#out + 1] = {entry, got[2][2], got[2][4], deliveries + 1} end\n"
	"  end\n"
	"end\n"
	"for _, consumer in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], group)) do\n"
	"  local about = {}\n"
	"  for i = 1, #consumer, 2 do about[consumer[i]] = consumer[i + 1] end\n"
	"  if about['pending'] == 0 and about['idle'] > 3600000 and about['name'] ~= worker then\n"
	"    redis.call('XGROUP', 'DELCONSUMER', KEYS[1], group, about['name'])\n"
	"  end\n"
	"end\n"
	"return out\n";

#define HELD \
	"local held = redis.pcall('XPENDING', KEYS[1], ARGV[1], ARGV[3], ARGV[3], 1)\n" \
	"if held.err and not string.find(held.err, 'NOGROUP', 1, true) then return held end\n" \
	"held = not held.err and held[1]\n" \
	"held = held and held[2] == ARGV[2] and held\n"

const char gs_queue_script_beat[] = HELD
	"if not held then return 0 end\n"
	"redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, ARGV[3], 'IDLE', 0, 'JUSTID')\n"
	"return 1\n";

const char gs_queue_script_finish[] =
	"local state = redis.call('HGET', KEYS[2], ARGV[4])\n"
	"if not state or string.sub(state, 1, 1) ~= 'q' then return 'late' end\n"
	"local result = redis.call('XADD', KEYS[3], '*', 'id', ARGV[4], 'kind', 'done', 'worker', ARGV[2], 'bytes', ARGV[5])\n"
	"redis.call('HSET', KEYS[2], ARGV[4], 'r' .. result)\n"
	"redis.call('XACK', KEYS[1], ARGV[1], string.sub(state, 2))\n"
	"redis.call('XDEL', KEYS[1], string.sub(state, 2))\n"
	"redis.call('HDEL', KEYS[5], ARGV[4])\n"
	"return 'stored'\n";

/* JUSTID leaves the number of deliveries as it is; the entry looks as if it had lain there for long. */
const char gs_queue_script_fail[] = PUT_ASIDE HELD
	"if not held then return 'late' end\n"
	"if held[4] >= tonumber(ARGV[7]) then\n"
	"  put_aside(ARGV[1], ARGV[2], ARGV[3], held[4], ARGV[5])\n"
	"  return 'aside'\n"
	"end\n"
	"redis.call('HSET', KEYS[5], ARGV[4], ARGV[5])\n"
	"redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, ARGV[3], 'IDLE', ARGV[6], 'JUSTID')\n"
	"return 'again'\n";

const char gs_queue_script_forget[] = "local state = redis.call('HGET', KEYS[2], ARGV[1])\n"
				      "local kind = state and string.sub(state, 1, 1)\n"
				      "if kind == 'r' then\n"
				      "  redis.call('XDEL', KEYS[3], string.sub(state, 2))\n"
				      "  redis.call('HDEL', KEYS[2], ARGV[1])\n"
				      "  return 1\n"
				      "end\n"
				      "local result, aside = string.match(state or '', '^d(%d%S+) (%S+)$')\n"
				      "if not result then return 0 end\n"
				      "redis.call('XDEL', KEYS[3], result)\n"
				      "redis.call('HSET', KEYS[2], ARGV[1], 'd- ' .. aside)\n"
				      "return 1\n";

#define FIND_ASIDE \
	"local state = redis.call('HGET', KEYS[2], ARGV[1])\n" \
	"local result, aside = string.match(state or '', '^d(%S+) (%S+)$')\n" \
	"if not aside then return 0 end\n"

const char gs_queue_script_revive[] = FIND_ASIDE
	"local job = redis.call('XRANGE', KEYS[4], aside, aside)[1]\n"
	"if not job then return 0 end\n"
	"local entry = redis.call('XADD', KEYS[1], '*', 'id', ARGV[1], 'payload', job[2][4])\n"
	"redis.call('HSET', KEYS[2], ARGV[1], 'q' .. entry)\n"
	"redis.call('XDEL', KEYS[4], aside)\n"
	"if result ~= '-' then redis.call('XDEL', KEYS[3], result) end\n"
	"return 1\n";

const char gs_queue_script_drop[] = FIND_ASIDE "redis.call('XDEL', KEYS[4], aside)\n"
					       "if result ~= '-' then redis.call('XDEL', KEYS[3], result) end\n"
					       "redis.call('HDEL', KEYS[2], ARGV[1])\n"
					       "return 1\n";

const char gs_queue_script_cancel[] = "local state = redis.call('HGET', KEYS[2], ARGV[1])\n"
				      "if not state or string.sub(state, 1, 1) ~= 'q' then return 0 end\n"
				      "redis.call('XACK', KEYS[1], 'workers', string.sub(state, 2))\n"
				      "redis.call('XDEL', KEYS[1], string.sub(state, 2))\n"
				      "redis.call('HDEL', KEYS[2], ARGV[1])\n"
				      "redis.call('HDEL', KEYS[5], ARGV[1])\n"
				      "return 1\n";

const char gs_queue_script_counts[] =
	"local held = redis.pcall('XPENDING', KEYS[1], ARGV[1])\n"
	"if held.err and not string.find(held.err, 'NOGROUP', 1, true) then return held end\n"
	"return {redis.call('XLEN', KEYS[1]), held.err and 0 or held[1], redis.call('XLEN', KEYS[3]),\n"
	"  redis.call('XLEN', KEYS[4]), redis.call('HLEN', KEYS[2])}\n";

/* TIME would need a right of its own. */
#define NOW \
	"local place = redis.call('XADD', KEYS[7], 'MAXLEN', '1', '*', 'is', 'now')\n" \
	"local now = tonumber(string.match(place, '^%d+'))\n"

const char gs_queue_script_tell[] = NOW "local all = redis.call('HGETALL', KEYS[6])\n"
					"for i = 1, #all, 2 do\n"
					"  local since = tonumber(string.match(all[i + 1], '^%d+') or 0)\n"
					"  if since + 3600000 < now then redis.call('HDEL', KEYS[6], all[i]) end\n"
					"end\n"
					"redis.call('HSET', KEYS[6], ARGV[1], string.format('%.0f ', now) .. ARGV[2])\n"
					"return 1\n";

const char gs_queue_script_members[] = NOW
	"local held = {}\n"
	"local group = redis.pcall('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])\n"
	"for _, consumer in ipairs(group.err and {} or group) do\n"
	"  local about = {}\n"
	"  for i = 1, #consumer, 2 do about[consumer[i]] = consumer[i + 1] end\n"
	"  held[about['name']] = about['pending']\n"
	"end\n"
	"local out = {}\n"
	"local all = redis.call('HGETALL', KEYS[6])\n"
	"for i = 1, #all, 2 do\n"
	"  local since, says = string.match(all[i + 1], '^(%d+) (.*)$')\n"
	"  if since then out[#out + 1] = {all[i], held[all[i]] or 0, math.max(0, now - tonumber(since)), says} end\n"
	"end\n"
	"return out\n";
