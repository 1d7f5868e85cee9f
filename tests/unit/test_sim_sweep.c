/* Sweeps: the same result to the bit by any number of processes, in any order of their answers, and after any interruption;
 * checkpoints that are torn, damaged or somebody else's; results and batches as bytes. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "chain/core/hash.h"
#include "chain/core/rng.h"
#include "simulations/apart.h"
#include "simulations/checkpoint.h"
#include "simulations/scenario.h"
#include "simulations/shrink.h"
#include "simulations/sweep_run.h"
#include "simulations/wire.h"

/* ---- an engine whose sums depend on their order ---- */

enum { SCALE, TROUBLE };
enum { NO_TROUBLE, DIES, FAILS };
static const struct gs_sim_parameter parameters[] = {
	[SCALE] = {"scale", "a factor", GS_SIM_KIND_REAL, 1, 0, 1e9, NULL, false},
	[TROUBLE] = {"trouble", "at seed 100", GS_SIM_KIND_COUNT, 0, 0, 2, NULL, false},
};
static const struct gs_sim_metric metrics[] = {
	{"size", "a number of any size", GS_SIM_UNIT_NUMBER, true, 0, 1e6},
	{"coin", "heads", GS_SIM_UNIT_SHARE, false, 0, 0},
	{"rare", "not in every run", GS_SIM_UNIT_MONEY, false, 0, 0},
};
static const struct gs_sim_engine toy;

static enum gs_err check(const double *value, unsigned *at, struct gs_error *error)
{
	(void)value;
	(void)at;
	(void)error;
	return GS_OK;
}

static enum gs_err run(const double *value, uint64_t seed, const struct gs_sim_watch *watch,
                       struct gs_sim_result *result, struct gs_error *error)
{
	struct gs_rng rng;
	struct gs_hash hash;
	(void)watch;
	if (seed == 100 && value[TROUBLE] == DIES)
		_exit(3);
	if (seed == 100 && value[TROUBLE] == FAILS)
		return gs_fail(error, GS_EIO, "the disk is gone");
	gs_rng_seed(&rng, seed);
	double size = (double)(gs_rng_u64(&rng) >> gs_rng_below(&rng, 60)) * 1e-3 * value[SCALE];
	gs_sim_observe(result, &toy, 0, size);
	gs_sim_observe(result, &toy, 1, (double)gs_rng_below(&rng, 2));
	if (gs_rng_below(&rng, 9) == 0)
		gs_sim_observe(result, &toy, 2, -size);
	if (gs_rng_below(&rng, 50) == 0)
		gs_sim_violate(result, seed, "something");
	gs_keccak256(&size, sizeof(size), &hash);
	gs_sim_digest_add(&result->digest, &hash);
	return GS_OK;
}

static const struct gs_sim_engine toy = {
	.name = "toy",
	.about = "of this test",
	.parameter = parameters,
	.parameters = GS_ARRAY_LEN(parameters),
	.metric = metrics,
	.metrics = GS_ARRAY_LEN(metrics),
	.check = check,
	.run = run,
};

enum { POINTS = 3, RUNS = 217 }; /* 14 batches a point, the last of them of 9 runs */

static struct gs_sim_scenario scenario(void)
{
	struct gs_sim_scenario s;
	gs_sim_scenario_init(&toy, &s);
	assert_int_equal(gs_sim_scenario_sweep(&s, "scale=1,0.1,333", NULL), GS_OK);
	s.runs = RUNS;
	s.seed = 1000;
	return s;
}

/* All results, as bytes. */
static struct gs_hash hash_of(const struct gs_sim_result *result)
{
	struct gs_buf bytes;
	struct gs_hash hash;
	gs_buf_init(&bytes, (size_t)POINTS * GS_SIM_RESULT_BYTES_MAX);
	for (unsigned p = 0; p < POINTS; p++)
		gs_sim_result_encode(&toy, &result[p], &bytes);
	assert_int_equal(bytes.err, GS_OK);
	gs_keccak256(bytes.ptr, bytes.len, &hash);
	gs_buf_free(&bytes);
	return hash;
}

