/* What a node with a long memory costs: a database of a million claims and a thousand games, made by the node's core through the real store,
 * then `gainsay run` on it, against anvil: how long from its start until it is ready, and how much memory it has to itself when nothing happens.
 *
 *     bench_node [CLAIMS]     1,000,000 by default. Results go to BUILD/bench/node.json.
 *
 * The contracts are deployed; the claims were never posted: their logs are made here, in blocks of the real chain, all of which are below the one
 * that the database calls final. Nine of ten claims are final, the others open with a window that ends tomorrow; the games, between others, are
 * open, too. The first start, which makes the agenda by its own options, is told apart. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "chain/eth/abi.h"
#include "chain/eth/bindings.h"
#include "storage/store.h"
#include "tests/support/bench.h"
#include "tests/support/chain_server.h"
#include "validator/cli/dispute_chain.h"
#include "validator/daemon/chain_io.h"

enum {
	CLAIMS = 1000 * 1000,
	GAMES = 1000,
	OPEN_EVERY = 10, /* one of so many claims is open */
	A_BLOCK = 5000,
	BLOCKS_BEHIND = 200, /* empty ones on top */
	INPUT_BYTES = 96,
	OUTPUT_BYTES = 32,
	DATA_ROOM = 1024,
	STARTS = 5,
	READY_S_MAX = 120,
	IDLE_S = 20, /* memory is looked at so long */
	LINE_MAX_BYTES = 4096,
};

struct bench {
	const char *gainsay;
	uint64_t claims;
	char dir[64];
	struct gs_dispute_chain chain;
	struct gs_contracts contracts;
	struct gs_hash model;
	uint64_t tomorrow_s;
	struct gs_log_entry *log; /* of one block */
	uint8_t (*data)[DATA_ROOM];
	size_t count;
};

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void check(enum gs_err err, const struct gs_error *why)
{
	if (!err)
		return;
	fprintf(stderr, "bench_node: %s\n", why->text);
	exit(1);
}

static void check_that(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "bench_node: %s\n", what);
	exit(1);
}

/* --- the chain --- */

static void mine(struct bench *b, uint64_t blocks)
{
	struct gs_error why = {0};
	char count[32];
	json_t *result = NULL;

	snprintf(count, sizeof(count), "0x%llx", (unsigned long long)blocks);
	check(gs_rpc_call(b->chain.rpc, "anvil_mine", json_pack("[s]", count), &result, &why), &why);
	json_decref(result);
}

static struct gs_hash id_of(const struct bench *b, uint64_t claim)
{
	const struct gs_claim_body body = gs_chain_server_claim(claim);
	struct gs_hash id;

	gs_claim_id(b->contracts.chain_id, &b->contracts.claims, &body, &id);
	return id;
}

/* --- logs, as the contracts write them --- */

static void add_log(struct bench *b, const struct gs_head *block, const struct gs_address *address,
                    const struct gs_hash *topics, size_t topic_count, const struct gs_buf *data)
{
	struct gs_log_entry *log = &b->log[b->count];

	check_that(!data->err && data->len <= DATA_ROOM, "a log is too large");
	memcpy(b->data[b->count], data->ptr, data->len);
	*log = (struct gs_log_entry){.address = *address,
	                             .topic_count = topic_count,
	                             .data = {b->data[b->count], data->len},
	                             .block_number = block->number,
	                             .block_hash = block->hash,
	                             .tx_hash = gs_chain_server_hash('t', block->number << 20 | b->count),
	                             .index = (uint32_t)b->count,
	                             .time = block->time};
	memcpy(log->topics, topics, topic_count * sizeof(*topics));
	b->count++;
}

