/* A catalogue of models in a store: 2,500 small distinct ones (or as many as the first argument says) are made in a folder below /tmp (or the second), taken in, listed, judged, verified and evicted,
 * each step checked and timed. Prints JSON. */
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "tests/generator/generator.h"
#include "validator/daemon/readiness.h"

enum { MODELS = 2500, MODELS_MAX = 60000, PATH_LEN = 256, FILE_MAX = 1 << 28 };

static struct gs_hash id[MODELS_MAX];
static char root[PATH_LEN / 2];

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void need(bool good, const char *what, const struct gs_error *error)
{
	if (good)
		return;
	fprintf(stderr, "bench_catalogue: %s: %s\n", what, error ? error->text : "not as it must be");
	exit(1);
}

static void make(unsigned i, const char *path, struct gs_error *error)
{
	struct gs_generator_options options = gs_generator_small();
	struct gs_program program;
	struct gs_buf file;

	options.instructions_max = 4;
	options.elements_max = 256;
	need(gs_generate_program(10000 + i, &options, &program, error) == GS_OK, "a model", error);
	gs_header_model_id(&program.header, &id[i]);
	gs_buf_init(&file, FILE_MAX);
	need(gs_program_write(&program, &file) == GS_OK, "a model's file", NULL);
	FILE *f = fopen(path, "wb");
	need(f && fwrite(file.ptr, 1, file.len, f) == file.len, path, NULL);
	need(fclose(f) == 0, path, NULL);
	gs_buf_free(&file);
	gs_program_free(&program);
}

static void fill(struct gs_model_store *store, unsigned count, struct gs_error *error)
{
	const struct gs_model_fetch_options options = {.store = store};
	char path[PATH_LEN];

	snprintf(path, sizeof(path), "%s/model.gsp", root);
	for (unsigned i = 0; i < count; i++) {
		struct gs_model_want want = {.known = {.bytes = 0}};
		struct gs_model_entry entry;
		make(i, path, error);
		want.id = id[i];
		need(gs_model_fetch_file(&options, path, &want, &entry, error) == GS_OK, "taking in", error);
		need(gs_hash_equal(&entry.id, &id[i]) && entry.present && strcmp(entry.source, path) == 0, "an entry",
		     NULL);
	}
}

static size_t verify(struct gs_model_store *store, struct gs_error *error)
{
	struct gs_model_entry *entry;
	size_t count, present = 0;

	need(gs_model_store_list(store, &entry, &count, error) == GS_OK, "a list", error);
	for (size_t i = 0; i < count; i++) {
		if (!entry[i].present)
			continue;
		present++;
		need(gs_model_store_verify(store, &entry[i], error) == GS_OK, "verifying", error);
	}
	free(entry);
	return present;
}

/* Whatever is known of each: who it is, where from, how large, what it costs, whether it can be served. */
static void judge(struct gs_library *library, size_t present, struct gs_error *error)
{
	struct gs_readiness_terms terms = {.window_s = 3600};
	const struct gs_readiness_world world = {.models = library};
	struct gs_readiness *model;
	size_t count, ready = 0;
	struct gs_buf text;

	gs_readiness_machine(terms.machine);
	need(gs_readiness_collect(&world, &terms, &model, &count, error) == GS_OK, "readiness", error);
	for (size_t i = 0; i < count; i++) {
		ready += model[i].state[GS_PATH_REEXECUTION] == GS_READY;
		need(model[i].stored && model[i].steps > 0 && model[i].entry.bytes > 0, "what is known", NULL);
	}
	need(ready == present, "how many are ready", NULL);
	gs_buf_init(&text, GS_READINESS_BYTES_MAX);
	need(gs_readiness_json(model, count, &terms, &text) == GS_OK, "readiness as JSON", NULL);
	gs_buf_free(&text);
	free(model);
}

int main(int argc, char **argv)
{
	const unsigned long asked = argc > 1 ? strtoul(argv[1], NULL, 10) : MODELS;
	struct gs_config config;
	struct gs_library *library;
	struct gs_model_store_totals all, left;
	struct gs_model_entry *entry;
	struct gs_error error = {0};
	size_t count, evicted;
	double at[8];

	need(asked >= 2 && asked <= MODELS_MAX, "the number of models", NULL);
	snprintf(root, sizeof(root), "%s/gainsay-bench-catalogue-XXXXXX", argc > 2 ? argv[2] : "/tmp");
	need(mkdtemp(root), root, NULL);
	gs_config_defaults(&config);
	snprintf(config.model_store.folder, sizeof(config.model_store.folder), "%s/store", root);
	need(gs_library_open(&config, NULL, &library, &error) == GS_OK, "the store", &error);
	at[0] = now_s();
	fill(gs_library_store(library), (unsigned)asked, &error);
	at[1] = now_s();
	gs_library_close(library);
	at[2] = now_s();
	need(gs_library_open(&config, NULL, &library, &error) == GS_OK, "the store again", &error);
	struct gs_model_store *store = gs_library_store(library);
	need(gs_model_store_list(store, &entry, &count, &error) == GS_OK && count == asked, "the list", &error);
	free(entry);
	at[3] = now_s();
	judge(library, asked, &error);
	at[4] = now_s();
	need(verify(store, &error) == asked, "the number of whole ones", NULL);
	at[5] = now_s();
	need(gs_model_store_totals(store, &all, &error) == GS_OK, "totals", &error);
	need(gs_model_store_pin(store, &id[0], true, &error) == GS_OK, "a pin", &error);
	need(gs_model_store_evict(store, all.bytes / 2, &evicted, &error) == GS_OK && evicted > 0, "evicting", &error);
	at[6] = now_s();
	need(gs_model_store_totals(store, &left, &error) == GS_OK && left.bytes <= all.bytes / 2 &&
	             left.present + evicted == asked && left.models == asked,
	     "what is left", &error);
	judge(library, left.present, &error);
	need(gs_model_store_get(store, &id[0], &(struct gs_model_entry){.bytes = 0}, &error) == GS_OK, "the pinned one",
	     &error);
	gs_library_close(library);
	json_t *json = json_pack("{s:s,s:I,s:I,s:f,s:f,s:f,s:f,s:f,s:I}", "bench", "catalogue", "models",
	                         (json_int_t)asked, "bytes", (json_int_t)all.bytes, "take_in_s", at[1] - at[0],
	                         "open_and_list_s", at[3] - at[2], "readiness_s", at[4] - at[3], "verify_s",
	                         at[5] - at[4], "evict_half_s", at[6] - at[5], "evicted", (json_int_t)evicted);
	json_dumpf(json, stdout, JSON_INDENT(1));
	printf("\n");
	json_decref(json);
	char command[PATH_LEN];
	snprintf(command, sizeof(command), "rm -rf '%s'", root);
	return system(command); /* NOLINT(cert-env33-c): a folder of our own making */
}
