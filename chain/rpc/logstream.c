#include "chain/rpc/logstream.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_parse.h>

enum { STRING_CHARS_MAX = 2 * GS_ETH_LOG_DATA_MAX + 64, KEY_MAX = 20, NUMBER_CHARS_MAX = 24 };

/* Where in the answer the reader stands. */
enum place {
	AT_START,  /* before the outer map */
	IN_ANSWER, /* in it */
	IN_LOGS,   /* in the list of logs */
	IN_LOG,
	IN_TOPICS,
	IN_ERROR, /* in what the node answers instead */
	AT_END,   /* behind the outer map */
};

enum field {
	F_NONE, /* a key that nobody needs: its value is passed over */
	F_VERSION,
	F_ID,
	F_RESULT,
	F_ERROR,
	F_CODE,
	F_MESSAGE,
	F_ADDRESS,
	F_TOPICS,
	F_DATA,
	F_BLOCK_NUMBER,
	F_BLOCK_HASH,
	F_TX_HASH,
	F_INDEX,
	F_REMOVED,
	F_TIME,
};

static const struct {
	enum place place;
	enum field field;
	char name[KEY_MAX];
	bool needed;
} keys[] = {
	{IN_LOG, F_ADDRESS, "address", true},
	{IN_LOG, F_TOPICS, "topics", true},
	{IN_LOG, F_DATA, "data", true},
	{IN_LOG, F_BLOCK_NUMBER, "blockNumber", true},
	{IN_LOG, F_BLOCK_HASH, "blockHash", true},
	{IN_LOG, F_TX_HASH, "transactionHash", true},
	{IN_LOG, F_INDEX, "logIndex", true},
	{IN_LOG, F_REMOVED, "removed", false},
	{IN_LOG, F_TIME, "blockTimestamp", false},
	{IN_ANSWER, F_RESULT, "result", false},
	{IN_ANSWER, F_ERROR, "error", false},
	{IN_ANSWER, F_VERSION, "jsonrpc", true},
	{IN_ANSWER, F_ID, "id", false},
	{IN_ERROR, F_CODE, "code", true},
	{IN_ERROR, F_MESSAGE, "message", false},
};

struct gs_logstream {
	struct gs_logstream_options options;
	yajl_handle parser;
	EVP_MD_CTX *digest, *times; /* NULL: not wanted */
	bool untimed;               /* a log has no time */
	enum place place;
	enum field field;          /* whose value is next */
	unsigned depth;            /* of maps and lists, passed-over ones too */
	unsigned skipped_from;     /* not 0: everything deeper than this is passed over */
	uint32_t outer_seen, seen; /* fields of the answer and of the map within it, as bits */
	uint64_t id;               /* of the call, when it is... */
	bool expecting;            /* ...to be compared */
	uint64_t fed, fed_at_event;
	struct gs_log_entry entry; /* being read; its data are the last bytes of `bytes` */
	struct gs_log_entry last;  /* the log before it */
	uint64_t count;            /* logs read */
	struct gs_log_entry *entries;
	size_t kept, room;
	uint8_t *bytes;
	size_t used, bytes_room;
	struct gs_rpc_failure failure;
	enum gs_err err; /* the first one */
	struct gs_error why;
};

/* --- failing --- */

static int refuse(struct gs_logstream *s, enum gs_err err, const char *what)
{
	if (!s->err)
		s->err = gs_fail(&s->why, err, "eth_getLogs: log %llu of the answer: %s", (unsigned long long)s->count,
		                 what);
	return 0;
}

static int refuse_form(struct gs_logstream *s)
{
	return refuse(s, GS_EPARSE,
	              s->place == IN_LOG || s->place == IN_TOPICS ? "a field has the wrong type or form"
	                                                          : "the answer is not a list of logs");
}

/* --- hex --- */