/* As engine.h says, without any of what is tested. */
static struct gs_hash expected(void)
{
	struct gs_sim_result result[POINTS] = {{0}};
	struct gs_sim_scenario s = scenario();
	static const double scales[] = {1, 0.1, 333};
	for (unsigned p = 0; p < POINTS; p++)
		for (uint64_t from = 0; from < RUNS; from += 16) {
			struct gs_sim_result batch = {0};
			double value[GS_SIM_PARAMETERS_MAX] = {[SCALE] = scales[p]};
			unsigned runs = (unsigned)(RUNS - from < 16 ? RUNS - from : 16);
			assert_int_equal(gs_sim_batch(&toy, value, s.seed + p * RUNS + from, runs, &batch, NULL),
			                 GS_OK);
			gs_sim_result_join(&result[p], &batch);
		}
	assert_true(result[0].violations > 0 && result[0].first_seed >= 1000);
	return hash_of(result);
}

static void expect_same(const struct gs_sim_sweep *sweep)
{
	struct gs_hash want = expected(), have = hash_of(sweep->result);
	assert_int_equal(sweep->points, POINTS);
	for (unsigned p = 0; p < POINTS; p++)
		assert_int_equal(sweep->result[p].runs, RUNS);
	assert_memory_equal(want.b, have.b, 32);
}

/* ---- processes ---- */

static void the_number_of_processes_does_not_show(void **state)
{
	static const unsigned processes[] = {1, 2, 3, 7, GS_SIM_PROCESSES_MAX};
	struct gs_sim_scenario s = scenario();
	(void)state;
	for (size_t i = 0; i < GS_ARRAY_LEN(processes); i++) {
		const struct gs_sim_sweep_options options = {.processes = processes[i], .version = "1"};
		struct gs_sim_sweep sweep;
		struct gs_error error = {0};
		if (gs_sim_sweep_run(&s, &options, &sweep, &error) != GS_OK)
			fail_msg("%s", error.text);
		expect_same(&sweep);
		gs_sim_sweep_free(&sweep);
	}
}

static void what_fails_is_told_with_its_seeds(void **state)
{
	static const struct {
		const char *set, *says;
	} cases[] = {{"trouble=1", "seeds 97 to 112"}, {"trouble=2", "seed 100: the disk is gone"}};
	(void)state;
	for (size_t i = 0; i < GS_ARRAY_LEN(cases); i++) {
		struct gs_sim_scenario s = scenario();
		const struct gs_sim_sweep_options options = {.processes = 2, .version = "1"};
		struct gs_sim_sweep sweep;
		struct gs_error error = {0};
		s.seed = 1;
		assert_int_equal(gs_sim_scenario_set(&s, cases[i].set, NULL), GS_OK);
		assert_int_equal(gs_sim_sweep_run(&s, &options, &sweep, &error), GS_EIO);
		if (strstr(error.text, cases[i].says) == NULL)
			fail_msg("%s", error.text);
		gs_sim_sweep_free(&sweep);
	}
}

/* ---- any order, any interruption ---- */

/* Does batches here, in an order that a seed decides, and interrupts after so many. */
struct shuffler {
	const struct gs_sim_scenario *scenario;
	struct gs_rng rng;
	struct gs_sim_part part[20];
	unsigned parts, answers, interrupt_after;
};

static enum gs_err shuffle_submit(void *self, const struct gs_sim_part *part, struct gs_error *error)
{
	struct shuffler *s = self;
	(void)error;
	assert_true(s->parts < GS_ARRAY_LEN(s->part));
	s->part[s->parts++] = *part;
	return GS_OK;
}

static enum gs_err shuffle_next(void *self, int timeout_ms, struct gs_sim_done *out, bool *got, struct gs_error *error)
{
	struct shuffler *s = self;
	double value[GS_SIM_PARAMETERS_MAX];
	unsigned i = (unsigned)gs_rng_below(&s->rng, s->parts);
	(void)timeout_ms;
	*got = gs_rng_below(&s->rng, 4) > 0;
	if (!*got)
		return GS_OK;
	*out = (struct gs_sim_done){.part = s->part[i]};
	s->part[i] = s->part[--s->parts];
	if (++s->answers == s->interrupt_after)
		assert_int_equal(kill(getpid(), SIGINT), 0);
	gs_sim_point_values(s->scenario, out->part.point, value);
	return gs_sim_batch(s->scenario->engine, value, out->part.first, out->part.runs, &out->result, error);
}