static void add_model(struct bench *b, const struct gs_head *block)
{
	const struct gs_header header = {.law = 1,
	                                 .lowering = 1,
	                                 .instructions = 3,
	                                 .inputs_chunks = 1,
	                                 .trace_depth = 7,
	                                 .outputs = 1,
	                                 .cost = 3};
	const struct gs_hash topics[] = {gs_models_event_registered, b->model, gs_chain_server_hash('\0', 7)};
	uint8_t words[GS_HEADER_BYTES];
	struct gs_abi_writer w;
	struct gs_buf data;

	gs_header_encode(&header, words);
	gs_buf_init(&data, DATA_ROOM);
	gs_abi_begin(&w, &data, 18);
	for (size_t i = 0; i < GS_HEADER_BYTES; i += GS_ABI_WORD)
		gs_abi_put_word(&w, words + i);
	gs_abi_put_bytes(&w, (struct gs_bytes){NULL, 0});
	gs_abi_end(&w);
	add_log(b, block, &b->contracts.models, topics, 3, &data);
	gs_buf_free(&data);
}

static void add_posted(struct bench *b, const struct gs_head *block, uint64_t claim)
{
	static const uint8_t input[INPUT_BYTES] = {0x5a}, output[OUTPUT_BYTES] = {0xa5};
	const struct gs_terms terms = {.minimum_bond = gs_wei_from_u64(70),
	                               .minimum_fee = gs_wei_from_u64(5),
	                               .bond_bps = 5000,
	                               .fee_bps = 100,
	                               .window_s = 60,
	                               .version = 3};
	const struct gs_claim_body body = gs_chain_server_claim(claim);
	struct gs_hash topics[4] = {gs_claims_event_posted, id_of(b, claim), {{0}}, b->model};
	struct gs_abi_writer w;
	struct gs_u256 word;
	struct gs_buf data;

	memcpy(topics[2].b + 12, body.claimant.b, sizeof(body.claimant.b));
	gs_terms_encode(&terms, &word);
	gs_buf_init(&data, DATA_ROOM);
	gs_abi_begin(&w, &data, 8);
	gs_abi_put_hash(&w, &body.input_root);
	gs_abi_put_hash(&w, &body.output_root);
	gs_abi_put_u256(&w, &body.lot);
	gs_abi_put_hash(&w, &body.batch);
	gs_abi_put_u256(&w, &word);
	gs_abi_put_u64(&w, b->tomorrow_s);
	gs_abi_put_bytes(&w, (struct gs_bytes){input, sizeof(input)});
	gs_abi_put_bytes(&w, (struct gs_bytes){output, sizeof(output)});
	gs_abi_end(&w);
	add_log(b, block, &b->contracts.claims, topics, 4, &data);
	gs_buf_free(&data);
}

static void add_finalized(struct bench *b, const struct gs_head *block, uint64_t claim)
{
	const struct gs_hash topics[] = {gs_claims_event_finalized, id_of(b, claim)};
	struct gs_buf nothing;

	gs_buf_init(&nothing, 0);
	add_log(b, block, &b->contracts.claims, topics, 2, &nothing);
}

static void add_opened(struct bench *b, const struct gs_head *block, uint64_t claim)
{
	const struct gs_game_state state = {.claim = id_of(b, claim),
	                                    .claimant = gs_chain_server_claim(claim).claimant,
	                                    .challenger = {{0xcd, 0xef}},
	                                    .units = 1,
	                                    .phase = GS_PHASE_COMMIT,
	                                    .deadline = b->tomorrow_s,
	                                    .claimant_left = 3600,
	                                    .challenger_left = 3600};
	struct gs_hash topics[] = {gs_disputes_event_opened, state.claim, {{0}}};
	uint8_t words[GS_GAME_STATE_WORDS * GS_ABI_WORD];
	struct gs_buf data;

	memcpy(topics[2].b + 12, state.challenger.b, sizeof(state.challenger.b));
	gs_game_state_encode(&state, words);
	gs_buf_init(&data, DATA_ROOM);
	gs_buf_append(&data, words + GS_ABI_WORD, 2 * GS_ABI_WORD); /* what follows the claim */
	add_log(b, block, &b->contracts.disputes, topics, 3, &data);
	gs_buf_free(&data);
}

/* --- the database --- */

static const struct gs_prover *no_prover(void *self, const struct gs_hash *claim)
{
	(void)self;
	(void)claim;
	return NULL;
}

