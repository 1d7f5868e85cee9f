/* gainsay-sim: many runs of the dispute game on a simulated chain. docs/simulations.md */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "simulations/nodes/nodes.h"
#include "simulations/strangers/strangers.h"
#include "simulations/world.h"

enum { EXIT_VIOLATION = 1, EXIT_USAGE = 2 };
#define RUNS_MAX UINT64_C(1000000000)

struct arguments {
	uint64_t runs;
	uint64_t seed;
	const char *json;
	struct gs_sim_options options;
	uint64_t processes;
	bool nodes, strangers, first;
	struct gs_sim_nodes_options node_options;
	struct gs_contracts contracts;
	double value[GS_SIM_NODES_PARAMETERS]; /* with --nodes */
};

static const char usage[] =
	"usage: gainsay-sim [--nodes | --strangers] [--runs N] [--seed S] [--threads N] [--json FILE] [--log]\n"
	"  --nodes      runs of whole nodes on a chain with faults, not of games alone\n"
	"  --strangers  runs of calls at random, by accounts without nodes\n"
	"  --duties     with --nodes: attestations, audits, demands, batches and withdrawals, drawn for each run\n"
	"  --fault NAME with --nodes: this one in every run (drawn)\n"
	"  --set NAME=VALUE  with --nodes: of a scenario's parameters, such as validators.griefer=2; a number or a word\n"
	"  --claims N   with --nodes: so many a run, one of them wrong (10)\n"
	"  --dump FILE  with either: the last run's transactions and logs, as JSON, ...\n"
	"  --program FILE  ... and its program\n"
	"  --contracts CHAIN,TOKEN,STAKES,MODELS,CLAIMS,BATCHES,DISPUTES,DUTIES  with either: their addresses\n"
	"  --node-log   with --nodes: what the nodes log, too\n"
	"  --runs N     runs, with the seeds S, S + 1, ... (2000)\n"
	"  --seed S     the first seed (1)\n"
	"  --threads N  as so many processes side by side (1)\n"
	"  --first      ends with the first run that violates anything\n"
	"  --json FILE  writes the sums there\n"
	"  --log        prints every event\n";

static bool number(const char *text, uint64_t max, uint64_t *out)
{
	char *end;
	errno = 0;
	unsigned long long v = strtoull(text, &end, 0);
	*out = v;
	return text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0 && v <= max;
}

static bool small_number(const char *text, unsigned max, double *out)
{
	uint64_t v;
	bool good = number(text, max, &v) && v > 0;
	*out = good ? (double)v : 0;
	return good;
}

static bool fault(const char *name, double *out)
{
	for (unsigned f = 0; f < GS_SIM_FAULTS; f++)
		if (strcmp(name, gs_sim_fault_name((enum gs_sim_fault)f)) == 0) {
			*out = f;
			return true;
		}
	return false;
}

/* "validators.lazy=2", "fault=reorg", "window=drawn" */
static bool set(const char *text, double value[GS_SIM_NODES_PARAMETERS])
{
	const size_t n = strcspn(text, "=");
	const char *word = text + n + (text[n] != '\0');
	for (unsigned i = 0; i < GS_SIM_NODES_PARAMETERS; i++) {
		const struct gs_sim_parameter *p = &gs_sim_nodes_parameters[i];
		char *end;
		if (strlen(p->name) != n || memcmp(p->name, text, n) != 0)
			continue;
		for (unsigned c = 0; p->choices != NULL && p->choices[c] != NULL; c++)
			if (strcmp(p->choices[c], word) == 0) {
				value[i] = c;
				return true;
			}
		if (p->drawn && strcmp(word, "drawn") == 0) {
			value[i] = GS_SIM_DRAWN;
			return true;
		}
		value[i] = strtod(word, &end);
		return p->choices == NULL && end != word && *end == '\0' && value[i] >= p->least && value[i] <= p->most;
	}
	return false;
}

/* "8453,0x...,..." */
static bool contracts(const char *text, struct gs_contracts *out)
{
	struct gs_address *const all[] = {&out->token,   &out->stakes,   &out->models, &out->claims,
	                                  &out->batches, &out->disputes, &out->duties};
	char part[64];
	size_t n = strcspn(text, ",");
	if (n >= sizeof(part))
		return false;
	memcpy(part, text, n);
	part[n] = '\0';
	if (!number(part, UINT64_MAX, &out->chain_id))
		return false;
	for (size_t i = 0; i < GS_ARRAY_LEN(all); i++) {
		text += n + (text[n] == ',');
		n = strcspn(text, ",");
		if (n >= sizeof(part))
			return false;
		memcpy(part, text, n);
		part[n] = '\0';
		if (gs_address_parse(part, all[i], NULL) != GS_OK)
			return false;
	}
	return text[n] == '\0';
}

