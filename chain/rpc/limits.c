#include "chain/rpc/limits.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum {
	HTTP_TOO_LARGE = 413,
	HTTP_TOO_MANY = 429,
	LIMIT_EXCEEDED = -32005,
	QUICKNODE_RANGE = -32614,
	QUICKNODE_RATE = -32007,
};

/* How providers and nodes say it, in parts of their messages; the first that fits counts. Sources: geth's and erigon's texts, and
 * what users of Alchemy, Infura, QuickNode, Ankr, dRPC, Chainstack, Tenderly and Base's public endpoint report in their trackers. */
static const struct {
	const char *text;
	enum gs_limit_kind kind;
} spelling[] = {
	{"batch limit", GS_LIMIT_BATCH},        /* erigon: batch limit 100 exceeded: 142 requests given */
	{"batch item", GS_LIMIT_BATCH},         /* "batch item count exceeded" */
	{"batch too large", GS_LIMIT_BATCH},    /* geth */
	{"batch size", GS_LIMIT_BATCH},         /* batch size is too large */
	{"batch response", GS_LIMIT_BATCH},     /* batch response size exceeded */
	{"requests in batch", GS_LIMIT_BATCH},  /* besu: Number of requests in batch exceeds ... */
	{"batch of more than", GS_LIMIT_BATCH}, /* dRPC: Batch of more than 3 requests are not allowed */
	{"maximum batch", GS_LIMIT_BATCH},      /* maximum batch size is 10 */
	{"max batch", GS_LIMIT_BATCH},
	{"calls in a batch", GS_LIMIT_BATCH},   /* too many calls in a batch */
	{"response too large", GS_LIMIT_BATCH}, /* geth, -32003, in a batch */
	{"block range", GS_LIMIT_RANGE}, /* Alchemy, Ankr, Base: block range [is] too large, up to a 500 block range */
	{"blocks range", GS_LIMIT_RANGE},
	{"range limit", GS_LIMIT_RANGE},      /* range 9009594 is bigger than range limit 2000 */
	{"is limited to a", GS_LIMIT_RANGE},  /* QuickNode: eth_getLogs is limited to a 10,000 range */
	{"exceeds limit of", GS_LIMIT_RANGE}, /* Infura: range 1000000 exceeds limit of 10000 */
	{"range is too large", GS_LIMIT_RANGE},
	{"range too large", GS_LIMIT_RANGE},
	{"exceed maximum block", GS_LIMIT_RANGE},     /* exceed maximum block range: 50000 */
	{"ranges over", GS_LIMIT_RANGE},              /* dRPC: ranges over 10000 blocks are not supported on freetier */
	{"query returned more than", GS_LIMIT_RANGE}, /* Infura: query returned more than 10000 results. Try with ... */
	{"exceeds max results", GS_LIMIT_RANGE}, /* reth: query exceeds max results 20000, retry with the range a-b */
	{"log response size", GS_LIMIT_RANGE},   /* Alchemy: Log response size exceeded. */
	{"response size exceeded", GS_LIMIT_RANGE},
	{"response size should not", GS_LIMIT_RANGE},
	{"response is too big", GS_LIMIT_RANGE},   /* jsonrpsee */
	{"logs matched by query", GS_LIMIT_RANGE}, /* logs matched by query exceeds limit of 10000 */
	{"query timeout exceeded", GS_LIMIT_RANGE},
	{"rate limit", GS_LIMIT_RATE},
	{"ratelimit", GS_LIMIT_RATE},
	{"too many requests", GS_LIMIT_RATE},
	{"request limit", GS_LIMIT_RATE}, /* QuickNode: 15/second request limit reached */
	{"request rate", GS_LIMIT_RATE},  /* project ID request rate exceeded */
	{"compute units", GS_LIMIT_RATE}, /* Alchemy: exceeded its compute units per second capacity */
	{"requests per", GS_LIMIT_RATE},
	{"throughput", GS_LIMIT_RATE},
	{"over limit", GS_LIMIT_RATE},
	{"daily request count", GS_LIMIT_RATE},
	{"credits", GS_LIMIT_RATE},
};

/* --- numbers in words --- */