static enum gs_err draw(void *self, const struct gs_sample_source *source, struct gs_sample_lot *out)
{
	(void)self;
	memset(out, 0, sizeof(*out));
	memcpy(out->output.b, source->of.b, sizeof(out->output.b));
	return GS_OK;
}

static void feed(struct gs_node *node, struct gs_node_input *in, struct gs_node_effects *effects)
{
	struct gs_error why = {0};

	in->now.unix_s = (uint64_t)time(NULL);
	check(gs_node_step(node, in, effects, &why), &why);
}

/* What one block tells: claims, then the ends of those of the block before. */
static void fill(struct bench *b, const struct gs_head *block, uint64_t from, uint64_t to, uint64_t ended)
{
	for (uint64_t claim = from; claim < to; claim++)
		add_posted(b, block, claim);
	for (uint64_t claim = from < A_BLOCK ? from : from - A_BLOCK; claim < ended; claim++)
		if (claim % OPEN_EVERY)
			add_finalized(b, block, claim);
}

static void make_database(struct bench *b)
{
	const uint64_t blocks = (b->claims + A_BLOCK - 1) / A_BLOCK + 3;
	const struct gs_node_surroundings surroundings = {.prover = no_prover, .draw = draw};
	struct gs_node_options options = {.contracts = b->contracts,
	                                  .self = b->chain.key[GS_PARTY_CHALLENGER].address,
	                                  .validate = true,
	                                  .finalise = true,
	                                  .resend_s = 10,
	                                  .start_time = {(uint64_t)time(NULL)}};
	struct gs_session session = {.rpc = b->chain.rpc, .deployment = b->chain.deployment};
	struct gs_chain_io io = {.session = &session, .contracts = b->contracts};
	struct gs_node_input in = {.kind = GS_INPUT_START};
	struct gs_node_effects effects;
	struct gs_error why = {0};
	struct gs_store_db *db;
	struct gs_node *node;
	struct gs_head newest;
	char dir[128];

	check(gs_chain_io_header(&io, gs_block_latest(), &newest, &why), &why);
	const uint64_t first = newest.number + 1, last = newest.number + blocks;
	mine(b, blocks + BLOCKS_BEHIND);
	options.sampling.certain_above = gs_wei_from_u64(UINT64_MAX);
	snprintf(dir, sizeof(dir), "%s/db", b->dir);
	check(gs_store_open(dir, NULL, &db, &why), &why);
	const struct gs_store store = gs_store_port(db);
	check(gs_node_effects_init(&effects), &why);
	check(gs_node_open(&options, &store, &surroundings, NULL, &node, &why), &why);
	feed(node, &in, &effects);
	in = (struct gs_node_input){.kind = GS_INPUT_HEADER};
	check(gs_chain_io_header(&io, gs_block_at(first - 1), &in.as.header, &why), &why);
	feed(node, &in, &effects);
	in = (struct gs_node_input){.kind = GS_INPUT_LOGS, .as.logs.block = newest.hash}; /* none of them matters */
	feed(node, &in, &effects);
	in = (struct gs_node_input){.kind = GS_INPUT_FINAL};
	check(gs_chain_io_header(&io, gs_block_at(last), &newest, &why), &why);
	in.as.final.number = newest.number;
	in.as.final.hash = newest.hash;
	feed(node, &in, &effects);
	for (uint64_t number = first; number <= last; number++) {
		const uint64_t at = (number - first) * A_BLOCK;
		struct gs_head block;
		check(gs_chain_io_header(&io, gs_block_at(number), &block, &why), &why);
		b->count = 0;
		if (number == first)
			add_model(b, &block);
		fill(b, &block, at < b->claims ? at : b->claims, at + A_BLOCK < b->claims ? at + A_BLOCK : b->claims,
		     number == first  ? 0
		     : at < b->claims ? at
		                      : b->claims);
		if (number == last)
			for (uint64_t i = 0; i < GAMES; i++)
				add_opened(b, &block, i * (b->claims / GAMES / OPEN_EVERY) * OPEN_EVERY);
		in = (struct gs_node_input){
			.kind = GS_INPUT_RANGE,
			.as.range = {.first = block, .last = block, .entries = b->log, .count = b->count}};
		feed(node, &in, &effects);
		check_that(gs_node_newest(node)->number == number, "a block was refused");
	}
	struct gs_node_summary s;
	check(gs_node_summarise(node, &s, &why), &why);
	printf("%llu claims, %llu open, %llu games\n", (unsigned long long)s.claims, (unsigned long long)s.open,
	       (unsigned long long)s.open_games);
	check_that(s.claims == b->claims && s.open_games == GAMES, "the database is another one");
	gs_node_close(node);
	gs_node_effects_free(&effects);
	gs_store_close(db);
}