/* For the simulator's own test: defects that it must find. */
static bool plant(const char *name, enum gs_sim_plant *out)
{
	static const struct {
		const char *name;
		enum gs_sim_plant plant;
	} known[] = {{"burn", GS_SIM_PLANT_BURN},   {"prize", GS_SIM_PLANT_PRIZE},   {"timeout", GS_SIM_PLANT_TIMEOUT},
	             {"place", GS_SIM_PLANT_PLACE}, {"refund", GS_SIM_PLANT_REFUND}, {"units", GS_SIM_PLANT_UNITS}};
	for (size_t i = 0; i < GS_ARRAY_LEN(known); i++)
		if (strcmp(name, known[i].name) == 0) {
			*out = known[i].plant;
			return true;
		}
	return false;
}

static bool read_arguments(int argc, char **argv, struct arguments *out)
{
	*out = (struct arguments){.runs = 2000, .seed = 1, .processes = 1};
	gs_sim_nodes_standard(out->value);
	out->node_options.value = out->value;
	for (int i = 1; i < argc && argv[i] != NULL; i++) {
		const char *name = argv[i], *value = i + 1 < argc ? argv[i + 1] : NULL;
		bool good = true;
		if (strcmp(name, "--log") == 0) {
			out->options.log = out->node_options.log = stdout;
			continue;
		}
		if (strcmp(name, "--nodes") == 0) {
			out->nodes = true;
			continue;
		}
		if (strcmp(name, "--duties") == 0) {
			for (unsigned p = GS_SIM_P_AUDIT; p <= GS_SIM_P_ROOTS; p++)
				out->value[p] = GS_SIM_DRAWN;
			continue;
		}
		if (strcmp(name, "--first") == 0) {
			out->first = true;
			continue;
		}
		if (strcmp(name, "--strangers") == 0) {
			out->strangers = true;
			continue;
		}
		if (strcmp(name, "--node-log") == 0) {
			out->node_options.log = stdout;
			out->node_options.node_logs = true;
			continue;
		}
		if (value == NULL)
			good = false;
		else if (strcmp(name, "--runs") == 0)
			good = number(value, RUNS_MAX, &out->runs) && out->runs > 0;
		else if (strcmp(name, "--seed") == 0)
			good = number(value, UINT64_MAX, &out->seed);
		else if (strcmp(name, "--threads") == 0)
			good = number(value, GS_SIM_PROCESSES_MAX, &out->processes) && out->processes > 0;
		else if (strcmp(name, "--json") == 0)
			out->json = value;
		else if (strcmp(name, "--fault") == 0)
			good = fault(value, &out->value[GS_SIM_P_FAULT]);
		else if (strcmp(name, "--store") == 0)
			out->node_options.stores = value;
		else if (strcmp(name, "--dump") == 0)
			out->node_options.dump = value;
		else if (strcmp(name, "--program") == 0)
			out->node_options.program = value;
		else if (strcmp(name, "--contracts") == 0) {
			good = contracts(value, &out->contracts);
			out->node_options.contracts = &out->contracts;
		} else if (strcmp(name, "--claims") == 0)
			good = small_number(value, GS_SIM_CLAIMS_MAX, &out->value[GS_SIM_P_CLAIMS]);
		else if (strcmp(name, "--set") == 0)
			good = set(value, out->value);
		else if (strcmp(name, "--plant") == 0)
			good = plant(value, &out->options.plant);
		else
			good = false;
		if (!good) {
			fprintf(stderr, "gainsay-sim: %s %s\n%s", name, value == NULL ? "" : value, usage);
			return false;
		}
		i++;
	}
	unsigned at;
	struct gs_error error = {0};
	if (out->nodes && gs_sim_nodes_check(out->value, &at, &error) != GS_OK) {
		fprintf(stderr, "gainsay-sim: %s: %s\n", gs_sim_nodes_parameters[at].name, error.text);
		return false;
	}
	if (out->processes > 1 && out->first) {
		fprintf(stderr, "gainsay-sim: --first is for one process; leave --threads out\n");
		return false;
	}
	if (out->processes > 1 && out->node_options.stores != NULL) {
		fprintf(stderr, "gainsay-sim: --store is for one process; leave --threads out\n");
		return false;
	}
	if (out->processes > 1 && out->options.log != NULL) {
		fprintf(stderr, "gainsay-sim: --log is for one process; leave --threads out\n");
		return false;
	}
	return true;
}