/* The number at *at, decimal with commas and K or M behind it, or 0x..; *at goes behind it. False when there is none. */
static bool number_at(const char **at, uint64_t *out)
{
	const char *p = *at;
	uint64_t value = 0;
	const bool hex = p[0] == '0' && (p[1] == 'x' || p[1] == 'X');

	if (!isdigit((unsigned char)*p))
		return false;
	if (hex) {
		char *end;
		value = strtoull(p + 2, &end, 16);
		p = end;
	} else {
		for (; isdigit((unsigned char)*p) || (*p == ',' && isdigit((unsigned char)p[1])); p++)
			if (*p != ',' && value <= UINT32_MAX)
				value = value * 10 + (uint64_t)(*p - '0');
		if (*p == 'k' || *p == 'K')
			value *= 1000;
		else if (*p == 'M')
			value *= 1000 * 1000;
	}
	*at = p;
	*out = value;
	return true;
}

/* The number behind one of these words, a word or two between them at most; 0: none. */
static uint64_t number_behind(const char *message, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *at = strcasestr(message, words[i]);
		uint64_t value;
		if (!at)
			continue;
		for (at += strlen(words[i]); *at && strchr(" :=(a", *at); at++)
			;
		if (number_at(&at, &value) && value)
			return value;
	}
	return 0;
}

/* Blocks of "[0x123, 0x456]" or "the range 123-456"; 0: none is proposed. */
static uint64_t proposed_range(const char *message)
{
	const char *at = strchr(message, '[');
	uint64_t from, to;

	if (!at) {
		at = strcasestr(message, "the range ");
		if (!at)
			return 0;
		at += strlen("the range ") - 1;
	}
	at++;
	if (!number_at(&at, &from))
		return 0;
	while (*at == ',' || *at == ' ' || *at == '-')
		at++;
	if (!number_at(&at, &to) || to < from)
		return 0;
	return to - from + 1;
}

static uint64_t hint_of(enum gs_limit_kind kind, const char *message)
{
	static const char *const range_words[] = {
		"max block range =", "range limit",         "exceeds limit of", "limited to a",      "with up to a",
		"ranges over",       "maximum block range", "limited to",       "maximum is set to", "max range"};
	static const char *const batch_words[] = {"batch limit",    "batch of more than", "maximum batch size is",
	                                          "max batch size", "maximum batch size", "max limit of"};
	static const char *const rate_words[] = {"retry after", "try again in", "retry in"};
	const char *of_results[] = {"query returned more than", "exceeds max results", "logs matched by query",
	                            "log response size"};
	uint64_t proposed;

	switch (kind) {
	case GS_LIMIT_NONE: return 0;
	case GS_LIMIT_RATE: return 1000 * number_behind(message, rate_words, GS_ARRAY_LEN(rate_words));
	case GS_LIMIT_BATCH: return number_behind(message, batch_words, GS_ARRAY_LEN(batch_words));
	case GS_LIMIT_RANGE:
		if ((proposed = proposed_range(message)))
			return proposed;
		for (size_t i = 0; i < GS_ARRAY_LEN(of_results); i++) /* its number counts logs, not blocks */
			if (strcasestr(message, of_results[i]))
				return 0;
		return number_behind(message, range_words, GS_ARRAY_LEN(range_words));
	}
	return 0;
}

static enum gs_limit_kind recognise(const struct gs_rpc_failure *failure, uint64_t *hint)
{
	*hint = 0;
	if (failure->kind == GS_RPC_NO_FAILURE || failure->kind == GS_RPC_TRANSPORT || failure->kind == GS_RPC_REVERT)
		return GS_LIMIT_NONE;
	for (size_t i = 0; i < GS_ARRAY_LEN(spelling) && failure->kind != GS_RPC_OVERSIZE; i++)
		if (strcasestr(failure->message, spelling[i].text)) {
			*hint = hint_of(spelling[i].kind, failure->message);
			return spelling[i].kind;
		}
	if (failure->kind == GS_RPC_OVERSIZE || failure->code == QUICKNODE_RANGE || failure->code == HTTP_TOO_LARGE)
		return GS_LIMIT_RANGE;
	if (failure->code == HTTP_TOO_MANY || failure->code == LIMIT_EXCEEDED || failure->code == QUICKNODE_RATE ||
	    failure->retry_after_s)
		return GS_LIMIT_RATE;
	return GS_LIMIT_NONE;
}

enum gs_limit_kind gs_limit_recognise(const struct gs_rpc_failure *failure, uint64_t *hint)
{
	const enum gs_limit_kind kind = recognise(failure, hint);