static enum gs_err sweep_shuffled(const struct gs_sim_scenario *s, uint64_t seed, unsigned interrupt_after,
                                  const char *checkpoint, bool resume, struct gs_sim_sweep *out, struct gs_error *error)
{
	struct shuffler shuffler = {.scenario = s, .interrupt_after = interrupt_after};
	const struct gs_sim_hands hands = {&shuffler, GS_ARRAY_LEN(shuffler.part), shuffle_submit, shuffle_next};
	const struct gs_sim_sweep_options options = {
		.hands = &hands, .checkpoint = checkpoint, .resume = resume, .version = "1.2.3"};
	gs_rng_seed(&shuffler.rng, seed);
	return gs_sim_sweep_run(s, &options, out, error);
}

static void the_order_of_answers_does_not_show(void **state)
{
	struct gs_sim_scenario s = scenario();
	(void)state;
	for (uint64_t seed = 1; seed <= 50; seed++) {
		struct gs_sim_sweep sweep;
		assert_int_equal(sweep_shuffled(&s, seed, 0, NULL, false, &sweep, NULL), GS_OK);
		expect_same(&sweep);
		gs_sim_sweep_free(&sweep);
	}
}

static void file_name(char out[64])
{
	int fd;
	snprintf(out, 64, "/tmp/gs_sweep_XXXXXX");
	fd = mkstemp(out);
	assert_true(fd >= 0);
	close(fd);
	unlink(out);
}

/* Several times, at any batch, by others each time. */
static void interruptions_do_not_show(void **state)
{
	struct gs_sim_scenario s = scenario();
	char path[64];
	(void)state;
	file_name(path);
	for (unsigned after = 1; after < 42; after++) {
		struct gs_sim_sweep sweep;
		struct gs_error error = {0};
		enum gs_err err = sweep_shuffled(&s, after, after, path, false, &sweep, &error);
		unsigned rounds = 0;
		for (; err == GS_EAGAIN && rounds < 50; rounds++) {
			gs_sim_sweep_free(&sweep);
			assert_non_null(strstr(error.text, "interrupted after"));
			assert_int_equal(access(path, R_OK), 0);
			err = sweep_shuffled(&s, 77 * after + rounds, after, path, true, &sweep, &error);
		}
		if (err != GS_OK)
			fail_msg("%s", error.text);
		assert_true(rounds >= 1 || after > 20);
		expect_same(&sweep);
		gs_sim_sweep_free(&sweep);
		assert_int_not_equal(access(path, R_OK), 0); /* complete: gone */
	}
}

/* ---- checkpoints ---- */

struct text {
	char bytes[256 * 1024];
	size_t len;
};

static void read_file(const char *path, struct text *out)
{
	FILE *f = fopen(path, "rb");
	assert_non_null(f);
	out->len = fread(out->bytes, 1, sizeof(out->bytes), f);
	assert_true(out->len < sizeof(out->bytes));
	fclose(f);
}