/* --- the daemon --- */

struct started {
	pid_t pid;
	int out;
	double ready_s;
};

static void start(const struct bench *b, struct started *out)
{
	char db[128], models[128], deployment[128], key[128], locks[128], line[LINE_MAX_BYTES];
	const double begun = now_s();
	int pipes[2];
	FILE *log;

	snprintf(db, sizeof(db), "%s/db", b->dir);
	snprintf(models, sizeof(models), "%s/models", b->dir);
	snprintf(deployment, sizeof(deployment), "%s/deployment.json", b->dir);
	snprintf(key, sizeof(key), "%s/key", b->dir);
	snprintf(locks, sizeof(locks), "%s/locks", b->dir);
	check_that(pipe2(pipes, O_CLOEXEC) == 0, "no pipe");
	out->pid = fork();
	if (out->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(open("/dev/null", O_WRONLY | O_CLOEXEC), 1);
		dup2(pipes[1], 2);
		setenv("GAINSAY_KEY_LOCK_FOLDER", locks, 1);
		execl(b->gainsay, b->gainsay, "run", "--rpc", b->chain.anvil.url, "--deployment", deployment,
		      "--key-file", key, "--db", db, "--models", models, "--rate", "0", "--poll-ms", "200",
		      (char *)NULL);
		_exit(127);
	}
	close(pipes[1]);
	out->out = pipes[0];
	log = fdopen(pipes[0], "r");
	check_that(out->pid > 0 && log, "no process");
	while (fgets(line, sizeof(line), log)) {
		if (!strstr(line, "node.ready")) {
			if (strstr(line, "rror"))
				fprintf(stderr, "%s", line);
			continue;
		}
		out->ready_s = now_s() - begun;
		out->out = dup(pipes[0]); /* read no further: the pipe holds what it says */
		fclose(log);
		return;
	}
	check_that(false, "the node ended before it was ready");
}