/* Of one process its processor time, so that what others do on the machine does not count; of several the clock's. */
static double seconds(const struct arguments *a)
{
	struct timespec t;
	clock_gettime(a->processes == 1 ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static const char *kind_of_time(const struct arguments *a)
{
	return a->processes == 1 ? "of processor time" : "by the clock";
}

static void print_summary(const struct arguments *a, const struct gs_sim_tally *t, const char *digest, double elapsed)
{
	printf("runs            %" PRIu64 " in %.2f s %s\n", t->runs, elapsed, kind_of_time(a));
	printf("games           %" PRIu64 " (%" PRIu64 " claims with several), %.0f a second\n", t->games, t->contested,
	       (double)t->games / elapsed);
	printf("moves           %" PRIu64 ", and %" PRIu64 " refused; %" PRIu64 " states agreed off chain\n", t->moves,
	       t->refused, t->agreed);
	printf("outcomes        claimant won %" PRIu64 ", challenger won %" PRIu64 ", closed %" PRIu64 "\n",
	       t->outcome[GS_GAME_CLAIMANT_WON], t->outcome[GS_GAME_CHALLENGER_WON], t->outcome[GS_GAME_CLOSED]);
	printf("reasons         step %" PRIu64 ", output %" PRIu64 ", timeout %" PRIu64 ", concession %" PRIu64
	       ", closed %" PRIu64 "\n",
	       t->reason[GS_REASON_STEP], t->reason[GS_REASON_OUTPUT], t->reason[GS_REASON_TIMEOUT],
	       t->reason[GS_REASON_CONCESSION], t->reason[GS_REASON_CLOSED]);
	printf("claims          wrong %" PRIu64 " (final %" PRIu64
	       ", none of them challenged by an honest player to the end)"
	       "; of all, invalid %" PRIu64 ", final %" PRIu64 ", void %" PRIu64 "\n",
	       t->wrong_claims, t->wrong_final, t->claims_invalid, t->claims_final, t->claims_void);
	printf("prizes          %" PRIu64 " taken over by a game opened earlier\n", t->replaced);
	printf("digest          %s\n", digest);
	printf("violations      %" PRIu64 "\n", t->violations);
	for (unsigned v = 0; v < GS_SIM_VIOLATIONS; v++)
		if (t->violation[v] > 0)
			printf("                %" PRIu64 " %s\n", t->violation[v],
			       gs_sim_violation_name((enum gs_sim_violation)v));
	if (t->violations > 0)
		printf("first violation %s: --seed %" PRIu64 " --runs 1 --log\n", gs_sim_violation_name(t->first),
		       t->first_seed);
}

static bool write_json(const char *path, const struct arguments *a, const struct gs_sim_tally *t, const char *digest,
                       double elapsed)
{
	FILE *f = fopen(path, "w");
	if (f == NULL)
		return false;
	fprintf(f,
	        "{\n  \"seed\": %" PRIu64 ",\n  \"runs\": %" PRIu64 ",\n  \"games\": %" PRIu64
	        ",\n  \"moves\": %" PRIu64 ",\n  \"moves_refused\": %" PRIu64 ",\n  \"agreed\": %" PRIu64 ",\n",
	        a->seed, t->runs, t->games, t->moves, t->refused, t->agreed);
	fprintf(f,
	        "  \"outcomes\": {\"claimant_won\": %" PRIu64 ", \"challenger_won\": %" PRIu64 ", \"closed\": %" PRIu64
	        "},\n",
	        t->outcome[GS_GAME_CLAIMANT_WON], t->outcome[GS_GAME_CHALLENGER_WON], t->outcome[GS_GAME_CLOSED]);
	fprintf(f,
	        "  \"reasons\": {\"step\": %" PRIu64 ", \"output\": %" PRIu64 ", \"timeout\": %" PRIu64
	        ", \"concession\": %" PRIu64 ", \"closed\": %" PRIu64 "},\n",
	        t->reason[GS_REASON_STEP], t->reason[GS_REASON_OUTPUT], t->reason[GS_REASON_TIMEOUT],
	        t->reason[GS_REASON_CONCESSION], t->reason[GS_REASON_CLOSED]);
	fprintf(f,
	        "  \"wrong_claims\": %" PRIu64 ",\n  \"claims_invalid\": %" PRIu64 ",\n  \"claims_final\": %" PRIu64
	        ",\n  \"claims_void\": %" PRIu64 ",\n  \"prizes_taken_over\": %" PRIu64 ",\n",
	        t->wrong_claims, t->claims_invalid, t->claims_final, t->claims_void, t->replaced);
	fprintf(f, "  \"digest\": \"%s\",\n  \"seconds\": %.3f,\n  \"games_per_second\": %.0f,\n", digest, elapsed,
	        (double)t->games / elapsed);
	fprintf(f, "  \"violations\": %" PRIu64, t->violations);
	if (t->violations > 0)
		fprintf(f, ",\n  \"first_violation\": {\"seed\": %" PRIu64 ", \"what\": \"%s\"}", t->first_seed,
		        gs_sim_violation_name(t->first));
	fprintf(f, "\n}\n");
	return fclose(f) == 0;
}

/* ---- whole nodes ---- */

static void print_nodes(const struct arguments *a, const struct gs_sim_nodes_tally *t, const char *digest,
                        double elapsed)
{
	printf("runs            %" PRIu64 " in %.2f s %s, %.0f a second; %" PRIu64 " simulated hours\n", t->runs,
	       elapsed, kind_of_time(a), (double)t->runs / elapsed, t->seconds / 3600);
	printf("claims          %" PRIu64 ", wrong %" PRIu64 "; final %" PRIu64 ", invalid %" PRIu64 "; games %" PRIu64
	       "\n",
	       t->claims, t->wrong_claims, t->final, t->invalid, t->games);
	printf("blocks          %" PRIu64 ", reorganisations %" PRIu64 "; transactions %" PRIu64 ", failed %" PRIu64
	       "; crashes %" PRIu64 "\n",
	       t->blocks, t->reorgs, t->txs, t->failed_txs, t->crashes);
	printf("faults         ");
	for (unsigned f = 0; f < GS_SIM_FAULTS; f++)
		if (t->fault[f] > 0)
			printf(" %s %" PRIu64, gs_sim_fault_name((enum gs_sim_fault)f), t->fault[f]);
	printf("\ndigest          %s\nviolations      %" PRIu64 "\n", digest, t->violations);
	for (unsigned v = 0; v < GS_SIM_WRONGS; v++)
		if (t->violation[v] > 0)
			printf("                %" PRIu64 " %s\n", t->violation[v],
			       gs_sim_wrong_name((enum gs_sim_wrong)v));
	if (t->violations > 0)
		printf("first violation %s: --nodes --seed %" PRIu64 " --runs 1 --log\n", gs_sim_wrong_name(t->first),
		       t->first_seed);
}

static bool write_nodes_json(const struct arguments *a, const struct gs_sim_nodes_tally *t, const char *digest,
                             double elapsed)
{
	FILE *f = fopen(a->json, "w");
	if (f == NULL)
		return false;
	fprintf(f,
	        "{\n  \"seed\": %" PRIu64 ",\n  \"runs\": %" PRIu64
	        ",\n  \"seconds\": %.3f,\n  \"runs_per_second\": %.1f,\n"
	        "  \"claims\": %" PRIu64 ",\n  \"wrong\": %" PRIu64 ",\n  \"final\": %" PRIu64
	        ",\n  \"invalid\": %" PRIu64 ",\n  \"games\": %" PRIu64 ",\n  \"reorgs\": %" PRIu64
	        ",\n  \"crashes\": %" PRIu64 ",\n  \"digest\": \"%s\",\n  \"violations\": %" PRIu64 "\n}\n",
	        a->seed, t->runs, elapsed, (double)t->runs / elapsed, t->claims, t->wrong_claims, t->final, t->invalid,
	        t->games, t->reorgs, t->crashes, digest, t->violations);
	return fclose(f) == 0;
}

/* All of the runs, into the tally. */
static bool run_all(const struct arguments *a, const struct gs_sim_work *work, void *tally, double *elapsed)
{
	struct gs_error error = {0};
	const double start = seconds(a);
	if (gs_sim_many(work, a->seed, a->runs, (unsigned)a->processes, tally, &error) != GS_OK) {
		fprintf(stderr, "gainsay-sim: %s\n", error.text);
		return false;
	}
	*elapsed = seconds(a) - start;
	return true;
}

static enum gs_err run_of_nodes(void *self, uint64_t seed, void *tally, struct gs_error *error)
{
	const struct arguments *a = self;
	const struct gs_sim_nodes_tally *t = tally;
	return a->first && t->violations > 0 ? GS_OK : gs_sim_nodes_run(seed, &a->node_options, tally, error);
}

static void join_nodes(void *to, const void *from)
{
	gs_sim_nodes_tally_join(to, from);
}

static int run_nodes(struct arguments *a)
{
	const struct gs_sim_work work = {a, sizeof(struct gs_sim_nodes_tally), run_of_nodes, join_nodes};
	struct gs_sim_nodes_tally tally = {.runs = 0};
	char digest[67];
	double elapsed;
	if (!run_all(a, &work, &tally, &elapsed))
		return EXIT_USAGE;
	gs_sim_digest_text(&tally.digest, digest);
	print_nodes(a, &tally, digest, elapsed);
	if (a->json != NULL && !write_nodes_json(a, &tally, digest, elapsed)) {
		fprintf(stderr, "gainsay-sim: %s: %s\n", a->json, strerror(errno));
		return EXIT_USAGE;
	}
	return tally.violations == 0 ? 0 : EXIT_VIOLATION;
}

/* ---- strangers ---- */

static void print_strangers(const struct arguments *a, const struct gs_sim_strangers_tally *t, const char *digest,
                            double elapsed)
{
	printf("runs            %" PRIu64 " in %.2f s %s, %.0f a second\n", t->runs, elapsed, kind_of_time(a),
	       (double)t->runs / elapsed);
	printf("claims          %" PRIu64 "; final %" PRIu64 ", invalid %" PRIu64 ", released %" PRIu64 "\n", t->claims,
	       t->final, t->invalid, t->released);
	printf("blocks          %" PRIu64 ", reorganisations %" PRIu64 "\ncalls done and refused\n", t->blocks,
	       t->reorgs);
	for (unsigned k = 0; k < GS_SIM_CALL_KINDS; k++)
		printf("                %" PRIu64 " %" PRIu64 " %s\n", t->done[k], t->refused[k],
		       gs_sim_call_name((enum gs_sim_call_kind)k));
	printf("digest          %s\nviolations      %" PRIu64 "\n", digest, t->violations);
	for (unsigned v = 0; v < GS_SIM_STRANGES; v++)
		if (t->violation[v] > 0)
			printf("                %" PRIu64 " %s\n", t->violation[v],
			       gs_sim_strange_name((enum gs_sim_strange)v));
	if (t->violations > 0)
		printf("first violation %s: --strangers --seed %" PRIu64 " --runs 1 --log\n",
		       gs_sim_strange_name(t->first), t->first_seed);
}

static enum gs_err run_of_strangers(void *self, uint64_t seed, void *tally, struct gs_error *error)
{
	const struct arguments *a = self;
	const struct gs_sim_strangers_tally *t = tally;
	const struct gs_sim_strangers_options options = {.log = a->node_options.log,
	                                                 .contracts = a->node_options.contracts,
	                                                 .dump = a->node_options.dump,
	                                                 .program = a->node_options.program};
	return a->first && t->violations > 0 ? GS_OK : gs_sim_strangers_run(seed, &options, tally, error);
}

static void join_strangers(void *to, const void *from)
{
	gs_sim_strangers_tally_join(to, from);
}

static int run_strangers(struct arguments *a)
{
	const struct gs_sim_work work = {a, sizeof(struct gs_sim_strangers_tally), run_of_strangers, join_strangers};
	struct gs_sim_strangers_tally tally = {.runs = 0};
	char digest[67];
	double elapsed;
	if (!run_all(a, &work, &tally, &elapsed))
		return EXIT_USAGE;
	gs_sim_digest_text(&tally.digest, digest);
	print_strangers(a, &tally, digest, elapsed);
	return tally.violations == 0 ? 0 : EXIT_VIOLATION;
}

static enum gs_err run_of_games(void *self, uint64_t seed, void *tally, struct gs_error *error)
{
	const struct arguments *a = self;
	const struct gs_sim_tally *t = tally;
	return a->first && t->violations > 0 ? GS_OK : gs_sim_run(seed, &a->options, tally, error);
}

static void join_games(void *to, const void *from)
{
	gs_sim_tally_join(to, from);
}

int main(int argc, char **argv)
{
	struct arguments a;
	struct gs_sim_tally tally = {.runs = 0};
	const struct gs_sim_work work = {&a, sizeof(tally), run_of_games, join_games};
	char digest[67];
	double elapsed;
	if (!read_arguments(argc, argv, &a))
		return EXIT_USAGE;
	if (a.nodes)
		return run_nodes(&a);
	if (a.strangers)
		return run_strangers(&a);
	if (!run_all(&a, &work, &tally, &elapsed))
		return EXIT_USAGE;
	gs_sim_digest_text(&tally.digest, digest);
	print_summary(&a, &tally, digest, elapsed);
	if (a.json != NULL && !write_json(a.json, &a, &tally, digest, elapsed)) {
		fprintf(stderr, "gainsay-sim: %s: %s\n", a.json, strerror(errno));
		return EXIT_USAGE;
	}
	return tally.violations == 0 ? 0 : EXIT_VIOLATION;
}