static void write_file(const char *path, const char *bytes, size_t len)
{
	FILE *f = fopen(path, "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

static void interrupted_checkpoint(const char *path, struct text *out)
{
	struct gs_sim_scenario s = scenario();
	struct gs_sim_sweep sweep;
	assert_int_equal(sweep_shuffled(&s, 5, 10, path, false, &sweep, NULL), GS_EAGAIN);
	gs_sim_sweep_free(&sweep);
	read_file(path, out);
}

static void torn_files_lose_what_is_torn(void **state)
{
	static struct text text;
	struct gs_sim_scenario s = scenario();
	char path[64];
	(void)state;
	file_name(path);
	interrupted_checkpoint(path, &text);
	for (size_t len = 0; len < text.len; len += len < 200 || text.len - len < 200 ? 1 : 37) {
		struct gs_sim_sweep sweep;
		struct gs_error error = {0};
		write_file(path, text.bytes, len);
		if (sweep_shuffled(&s, len, 0, path, true, &sweep, &error) != GS_OK)
			fail_msg("torn to %zu of %zu bytes: %s", len, text.len, error.text);
		expect_same(&sweep);
		gs_sim_sweep_free(&sweep);
	}
}

static void damaged_files_are_refused(void **state)
{
	static struct text text;
	struct gs_sim_scenario s = scenario();
	char path[64];
	(void)state;
	file_name(path);
	interrupted_checkpoint(path, &text);
	unsigned refused = 0, tried = 0;
	for (size_t at = 0; at < text.len; at += 31, tried++) {
		struct gs_sim_sweep sweep;
		struct gs_error error = {0};
		text.bytes[at] ^= 1;
		write_file(path, text.bytes, text.len);
		text.bytes[at] ^= 1;
		enum gs_err err = sweep_shuffled(&s, at, 0, path, true, &sweep, &error);
		refused += err == GS_ECORRUPT || err == GS_ECONFLICT;
		if (err == GS_OK) /* a newline: a torn last line, or two lines in one */
			expect_same(&sweep);
		gs_sim_sweep_free(&sweep);
	}
	assert_true(refused + 2 >= tried);
	unlink(path);
}

static void checkpoints_of_others_are_refused(void **state)
{
	static struct text text;
	struct gs_sim_scenario s = scenario(), other = scenario();
	struct gs_sim_sweep sweep;
	struct gs_error error = {0};
	char path[64];
	(void)state;
	file_name(path);
	assert_int_equal(sweep_shuffled(&s, 1, 0, path, true, &sweep, &error), GS_ENOTFOUND);
	assert_non_null(strstr(error.text, "--resume"));
	interrupted_checkpoint(path, &text);
	other.seed++;
	assert_int_equal(sweep_shuffled(&other, 1, 0, path, true, &sweep, &error), GS_ECONFLICT);
	const struct gs_sim_sweep_options newer = {
		.processes = 1, .checkpoint = path, .resume = true, .version = "1.2.4"};
	assert_int_equal(gs_sim_sweep_run(&s, &newer, &sweep, &error), GS_ECONFLICT);
	FILE *held = fopen(path, "rb");
	assert_non_null(held);
	assert_int_equal(flock(fileno(held), LOCK_EX), 0);
	assert_int_equal(sweep_shuffled(&s, 1, 0, path, true, &sweep, &error), GS_ECONFLICT);
	assert_non_null(strstr(error.text, "another process"));
	fclose(held);
	assert_int_equal(sweep_shuffled(&s, 1, 0, path, true, &sweep, &error), GS_OK);
	expect_same(&sweep);
	gs_sim_sweep_free(&sweep);
}

/* ---- bytes ---- */

static void results_survive_as_bytes(void **state)
{
	struct gs_sim_result result = {0}, again;
	double value[GS_SIM_PARAMETERS_MAX] = {[SCALE] = 1};
	struct gs_buf bytes, twice;
	struct gs_rng rng;
	(void)state;
	for (uint64_t seed = 0; seed < 400; seed += 16)
		assert_int_equal(gs_sim_batch(&toy, value, seed, 16, &result, NULL), GS_OK);
	gs_buf_init(&bytes, GS_SIM_RESULT_BYTES_MAX);
	gs_buf_init(&twice, GS_SIM_RESULT_BYTES_MAX);
	gs_sim_result_encode(&toy, &result, &bytes);
	assert_int_equal(bytes.err, GS_OK);
	assert_int_equal(gs_sim_result_decode(&toy, gs_buf_view(&bytes), &again, NULL), GS_OK);
	gs_sim_result_encode(&toy, &again, &twice);
	assert_true(gs_bytes_equal(gs_buf_view(&bytes), gs_buf_view(&twice)));
	assert_string_equal(again.first, "something");
	for (size_t len = 0; len < bytes.len; len++)
		assert_int_equal(gs_sim_result_decode(&toy, (struct gs_bytes){bytes.ptr, len}, &again, NULL),
		                 GS_EPARSE);
	gs_rng_seed(&rng, 3);
	for (unsigned i = 0; i < 20000; i++) { /* whatever is taken is written as it was read */
		struct gs_buf damaged;
		gs_buf_init(&damaged, GS_SIM_RESULT_BYTES_MAX);
		gs_buf_append(&damaged, bytes.ptr, bytes.len);
		for (unsigned n = 0; n < 3; n++)
			damaged.ptr[gs_rng_below(&rng, damaged.len)] = (uint8_t)gs_rng_u64(&rng);
		if (gs_sim_result_decode(&toy, gs_buf_view(&damaged), &again, NULL) == GS_OK) {
			twice.len = 0;
			gs_sim_result_encode(&toy, &again, &twice);
			assert_true(gs_bytes_equal(gs_buf_view(&damaged), gs_buf_view(&twice)));
		}
		gs_buf_free(&damaged);
	}
	gs_buf_free(&bytes);
	gs_buf_free(&twice);
}

static void batches_survive_as_bytes(void **state)
{
	struct gs_sim_job job = {.engine = gs_sim_engine_find("games"), .first = UINT64_MAX - 9, .runs = 10}, again;
	struct gs_sim_scenario s;
	struct gs_buf bytes;
	struct gs_error error = {0};
	(void)state;
	gs_sim_scenario_init(job.engine, &s);
	memcpy(job.value, s.value, sizeof(job.value));
	gs_buf_init(&bytes, GS_SIM_JOB_BYTES_MAX);
	gs_sim_job_encode(&job, "7", &bytes);
	assert_int_equal(bytes.err, GS_OK);
	assert_int_equal(gs_sim_job_decode(gs_buf_view(&bytes), "7", &again, &error), GS_OK);
	assert_true(again.engine == job.engine && again.first == job.first && again.runs == 10);
	assert_memory_equal(again.value, job.value, job.engine->parameters * sizeof(double));
	assert_int_equal(gs_sim_job_decode(gs_buf_view(&bytes), "8", &again, &error), GS_EUNSUPPORTED);
	assert_non_null(strstr(error.text, "a batch of version 7, and this is 8"));
	for (size_t len = 0; len < bytes.len; len++)
		assert_int_not_equal(gs_sim_job_decode((struct gs_bytes){bytes.ptr, len}, "7", &again, NULL), GS_OK);
	bytes.ptr[bytes.len - 1] = GS_SIM_BATCH_RUNS + 1;
	assert_int_equal(gs_sim_job_decode(gs_buf_view(&bytes), "7", &again, NULL), GS_EPARSE);
	bytes.len = 0;
	job.value[0] = 1e9; /* out of range */
	gs_sim_job_encode(&job, "7", &bytes);
	assert_int_equal(gs_sim_job_decode(gs_buf_view(&bytes), "7", &again, NULL), GS_EPARSE);
	gs_buf_free(&bytes);
}

/* ---- shrinking ---- */

enum { PARTIES, LIARS, FAULT, OUTAGE, LOUD, MONEY };
static const char *const faults[] = {"drawn", "crash", "none", "reorg", NULL};
static const struct gs_sim_parameter many_parameters[] = {
	[PARTIES] = {"parties", "", GS_SIM_KIND_COUNT, 10, 1, 1000, NULL, false},
	[LIARS] = {"liars", "", GS_SIM_KIND_COUNT, GS_SIM_DRAWN, 0, 10, NULL, true},
	[FAULT] = {"fault", "", GS_SIM_KIND_CHOICE, 0, 0, 3, faults, false},
	[OUTAGE] = {"outage", "", GS_SIM_KIND_SECONDS, 60, 0, 1e6, NULL, false},
	[LOUD] = {"loud", "", GS_SIM_KIND_FLAG, 0, 0, 1, NULL, false},
	[MONEY] = {"money", "", GS_SIM_KIND_MONEY, 100, 1, 1e6, NULL, false},
};

/* Shows its defect with 37 parties or more, a reorganisation or a drawn fault, some outage, and every fourth seed; another one
 * with a crash. */
static enum gs_err run_many(const double *value, uint64_t seed, const struct gs_sim_watch *watch,
                            struct gs_sim_result *result, struct gs_error *error)
{
	(void)watch;
	(void)error;
	bool fault = value[FAULT] == 3 || value[FAULT] == 0;
	if (value[PARTIES] >= 37 && fault && value[OUTAGE] > 0 && seed % 4 == 1)
		gs_sim_violate(result, seed, "defect");
	else if (value[FAULT] == 1)
		gs_sim_violate(result, seed, "another");
	return GS_OK;
}

static void shrinking_leaves_what_matters(void **state)
{
	const struct gs_sim_engine many = {.name = "many",
	                                   .parameter = many_parameters,
	                                   .parameters = GS_ARRAY_LEN(many_parameters),
	                                   .check = check,
	                                   .run = run_many};
	struct gs_sim_shrink shrink = {.engine = &many, .seed = 5, .seeds = 8, .runs_max = 10000};
	struct gs_error error = {0};
	static const double start[] = {900, GS_SIM_DRAWN, 0, 7200, 1, 5000};
	(void)state;
	memcpy(shrink.value, start, sizeof(start));
	if (gs_sim_shrink(&shrink, &error) != GS_OK)
		fail_msg("%s", error.text);
	assert_string_equal(shrink.what, "defect");
	assert_true(shrink.value[PARTIES] == 37 && shrink.value[LIARS] == 0 && shrink.value[FAULT] == 3);
	assert_true(shrink.value[OUTAGE] == 60 && shrink.value[LOUD] == 0 && shrink.value[MONEY] == 100);
	assert_int_equal(shrink.seed % 4, 1);
	shrink.seed = 2;
	assert_int_equal(gs_sim_shrink(&shrink, &error), GS_ENOTFOUND);
	assert_non_null(strstr(error.text, "seed 2 violates nothing"));
}

/* Ends by an assertion with 37 parties or more and every fourth seed, by a signal without a fault, by an error with seed 99. */
static enum gs_err run_dying(const double *value, uint64_t seed, const struct gs_sim_watch *watch,
                             struct gs_sim_result *result, struct gs_error *error)
{
	const bool few = value[PARTIES] < 37, most = seed % 4 != 1;
	(void)watch;
	(void)result;
	if (seed == 99)
		return gs_fail(error, GS_EIO, "the disk is full");
	if (value[FAULT] == 2)
		raise(SIGKILL);
	GS_ASSERT(most || few);
	return GS_OK;
}

static void shrinking_survives_assertions(void **state)
{
	const struct gs_sim_engine dying = {.name = "dying",
	                                    .parameter = many_parameters,
	                                    .parameters = GS_ARRAY_LEN(many_parameters),
	                                    .check = check,
	                                    .run = run_dying};
	struct gs_sim_shrink shrink = {.engine = &dying, .seed = 5, .seeds = 8, .runs_max = 10000};
	struct gs_sim_result result = {.runs = 0};
	struct gs_error error = {0};
	static const double start[] = {900, 3, 3, 7200, 1, 5000};
	double value[GS_ARRAY_LEN(start)];
	(void)state;
	memcpy(shrink.value, start, sizeof(start));
	memcpy(value, start, sizeof(start));
	assert_int_equal(gs_sim_run_apart(&dying, value, 99, &result, &error), GS_EIO);
	assert_string_equal(error.text, "the disk is full");
	value[FAULT] = 2;
	assert_int_equal(gs_sim_run_apart(&dying, value, 5, &result, &error), GS_OK);
	assert_string_equal(result.first, "ended by signal 9");
	assert_true(result.violations == 1 && result.first_seed == 5);
	if (gs_sim_shrink(&shrink, &error) != GS_OK)
		fail_msg("%s", error.text);
	assert_non_null(strstr(shrink.what, "assertion failed: most || few"));
	assert_true(shrink.value[PARTIES] == 37 &&
	            shrink.value[FAULT] == 1); /* without a fault it dies of something else */
	assert_true(shrink.value[OUTAGE] == 0 && shrink.value[LOUD] == 0 && shrink.seed % 4 == 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_number_of_processes_does_not_show),
		cmocka_unit_test(what_fails_is_told_with_its_seeds),
		cmocka_unit_test(the_order_of_answers_does_not_show),
		cmocka_unit_test(interruptions_do_not_show),
		cmocka_unit_test(torn_files_lose_what_is_torn),
		cmocka_unit_test(damaged_files_are_refused),
		cmocka_unit_test(checkpoints_of_others_are_refused),
		cmocka_unit_test(results_survive_as_bytes),
		cmocka_unit_test(batches_survive_as_bytes),
		cmocka_unit_test(shrinking_leaves_what_matters),
		cmocka_unit_test(shrinking_survives_assertions),
	};
	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