/* Values of hex digits, 0xff for other characters. */
static uint8_t digit(unsigned char c)
{
	static const uint8_t low[256] = {
		['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7,  ['7'] = 8,
		['8'] = 9,  ['9'] = 10, ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
		['A'] = 11, ['B'] = 12, ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16,
	};
	return (uint8_t)(low[c] - 1);
}

/* "0x" and two digits a byte. */
static bool decode(const unsigned char *text, size_t len, uint8_t *out, size_t out_len)
{
	uint8_t bad = 0;

	if (len != 2 * out_len + 2 || text[0] != '0' || text[1] != 'x')
		return false;
	text += 2;
	for (size_t i = 0; i < out_len; i++) {
		const uint8_t high = digit(text[2 * i]), less = digit(text[2 * i + 1]);
		bad |= high | less;
		out[i] = (uint8_t)(high << 4 | less);
	}
	return bad < 16;
}

static bool decode_number(const unsigned char *text, size_t len, uint64_t *out)
{
	*out = 0;
	if (len < 3 || text[0] != '0' || text[1] != 'x')
		return false;
	for (size_t i = 2; i < len; i++) {
		const uint8_t value = digit(text[i]);
		if (value > 15 || *out >> 60)
			return false;
		*out = *out << 4 | value;
	}
	return true;
}

/* --- room --- */

static bool grow(void **at, size_t *room, size_t need, size_t size)
{
	size_t more = *room ? *room : 64;
	void *grown;

	if (need <= *room)
		return true;
	while (more < need)
		more *= 2;
	grown = realloc(*at, more * size);
	if (!grown)
		return false;
	*at = grown;
	*room = more;
	return true;
}

/* Entries lie with their data one after another: their views are set once nothing moves any more. */
static void set_views(struct gs_logstream *s)
{
	size_t at = 0;

	for (size_t i = 0; i < s->kept; i++) {
		s->entries[i].data.ptr = s->bytes + at;
		at += s->entries[i].data.len;
	}
}

static int hand_on(struct gs_logstream *s)
{
	enum gs_err err;

	if (!s->options.take || s->kept == 0)
		return 1;
	set_views(s);
	err = s->options.take(s->options.self, s->entries, s->kept);
	s->kept = 0;
	s->used = 0;
	if (err && !s->err)
		s->err = gs_fail(&s->why, err, "eth_getLogs: the logs were not taken");
	return err ? 0 : 1;
}

/* --- one log --- */

static void digest_log(struct gs_logstream *s, const uint8_t *data)
{
	const struct gs_log_entry *e = &s->entry;
	uint8_t words[28];

	if (!s->digest)
		return;
	gs_be64_write(words, e->block_number);
	gs_be32_write(words + 8, e->index);
	gs_be64_write(words + 12, e->topic_count);
	gs_be64_write(words + 20, e->data.len);
	(void)EVP_DigestUpdate(s->digest, words, sizeof(words));
	(void)EVP_DigestUpdate(s->digest, e->block_hash.b, sizeof(e->block_hash.b));
	(void)EVP_DigestUpdate(s->digest, e->tx_hash.b, sizeof(e->tx_hash.b));
	(void)EVP_DigestUpdate(s->digest, e->address.b, sizeof(e->address.b));
	(void)EVP_DigestUpdate(s->digest, e->topics, e->topic_count * sizeof(e->topics[0]));
	(void)EVP_DigestUpdate(s->digest, data, e->data.len);
	gs_be64_write(words, e->time.unix_s);
	(void)EVP_DigestUpdate(s->times, words, 8);
	s->untimed = s->untimed || e->time.unix_s == 0;
}

static const char *log_fault(const struct gs_logstream *s)
{
	const struct gs_log_entry *e = &s->entry, *last = &s->last;

	for (size_t i = 0; i < GS_ARRAY_LEN(keys); i++)
		if (keys[i].place == IN_LOG && keys[i].needed && !(s->seen & 1U << keys[i].field))
			return "a field is missing";
	if (e->removed)
		return "it is of a block that was removed";
	if (!gs_eth_filter_admits(s->options.filter, e))
		return "it was not asked for (block, address or topic)";
	if (s->count == 0)
		return NULL;
	if (e->block_number < last->block_number || (e->block_number == last->block_number && e->index <= last->index))
		return "it does not come after the one before it";
	if (e->block_number == last->block_number &&
	    (!gs_hash_equal(&e->block_hash, &last->block_hash) || e->time.unix_s != last->time.unix_s))
		return "its block has another hash or time than in the log before it";
	return NULL;
}

static int end_log(struct gs_logstream *s)
{
	const size_t max = s->options.logs_max ? s->options.logs_max : GS_ETH_LOGS_MAX;
	const char *fault = log_fault(s);
	const size_t len = s->entry.data.len;

	if (fault)
		return refuse(s, GS_EPARSE, fault);
	digest_log(s, s->bytes + s->used);
	if (s->kept && s->entry.block_number != s->last.block_number && s->kept >= s->options.logs_a_take) {
		const size_t at = s->used;
		if (!hand_on(s))
			return 0;
		if (s->used != at && len)
			memmove(s->bytes, s->bytes + at, len);
	}
	if (s->kept == max || (s->options.data_max && s->used + len > s->options.data_max))
		return refuse(s, GS_ELIMIT, "more logs than can be kept; ask for fewer blocks");
	if (!grow((void **)&s->entries, &s->room, s->kept + 1, sizeof(*s->entries)))
		return refuse(s, GS_ENOMEM, "no memory");
	s->entries[s->kept++] = s->entry;
	s->used += len;
	s->last = s->entry;
	s->count++;
	s->place = IN_LOGS;
	return 1;
}

static int read_data(struct gs_logstream *s, const unsigned char *text, size_t len)
{
	const size_t bytes = len >= 2 ? len / 2 - 1 : 0;

	if (bytes > GS_ETH_LOG_DATA_MAX)
		return refuse(s, GS_ELIMIT, "its data are longer than 1 MiB");
	if (!grow((void **)&s->bytes, &s->bytes_room, s->used + bytes + 1, 1))
		return refuse(s, GS_ENOMEM, "no memory");
	if (!decode(text, len, s->bytes + s->used, bytes))
		return refuse_form(s);
	s->entry.data.len = bytes;
	return 1;
}

static int read_topic(struct gs_logstream *s, const unsigned char *text, size_t len)
{
	if (s->entry.topic_count == GS_ARRAY_LEN(s->entry.topics))
		return refuse(s, GS_EPARSE, "it has more than 4 topics");
	if (!decode(text, len, s->entry.topics[s->entry.topic_count].b, 32))
		return refuse_form(s);
	s->entry.topic_count++;
	return 1;
}

/* --- what the parser meets --- */

static enum field take_field(struct gs_logstream *s)
{
	const enum field field = s->field;

	s->fed_at_event = s->fed;
	s->field = F_NONE;
	return field;
}

static bool skipping(const struct gs_logstream *s)
{
	return s->skipped_from != 0;
}

/* A value of no field that matters: fine in a map, never in the lists. */
static int pass_over(struct gs_logstream *s)
{
	return s->place == IN_ANSWER || s->place == IN_LOG || s->place == IN_ERROR ? 1 : refuse_form(s);
}

static void keep_message(struct gs_logstream *s, const unsigned char *text, size_t len)
{
	const size_t most = sizeof(s->failure.message) - 1;

	len = len < most ? len : most;
	memcpy(s->failure.message, text, len);
	s->failure.message[len] = '\0';
}

/* A call's id is a number of our own, so that anything but its digits is another's. */
static int check_id(struct gs_logstream *s, const char *text, size_t len)
{
	uint64_t id = 0;
	bool good = len > 0 && len < NUMBER_CHARS_MAX - 4;

	for (size_t i = 0; i < len && good; i++) {
		good = text[i] >= '0' && text[i] <= '9';
		id = id * 10 + (uint64_t)(text[i] - '0');
	}
	return !s->expecting || (good && id == s->id) ? 1 : refuse(s, GS_EPARSE, "the answer is to another call");
}

static int on_string(void *self, const unsigned char *text, size_t len)
{
	struct gs_logstream *s = self;
	const enum field field = take_field(s);
	struct gs_log_entry *e = &s->entry;
	uint64_t number;
	bool good = true;

	if (skipping(s))
		return 1;
	if (s->place == IN_TOPICS)
		return read_topic(s, text, len);
	switch (field) {
	case F_NONE: return pass_over(s);
	case F_ID: return check_id(s, "", 0);
	case F_VERSION: good = len == 3 && memcmp(text, "2.0", 3) == 0; break;
	case F_MESSAGE: keep_message(s, text, len); break;
	case F_ADDRESS: good = decode(text, len, e->address.b, sizeof(e->address.b)); break;
	case F_DATA: return read_data(s, text, len);
	case F_BLOCK_NUMBER: good = decode_number(text, len, &e->block_number); break;
	case F_BLOCK_HASH: good = decode(text, len, e->block_hash.b, sizeof(e->block_hash.b)); break;
	case F_TX_HASH: good = decode(text, len, e->tx_hash.b, sizeof(e->tx_hash.b)); break;
	case F_TIME: good = decode_number(text, len, &e->time.unix_s); break;
	case F_INDEX:
		good = decode_number(text, len, &number) && number <= UINT32_MAX;
		e->index = (uint32_t)number;
		break;
	case F_RESULT:
	case F_ERROR:
	case F_CODE:
	case F_TOPICS:
	case F_REMOVED: good = false; break;
	}
	return good ? 1 : refuse_form(s);
}

static int on_number(void *self, const char *text, size_t len)
{
	struct gs_logstream *s = self;
	const enum field field = take_field(s);
	char digits[NUMBER_CHARS_MAX];

	if (skipping(s))
		return 1;
	if (field == F_CODE && len < sizeof(digits)) {
		memcpy(digits, text, len);
		digits[len] = '\0';
		s->failure.code = strtoll(digits, NULL, 10);
		return 1;
	}
	if (field == F_ID)
		return check_id(s, text, len);
	return field == F_NONE ? pass_over(s) : refuse_form(s);
}

static int on_bool(void *self, int value)
{
	struct gs_logstream *s = self;
	const enum field field = take_field(s);

	if (skipping(s))
		return 1;
	if (field == F_REMOVED) {
		s->entry.removed = value != 0;
		return 1;
	}
	return field == F_NONE ? pass_over(s) : refuse_form(s);
}

static int on_null(void *self)
{
	struct gs_logstream *s = self;
	const enum field field = take_field(s);

	if (skipping(s))
		return 1;
	if (field == F_ERROR) { /* some say "error": null beside a result */
		s->outer_seen &= ~(1U << F_ERROR);
		return 1;
	}
	if (field == F_ID)
		return check_id(s, "", 0);
	return field == F_NONE || field == F_TIME ? pass_over(s) : refuse_form(s);
}

static int go_down(struct gs_logstream *s)
{
	if (++s->depth > GS_LOGSTREAM_DEPTH_MAX)
		return refuse(s, GS_ELIMIT, "lists and maps are nested too deep");
	return 1;
}

static int on_map(void *self)
{
	struct gs_logstream *s = self;
	const enum field field = take_field(s);

	if (!go_down(s) || skipping(s))
		return s->err == GS_OK;
	if (s->place == AT_START) {
		s->place = IN_ANSWER;
	} else if (s->place == IN_LOGS) {
		s->place = IN_LOG;
		s->seen = 0;
		memset(&s->entry, 0, sizeof(s->entry));
	} else if (s->place == IN_ANSWER && field == F_ERROR) {
		s->place = IN_ERROR;
		s->seen = 0;
		s->failure.kind = GS_RPC_REMOTE;
	} else if (field == F_NONE && pass_over(s)) {
		s->skipped_from = s->depth;
	} else {
		return refuse_form(s);
	}
	return 1;
}

static int on_list(void *self)
{
	struct gs_logstream *s = self;
	const enum field field = take_field(s);

	if (!go_down(s) || skipping(s))
		return s->err == GS_OK;
	if (s->place == IN_ANSWER && field == F_RESULT)
		s->place = IN_LOGS;
	else if (s->place == IN_LOG && field == F_TOPICS)
		s->place = IN_TOPICS;
	else if (field == F_NONE && s->place != AT_START && pass_over(s))
		s->skipped_from = s->depth;
	else
		return refuse_form(s);
	return 1;
}

static int on_end(void *self)
{
	struct gs_logstream *s = self;
	const unsigned depth = s->depth--;

	s->fed_at_event = s->fed;
	if (skipping(s)) {
		if (depth == s->skipped_from)
			s->skipped_from = 0;
		return 1;
	}
	switch (s->place) {
	case IN_LOG: return end_log(s);
	case IN_TOPICS: s->place = IN_LOG; break;
	case IN_LOGS:
	case IN_ERROR: s->place = IN_ANSWER; break;
	case IN_ANSWER: s->place = AT_END; break;
	case AT_START:
	case AT_END: return refuse_form(s);
	}
	return 1;
}

static int on_key(void *self, const unsigned char *text, size_t len)
{
	struct gs_logstream *s = self;
	uint32_t *seen = s->place == IN_ANSWER ? &s->outer_seen : &s->seen;

	s->fed_at_event = s->fed;
	s->field = F_NONE;
	if (skipping(s))
		return 1;
	for (size_t i = 0; i < GS_ARRAY_LEN(keys); i++) {
		if (keys[i].place != s->place || len >= KEY_MAX || keys[i].name[len] != '\0' ||
		    memcmp(keys[i].name, text, len) != 0)
			continue;
		if (*seen & 1U << keys[i].field)
			return refuse(s, GS_EPARSE, "a field is there twice");
		*seen |= 1U << keys[i].field;
		s->field = keys[i].field;
		break;
	}
	return 1;
}

static const yajl_callbacks callbacks = {
	.yajl_null = on_null,
	.yajl_boolean = on_bool,
	.yajl_number = on_number,
	.yajl_string = on_string,
	.yajl_start_map = on_map,
	.yajl_map_key = on_key,
	.yajl_end_map = on_end,
	.yajl_start_array = on_list,
	.yajl_end_array = on_end,
};

/* --- the stream --- */

static bool begin_digest(EVP_MD_CTX **out)
{
	*out = EVP_MD_CTX_new();
	return *out && EVP_DigestInit_ex(*out, EVP_sha256(), NULL) == 1;
}

enum gs_err gs_logstream_open(const struct gs_logstream_options *options, struct gs_logstream **out,
                              struct gs_error *error)
{
	struct gs_logstream *s = calloc(1, sizeof(*s));

	*out = NULL;
	if (!s)
		return gs_fail(error, GS_ENOMEM, "eth_getLogs: no memory");
	s->options = *options;
	s->parser = yajl_alloc(&callbacks, NULL, s);
	if (!s->parser || (options->digest && (!begin_digest(&s->digest) || !begin_digest(&s->times)))) {
		gs_logstream_close(s);
		return gs_fail(error, GS_ENOMEM, "eth_getLogs: no memory");
	}
	/* What is used of the answer is hex and has its own check; what is not used may be any bytes. */
	yajl_config(s->parser, yajl_dont_validate_strings, 1);
	*out = s;
	return GS_OK;
}

void gs_logstream_close(struct gs_logstream *s)
{
	if (!s)
		return;
	if (s->parser)
		yajl_free(s->parser);
	EVP_MD_CTX_free(s->digest);
	EVP_MD_CTX_free(s->times);
	free(s->entries);
	free(s->bytes);
	free(s);
}

void gs_logstream_expect(struct gs_logstream *s, uint64_t id)
{
	s->id = id;
	s->expecting = true;
}

static enum gs_err failed(const struct gs_logstream *s, struct gs_error *error)
{
	return gs_fail(error, s->err, "%s", s->why.text);
}

enum gs_err gs_logstream_feed(struct gs_logstream *s, struct gs_bytes piece, struct gs_error *error)
{
	const uint64_t max = s->options.bytes_max ? s->options.bytes_max : GS_LOGSTREAM_BYTES_DEFAULT;
	yajl_status status;

	if (s->err)
		return failed(s, error);
	if (piece.len == 0)
		return GS_OK;
	if (piece.len > max - s->fed) {
		(void)refuse(s, GS_ELIMIT, "the answer is too long; ask for fewer blocks");
		return failed(s, error);
	}
	s->fed += piece.len;
	status = yajl_parse(s->parser, piece.ptr, piece.len);
	if (status != yajl_status_ok)
		(void)refuse(s, GS_EPARSE, "the answer is not JSON");
	if (!s->err && s->fed - s->fed_at_event > STRING_CHARS_MAX + piece.len)
		(void)refuse(s, GS_ELIMIT, "a text is longer than any log's data may be");
	return s->err ? failed(s, error) : GS_OK;
}

enum gs_err gs_logstream_end(struct gs_logstream *s, struct gs_error *error)
{
	const uint32_t result = 1U << F_RESULT, instead = 1U << F_ERROR, version = 1U << F_VERSION;

	if (s->err)
		return failed(s, error);
	if (yajl_complete_parse(s->parser) != yajl_status_ok || s->place != AT_END)
		(void)refuse(s, GS_EPARSE, "the answer ends too early");
	else if (!(s->outer_seen & version) || !(s->outer_seen & (result | instead)) ||
	         (s->outer_seen & (result | instead)) == (result | instead) ||
	         (s->expecting && !(s->outer_seen & 1U << F_ID)))
		(void)refuse(s, GS_EPARSE, "the answer is not one of JSON-RPC 2.0");
	else if (s->outer_seen & instead)
		s->err = gs_fail(&s->why, GS_EINVAL, "eth_getLogs: the node answers: %s (code %lld)",
		                 s->failure.message, (long long)s->failure.code);
	else if (hand_on(s) && !s->options.take)
		set_views(s);
	return s->err ? failed(s, error) : GS_OK;
}

uint64_t gs_logstream_count(const struct gs_logstream *s)
{
	return s->count;
}

void gs_logstream_list(struct gs_logstream *s, struct gs_log_list *out)
{
	*out = (struct gs_log_list){.entries = s->entries, .count = s->kept, .bytes = s->bytes};
	s->entries = NULL;
	s->bytes = NULL;
	s->kept = s->room = s->used = s->bytes_room = 0;
}

void gs_logstream_digest(struct gs_logstream *s, struct gs_hash *out)
{
	GS_ASSERT(s->digest);
	GS_ASSERT(EVP_DigestFinal_ex(s->digest, out->b, NULL) == 1);
}

bool gs_logstream_times_digest(struct gs_logstream *s, struct gs_hash *out)
{
	GS_ASSERT(s->times);
	GS_ASSERT(EVP_DigestFinal_ex(s->times, out->b, NULL) == 1);
	return !s->untimed;
}

const struct gs_rpc_failure *gs_logstream_failure(const struct gs_logstream *s)
{
	return &s->failure;
}