static void stop(struct started *s)
{
	int status;

	kill(s->pid, SIGTERM);
	waitpid(s->pid, &status, 0);
	close(s->out);
	check_that(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the node did not end well");
}

/* A line of /proc/PID/status, in MiB. */
static double status_mib(pid_t pid, const char *name)
{
	char path[64], line[256];
	double mib = -1;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	file = fopen(path, "r");
	while (file && fgets(line, sizeof(line), file))
		if (strncmp(line, name, strlen(name)) == 0)
			mib = strtod(line + strlen(name), NULL) / 1024;
	if (file)
		fclose(file);
	check_that(mib >= 0, "the node's memory cannot be read");
	return mib;
}

static int by_size(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void write_files(const struct bench *b)
{
	const struct gs_deployment_origin origin = {.parameters = b->chain.parameters,
	                                            .deployer = b->chain.key[GS_PARTY_DEPLOYER].address};
	char path[128];
	struct gs_error why = {0};
	FILE *file;

	snprintf(path, sizeof(path), "%s/models", b->dir);
	check_that(mkdir(path, 0700) == 0, "no folder");
	snprintf(path, sizeof(path), "%s/locks", b->dir);
	check_that(mkdir(path, 0700) == 0, "no folder");
	snprintf(path, sizeof(path), "%s/deployment.json", b->dir);
	check(gs_deployment_save(path, &b->chain.deployment, &origin, &why), &why);
	snprintf(path, sizeof(path), "%s/key", b->dir);
	file = fopen(path, "w");
	check_that(file && chmod(path, 0600) == 0, "no file");
	fprintf(file, "5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a\n"); /* a public test key */
	check_that(fclose(file) == 0, "no file");
}

static void remove_folder(const char *dir)
{
	char command[160];

	snprintf(command, sizeof(command), "rm -rf %s", dir);
	if (system(command))
		fprintf(stderr, "bench_node: %s is left\n", dir);
}

int main(int argc, char **argv)
{
	struct bench b = {.claims = argc > 1 ? strtoull(argv[1], NULL, 10) : CLAIMS,
	                  .model = gs_chain_server_hash('m', 1)};
	double ready_s[STARTS], first_s, idle_mib = 0, mapped_mib, begun;
	struct gs_error why = {0};
	struct started s;
	struct gs_bench *table;
	char gainsay[512];

	if (b.claims < GAMES * OPEN_EVERY) {
		fprintf(stderr, "bench_node: CLAIMS is at least %d\n", GAMES * OPEN_EVERY);
		return 1;
	}
	snprintf(gainsay, sizeof(gainsay), "%.*s/../../gainsay", (int)(strrchr(argv[0], '/') - argv[0]), argv[0]);
	b.gainsay = gainsay;
	b.log = calloc(2 * A_BLOCK + GAMES + 1, sizeof(*b.log));
	b.data = malloc((2 * A_BLOCK + GAMES + 1) * sizeof(*b.data));
	snprintf(b.dir, sizeof(b.dir), "%s", "build/bench_node_XXXXXX");
	check_that(b.log && b.data && mkdtemp(b.dir), "no memory, or no folder build/");
	check(gs_dispute_chain_open(NULL, &b.chain, &why), &why);
	gs_deployment_contracts(&b.chain.deployment, &b.contracts);
	b.tomorrow_s = (uint64_t)time(NULL) + 24 * 3600;
	write_files(&b);
	begun = now_s();
	make_database(&b);
	const double made_s = now_s() - begun;

	start(&b, &s);
	first_s = s.ready_s;
	stop(&s);
	for (int i = 0; i < STARTS; i++) {
		start(&b, &s);
		ready_s[i] = s.ready_s;
		if (i + 1 < STARTS)
			stop(&s);
	}
	/* The most of what it has to itself while nothing happens. */
	sleep(2);
	for (begun = now_s(); now_s() < begun + IDLE_S; usleep(100 * 1000)) {
		const double mib = status_mib(s.pid, "RssAnon:");
		idle_mib = mib > idle_mib ? mib : idle_mib;
	}
	mapped_mib = status_mib(s.pid, "RssFile:");
	stop(&s);
	gs_dispute_chain_close(&b.chain);
	remove_folder(b.dir);
	free(b.log);
	free(b.data);

	table = gs_bench_begin(argv[0], "node-restart", "a node with a long memory");
	if (!table)
		return 1;
	qsort(ready_s, STARTS, sizeof(ready_s[0]), by_size);
	gs_bench_row(table, "from start to ready, median of 5", ready_s[STARTS / 2], "s", 1, "itself");
	gs_bench_row(table, "from start to ready, the slowest", ready_s[STARTS - 1], "s",
	             ready_s[STARTS - 1] / ready_s[STARTS / 2], "median");
	gs_bench_row(table, "the first start, with other options than before", first_s, "s",
	             first_s / ready_s[STARTS / 2], "median");
	gs_bench_row(table, "memory of its own when idle, the most", idle_mib, "MiB", 1, "itself");
	gs_bench_row(table, "mapped pages, of the program, too", mapped_mib, "MiB", 1, "itself");
	gs_bench_row(table, "the database was made in", made_s, "s", 1, "itself");
	const struct gs_bench_key keys[] = {
		{"restart_claims", (double)b.claims}, {"restart_games", GAMES},
		{"restart_s", ready_s[STARTS / 2]},   {"restart_worst_s", ready_s[STARTS - 1]},
		{"first_start_s", first_s},           {"idle_rss_mib", idle_mib},
	};
	gs_bench_part_of(table, "node-restart", keys, GS_ARRAY_LEN(keys));
	return gs_bench_end(table);
}