	if (kind == GS_LIMIT_RATE && failure->retry_after_s)
		*hint = (uint64_t)failure->retry_after_s * 1000;
	return kind;
}

/* --- what was learnt --- */

void gs_limits_init(struct gs_limits *l)
{
	memset(l, 0, sizeof(*l));
	l->batch = GS_LIMITS_BATCH_DEFAULT;
	l->range = GS_LIMITS_RANGE_DEFAULT;
}

static uint64_t smaller(uint64_t hint, uint64_t asked)
{
	const uint64_t value = hint && hint < asked ? hint : asked / 2;

	return value ? value : 1;
}

static void slow_down(struct gs_limits *l, uint64_t hint, uint64_t now_ms)
{
	const uint32_t busiest = l->this_second > l->last_second ? l->this_second : l->last_second;
	const double before = l->rate > 0 ? l->rate : busiest;
	const uint64_t rest = hint ? hint : 1000;

	/* Calls that were under way together are refused together: that is one refusal. */
	if (now_ms - l->refused_ms >= 1000 || l->rate <= 0) {
		l->rate = before / 2 > GS_LIMITS_RATE_MIN ? before / 2 : GS_LIMITS_RATE_MIN;
		l->refused_ms = now_ms;
	}
	l->tokens = 0;
	l->rests_until_ms = now_ms + (rest < GS_LIMITS_REST_MS_MAX ? rest : GS_LIMITS_REST_MS_MAX);
	l->filled_ms = l->rests_until_ms;
}

void gs_limits_refused(struct gs_limits *l, enum gs_limit_kind kind, uint64_t hint, uint64_t asked, uint64_t now_ms)
{
	switch (kind) {
	case GS_LIMIT_NONE: break;
	case GS_LIMIT_RATE: slow_down(l, hint, now_ms); break;
	case GS_LIMIT_RANGE:
		if (asked == 0)
			break;
		l->range = smaller(hint, asked < l->range ? asked : l->range);
		l->range_good = 0;
		break;
	case GS_LIMIT_BATCH:
		l->batch = (uint32_t)smaller(hint, asked < l->batch ? asked : l->batch);
		l->batch_good = 0;
		break;
	}
}

void gs_limits_took_batch(struct gs_limits *l, uint64_t calls)
{
	if (calls < l->batch || ++l->batch_good < GS_LIMITS_GROW_AFTER)
		return;
	l->batch_good = 0;
	l->batch += l->batch / 8 + 1;
	if (l->batch > GS_LIMITS_BATCH_MAX)
		l->batch = GS_LIMITS_BATCH_MAX;
}

void gs_limits_took_range(struct gs_limits *l, uint64_t blocks)
{
	if (blocks < l->range || ++l->range_good < GS_LIMITS_GROW_AFTER)
		return;
	l->range_good = 0;
	l->range += l->range / 8 + 1;
	if (l->range > GS_LIMITS_RANGE_MAX)
		l->range = GS_LIMITS_RANGE_MAX;
}

static void count(struct gs_limits *l, uint64_t now_ms)
{
	const uint64_t second = now_ms / 1000;

	if (second != l->second_ms / 1000) {
		l->last_second = second == l->second_ms / 1000 + 1 ? l->this_second : 0;
		l->this_second = 0;
		l->second_ms = now_ms;
	}
	l->this_second++;
}

uint64_t gs_limits_wait_ms(const struct gs_limits *l, uint64_t now_ms)
{
	struct gs_limits then = *l;

	return gs_limits_take(&then, now_ms);
}

uint64_t gs_limits_take(struct gs_limits *l, uint64_t now_ms)
{
	if (now_ms < l->rests_until_ms)
		return l->rests_until_ms - now_ms;
	if (l->rate > 0) {
		if (now_ms - l->refused_ms >= GS_LIMITS_QUIET_MS && l->rate < GS_LIMITS_RATE_MAX) {
			l->rate += l->rate / 8;
			l->refused_ms = now_ms;
		}
		l->tokens += l->rate * (double)(now_ms - l->filled_ms) / 1000;
		l->filled_ms = now_ms;
		if (l->tokens > l->rate) /* a second's worth at once */
			l->tokens = l->rate;
		if (l->tokens < 1)
			return (uint64_t)((1 - l->tokens) / l->rate * 1000) + 1;
		l->tokens -= 1;
	}
	count(l, now_ms);
	return 0;
}
