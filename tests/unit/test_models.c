/* The store of models: what is kept under which hash, what makes room, what a crash or another process leaves, and that no other file is taken for a
 * model's. Files are random programs of the generator. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/generator/generator.h"
#include "validator/models/fetch.h"

enum { MODELS = 12, KILLS = 12, PROCESSES = 4, PATH_LEN = 256, STORE_MAX = 1 << 30 };

struct model {
	struct gs_hash id, sha256;
	uint64_t bytes;
	char path[PATH_LEN];
};

static char root[] = "/tmp/gainsay-test-models-XXXXXX";
static struct model model[MODELS];
static unsigned stores;

static void write_file(const char *path, const void *data, size_t len)
{
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

static void make_model(struct model *m, unsigned number)
{
	struct gs_generator_options options = gs_generator_small();
	struct gs_program program;
	struct gs_buf file;
	struct gs_error error;

	assert_int_equal(gs_generate_program(700 + number, &options, &program, &error), GS_OK);
	gs_header_model_id(&program.header, &m->id);
	gs_buf_init(&file, (size_t)1 << 28);
	assert_int_equal(gs_program_write(&program, &file), GS_OK);
	snprintf(m->path, sizeof(m->path), "%s/files/%u.gsp", root, number);
	write_file(m->path, file.ptr, file.len);
	int fd = open(m->path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(gs_model_sha256(fd, &m->sha256, &m->bytes, &error), GS_OK);
	close(fd);
	assert_int_equal(m->bytes, file.len);
	gs_buf_free(&file);
	gs_program_free(&program);
}

static int set_up(void **state)
{
	char path[PATH_LEN];

	(void)state;
	if (!mkdtemp(root))
		return 1;
	snprintf(path, sizeof(path), "%s/files", root);
	if (mkdir(path, 0755) != 0)
		return 1;
	for (unsigned i = 0; i < MODELS; i++)
		make_model(&model[i], i);
	return 0;
}

static int tear_down(void **state)
{
	char command[PATH_LEN + 16];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf '%s'", root);
	return system(command); /* NOLINT(cert-env33-c): a folder of our own making */
}

/* --- a store of a test --- */

struct world {
	char folder[PATH_LEN];
	struct gs_model_store *store;
	struct gs_model_fetch_options fetch;
	struct gs_model_source source;
	struct gs_error error;
};

static void open_again(struct world *w, uint64_t bytes_max)
{
	const struct gs_model_store_options options = {.folder = w->folder, .bytes_max = bytes_max};

	gs_model_store_close(w->store);
	if (gs_model_store_open(&options, &w->store, &w->error))
		fail_msg("%s", w->error.text);
	w->fetch = (struct gs_model_fetch_options){.store = w->store, .source = &w->source, .sources = 1};
}

static void open_world(struct world *w, uint64_t bytes_max)
{
	char text[PATH_LEN];

	memset(w, 0, sizeof(*w));
	snprintf(w->folder, sizeof(w->folder), "%s/store%u", root, stores++);
	snprintf(text, sizeof(text), "folder:%s/files", root);
	assert_int_equal(gs_model_source_parse(text, &w->source, &w->error), GS_OK);
	open_again(w, bytes_max);
}

static void close_world(struct world *w)
{
	gs_model_store_close(w->store);
}

static enum gs_err add(struct world *w, const struct model *m)
{
	const struct gs_model_want want = {.id = m->id};
	struct gs_model_entry entry;

	return gs_model_fetch(&w->fetch, &want, &entry, &w->error);
}

static bool has(struct world *w, const struct model *m)
{
	struct gs_model_entry entry;
	const enum gs_err err = gs_model_store_get(w->store, &m->id, &entry, &w->error);

	assert_true(err == GS_OK || err == GS_ENOTFOUND);
	return err == GS_OK && entry.present;
}

static void object_path(const struct world *w, const struct model *m, char out[GS_MODEL_STORE_PATH_MAX])
{
	const struct gs_model_entry entry = {.sha256 = m->sha256};

	gs_model_store_path(w->store, &entry, out);
}

static void set_used(const struct world *w, const struct model *m, time_t when)
{
	char path[GS_MODEL_STORE_PATH_MAX];
	const struct timespec times[2] = {{.tv_sec = when}, {.tv_sec = when}};

	object_path(w, m, path);
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

/* Everything that the store says it has is what it says. Returns how many there are. */
static size_t check_all(struct world *w)
{
	struct gs_model_entry *entry;
	size_t count, present = 0;

	if (gs_model_store_list(w->store, &entry, &count, &w->error))
		fail_msg("%s", w->error.text);
	for (size_t i = 0; i < count; i++) {
		assert_true(i == 0 || memcmp(entry[i - 1].id.b, entry[i].id.b, 32) < 0);
		present += entry[i].present;
		if (entry[i].present && gs_model_store_verify(w->store, &entry[i], &w->error))
			fail_msg("%s", w->error.text);
	}
	free(entry);
	return present;
}

/* --- the store --- */

static void keeps_by_hash(void **state)
{
	struct world w;
	struct gs_model_entry entry;
	struct gs_model_store_totals totals;
	struct gs_program program;
	struct gs_hash id;

	(void)state;
	open_world(&w, 0);
	assert_int_equal(check_all(&w), 0);
	for (unsigned i = 0; i < MODELS; i++)
		assert_int_equal(add(&w, &model[i]), GS_OK);
	assert_int_equal(add(&w, &model[3]), GS_OK); /* again: nothing changes */
	open_again(&w, 0);
	assert_int_equal(check_all(&w), MODELS);
	assert_int_equal(gs_model_store_totals(w.store, &totals, &w.error), GS_OK);
	uint64_t bytes = 0;
	for (unsigned i = 0; i < MODELS; i++) {
		bytes += model[i].bytes;
		assert_int_equal(gs_model_store_get(w.store, &model[i].id, &entry, &w.error), GS_OK);
		assert_true(gs_hash_equal(&entry.sha256, &model[i].sha256));
		assert_int_equal(entry.bytes, model[i].bytes);
		assert_int_equal(entry.form, GS_MODEL_PROGRAM);
		assert_string_equal(entry.source, model[i].path);
		assert_true(entry.steps > 0 && entry.trace_bytes > 0 && entry.added_s > 0);
		assert_int_equal(gs_model_store_load(w.store, &model[i].id, &program, &w.error), GS_OK);
		gs_header_model_id(&program.header, &id);
		assert_true(gs_hash_equal(&id, &model[i].id));
		gs_program_free(&program);
	}
	assert_int_equal(totals.bytes, bytes);
	assert_int_equal(totals.present, MODELS);
	close_world(&w);
}

static void says_what_is_missing(void **state)
{
	struct world w;
	struct gs_program program;
	const struct model nobody = {.id = {{9}}};
	struct gs_model_entry entry;

	(void)state;
	open_world(&w, 0);
	assert_int_equal(add(&w, &nobody), GS_ENOTFOUND);
	assert_non_null(strstr(w.error.text, "no file there is this model"));
	assert_int_equal(gs_model_store_load(w.store, &nobody.id, &program, &w.error), GS_ENOTFOUND);
	assert_int_equal(gs_model_store_note(w.store, &nobody.id, GS_MODEL_LACK_DIFFERS, "another file", &w.error),
	                 GS_OK);
	assert_int_equal(gs_model_store_load(w.store, &nobody.id, &program, &w.error), GS_ENOTFOUND);
	assert_string_equal(w.error.text, "another file");
	open_again(&w, 0);
	assert_int_equal(gs_model_store_get(w.store, &nobody.id, &entry, &w.error), GS_OK);
	assert_int_equal(entry.lack, GS_MODEL_LACK_DIFFERS);
	assert_int_equal(gs_model_store_note(w.store, &nobody.id, GS_MODEL_LACK_NONE, "", &w.error), GS_OK);
	assert_int_equal(gs_model_store_get(w.store, &nobody.id, &entry, &w.error), GS_OK);
	assert_int_equal(entry.lack, GS_MODEL_LACK_NONE);
	assert_int_equal(gs_model_store_cost(w.store, &model[0].id, &entry.cost, &w.error), GS_ENOTFOUND);
	close_world(&w);
}

static void evicts_what_was_used_longest_ago(void **state)
{
	struct world w;
	struct gs_program program;
	uint64_t five = 0;
	size_t evicted;

	(void)state;
	for (unsigned i = 0; i < 5; i++)
		five += model[i].bytes;
	open_world(&w, 0);
	for (unsigned i = 0; i < 5; i++) {
		assert_int_equal(add(&w, &model[i]), GS_OK);
		set_used(&w, &model[i], 1000 + (time_t)i);
	}
	assert_int_equal(gs_model_store_pin(w.store, &model[0].id, true, &w.error), GS_OK);
	assert_int_equal(gs_model_store_load(w.store, &model[1].id, &program, &w.error),
	                 GS_OK); /* is used: goes last */
	gs_program_free(&program);
	assert_int_equal(gs_model_store_evict(w.store, five - 1, &evicted, &w.error), GS_OK);
	assert_int_equal(evicted, 1);
	assert_true(has(&w, &model[0]) && has(&w, &model[1]) && !has(&w, &model[2]) && has(&w, &model[3]));
	open_again(&w, model[0].bytes + model[1].bytes + model[5].bytes);
	assert_int_equal(add(&w, &model[5]), GS_OK); /* makes room */
	assert_true(has(&w, &model[0]) && has(&w, &model[5]) && !has(&w, &model[3]) && !has(&w, &model[4]));
	assert_int_equal(gs_model_store_evict(w.store, 0, &evicted, &w.error), GS_ELIMIT);
	assert_non_null(strstr(w.error.text, "pinned"));
	assert_int_equal(gs_model_store_pin(w.store, &model[0].id, false, &w.error), GS_OK);
	assert_int_equal(gs_model_store_evict(w.store, 0, &evicted, &w.error), GS_OK);
	assert_int_equal(check_all(&w), 0);
	assert_int_equal(gs_model_store_load(w.store, &model[0].id, &program, &w.error), GS_ENOTFOUND);
	assert_non_null(strstr(w.error.text, "evicted"));
	close_world(&w);
}

static void pins_hold_their_room(void **state)
{
	struct world w;
	struct gs_model_entry entry;

	(void)state;
	open_world(&w, model[0].bytes + 1);
	assert_int_equal(gs_model_store_pin(w.store, &model[0].id, true, &w.error), GS_OK); /* before it is there */
	assert_int_equal(gs_model_store_get(w.store, &model[0].id, &entry, &w.error), GS_OK);
	assert_true(entry.pinned && !entry.present);
	assert_int_equal(add(&w, &model[0]), GS_OK);
	assert_int_equal(gs_model_store_get(w.store, &model[0].id, &entry, &w.error), GS_OK);
	assert_true(entry.pinned && entry.present);
	assert_int_equal(gs_model_store_room(w.store, 1, &w.error), GS_OK);
	assert_int_equal(gs_model_store_room(w.store, 2, &w.error), GS_ELIMIT);
	assert_int_equal(add(&w, &model[1]), GS_ELIMIT);
	assert_true(has(&w, &model[0]) && !has(&w, &model[1]));
	assert_int_equal(gs_model_store_pin(w.store, &model[1].id, false, &w.error), GS_ENOTFOUND);
	close_world(&w);
}

static void finds_damage(void **state)
{
	struct world w;
	struct gs_model_entry entry;
	struct gs_program program;
	char path[GS_MODEL_STORE_PATH_MAX];
	uint8_t byte;

	(void)state;
	open_world(&w, 0);
	assert_int_equal(add(&w, &model[0]), GS_OK);
	object_path(&w, &model[0], path);
	assert_int_equal(chmod(path, 0644), 0);
	int fd = open(path, O_RDWR | O_CLOEXEC);
	assert_int_equal(pread(fd, &byte, 1, (off_t)model[0].bytes - 1), 1);
	byte ^= 1;
	assert_int_equal(pwrite(fd, &byte, 1, (off_t)model[0].bytes - 1), 1);
	close(fd);
	assert_int_equal(gs_model_store_get(w.store, &model[0].id, &entry, &w.error), GS_OK);
	assert_int_equal(gs_model_store_verify(w.store, &entry, &w.error), GS_ECORRUPT);
	assert_true(has(&w, &model[0])); /* looking changes nothing */
	assert_int_equal(gs_model_store_load(w.store, &model[0].id, &program, &w.error), GS_ECORRUPT);
	assert_false(has(&w, &model[0])); /* using does */
	assert_int_equal(add(&w, &model[0]), GS_OK);
	assert_int_equal(check_all(&w), 1);
	close_world(&w);
}

static void refuses_other_folders(void **state)
{
	char folder[PATH_LEN], path[PATH_LEN + 16];
	struct gs_model_store *store;
	struct gs_error error;
	struct gs_model_store_options options = {.folder = folder};

	(void)state;
	snprintf(folder, sizeof(folder), "%s/files", root);
	assert_int_equal(gs_model_store_open(&options, &store, &error), GS_ECORRUPT);
	assert_null(store);
	snprintf(folder, sizeof(folder), "%s/missing/store", root);
	assert_int_equal(gs_model_store_open(&options, &store, &error), GS_EIO);
	snprintf(folder, sizeof(folder), "%s/newer", root);
	assert_int_equal(mkdir(folder, 0755), 0);
	snprintf(path, sizeof(path), "%s/FORMAT", folder);
	write_file(path, "gainsay model store 2\n", 22);
	assert_int_equal(gs_model_store_open(&options, &store, &error), GS_EUNSUPPORTED);
}

/* --- other files --- */

static enum gs_err offer(struct world *w, const struct gs_model_want *want, const void *data, size_t len)
{
	char path[PATH_LEN + 16];
	struct gs_model_entry entry;

	snprintf(path, sizeof(path), "%s/offered", root);
	write_file(path, data, len);
	return gs_model_fetch_file(&w->fetch, path, want, &entry, &w->error);
}

static void takes_no_other_file(void **state)
{
	struct world w;
	uint8_t *bytes = malloc(model[0].bytes);
	struct gs_model_want want = {.id = model[0].id};
	struct gs_model_entry entry;
	FILE *f = fopen(model[0].path, "rb");

	(void)state;
	assert_non_null(f);
	assert_non_null(bytes);
	assert_int_equal(fread(bytes, 1, model[0].bytes, f), model[0].bytes);
	fclose(f);
	open_world(&w, 0);
	assert_int_equal(gs_model_fetch_file(&w.fetch, model[1].path, &want, &entry, &w.error), GS_ECORRUPT);
	assert_int_equal(offer(&w, &want, bytes, model[0].bytes - 1), GS_ECORRUPT);
	assert_int_equal(offer(&w, &want, bytes, 20), GS_ECORRUPT);
	assert_int_equal(offer(&w, &want, "<html>not here</html>", 21), GS_ECORRUPT);
	assert_int_equal(offer(&w, &want, "", 0), GS_ECORRUPT);
	bytes[model[0].bytes - 1] ^= 0x80;
	assert_int_equal(offer(&w, &want, bytes, model[0].bytes), GS_ECORRUPT);
	bytes[model[0].bytes - 1] ^= 0x80;
	want.known.sha256.b[0] = 1; /* the index says another hash */
	assert_int_equal(offer(&w, &want, bytes, model[0].bytes), GS_ECORRUPT);
	want.known.sha256 = model[0].sha256;
	want.known.bytes = model[0].bytes + 1;
	assert_int_equal(offer(&w, &want, bytes, model[0].bytes), GS_ECORRUPT);
	want.known.bytes = 0;
	w.fetch.file_bytes_max = model[0].bytes - 1;
	assert_int_equal(offer(&w, &want, bytes, model[0].bytes), GS_ELIMIT);
	w.fetch.file_bytes_max = model[0].bytes;
	assert_int_equal(check_all(&w), 0);
	assert_int_equal(offer(&w, &want, bytes, model[0].bytes), GS_OK);
	assert_int_equal(check_all(&w), 1);
	free(bytes);
	close_world(&w);
}

/* The header of a registered model states the SHA-256 of its ONNX file. */
static void tells_apart_what_is_wrong_with_an_onnx_file(void **state)
{
	struct world w;
	struct gs_program program;
	struct gs_model_want want = {.id = {{1}}};
	struct gs_model_entry entry;
	struct gs_error error;
	static const char digits[] = "configs/demo/digits.onnx";

	(void)state;
	open_world(&w, 0);
	assert_int_equal(gs_model_load(digits, &program, &error), GS_OK);
	assert_int_equal(gs_model_fetch_file(&w.fetch, digits, &want, &entry, &w.error), GS_ECORRUPT);
	want.onnx = program.header.onnx_hash; /* another model of the same file: one with shapes or a tolerance */
	assert_int_equal(gs_model_fetch_file(&w.fetch, digits, &want, &entry, &w.error), GS_EUNSUPPORTED);
	assert_non_null(strstr(w.error.text, "program file"));
	want.onnx.b[5] ^= 1;
	gs_header_model_id(&program.header, &want.id);
	assert_int_equal(gs_model_fetch_file(&w.fetch, digits, &want, &entry, &w.error), GS_ECORRUPT);
	want.onnx = program.header.onnx_hash;
	assert_int_equal(gs_model_fetch_file(&w.fetch, digits, &want, &entry, &w.error), GS_OK);
	assert_int_equal(entry.form, GS_MODEL_ONNX);
	assert_int_equal(check_all(&w), 1);
	gs_program_free(&program);
	close_world(&w);
}

/* --- crashes and company --- */

static void survives_what_a_crash_leaves(void **state)
{
	struct world w;
	char path[GS_MODEL_STORE_PATH_MAX], text[65];
	struct gs_program program;

	(void)state;
	open_world(&w, 0);
	assert_int_equal(add(&w, &model[0]), GS_OK);
	assert_int_equal(add(&w, &model[1]), GS_OK);
	/* between a record and its file, in the middle of a record, of a part */
	object_path(&w, &model[0], path);
	assert_int_equal(unlink(path), 0);
	gs_hex_encode(model[1].id.b, 32, false, text);
	snprintf(path, sizeof(path), "%s/records/%s.new", w.folder, text);
	write_file(path, "{\"version\": 1, \"mo", 18);
	snprintf(path, sizeof(path), "%s/parts/x.part", w.folder);
	write_file(path, "GSPROG", 6);
	open_again(&w, 0);
	assert_int_equal(check_all(&w), 1);
	snprintf(path, sizeof(path), "%s/records/%s.new", w.folder, text);
	assert_int_not_equal(access(path, F_OK), 0);
	assert_int_equal(gs_model_store_load(w.store, &model[0].id, &program, &w.error), GS_ENOTFOUND);
	assert_int_equal(add(&w, &model[0]), GS_OK);
	assert_int_equal(check_all(&w), 2);
	/* a record that somebody else wrote over is no reason to stop */
	snprintf(path, sizeof(path), "%s/records/%s", w.folder, text);
	write_file(path, "nothing", 7);
	open_again(&w, 0);
	assert_int_equal(check_all(&w), 1);
	assert_int_equal(add(&w, &model[1]), GS_OK);
	assert_int_equal(check_all(&w), 2);
	close_world(&w);
}

/* Adds and evicts until it is killed. */
static _Noreturn void work_until_killed(struct world *w, unsigned seed)
{
	for (unsigned i = seed;; i++) {
		const struct model *m = &model[i % MODELS];
		if (add(w, m) != GS_OK && w->error.code != GS_ECONFLICT)
			_exit(3);
		if (i % 5 == 4 && gs_model_store_evict(w->store, model[0].bytes, NULL, &w->error))
			_exit(4);
	}
}

static void survives_being_killed(void **state)
{
	struct world w;

	(void)state;
	open_world(&w, 0);
	for (unsigned i = 0; i < KILLS; i++) {
		const pid_t child = fork();
		assert_true(child >= 0);
		if (child == 0) {
			open_again(&w, 0);
			work_until_killed(&w, i);
		}
		const struct timespec wait = {.tv_nsec = (long)(i * 7919 % 31 + 1) * 1000 * 1000};
		nanosleep(&wait, NULL);
		int status = 0;
		assert_int_equal(kill(child, SIGKILL), 0);
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFSIGNALED(status));
		(void)check_all(&w);
	}
	for (unsigned i = 0; i < MODELS; i++)
		assert_int_equal(add(&w, &model[i]), GS_OK);
	assert_int_equal(check_all(&w), MODELS);
	close_world(&w);
}

static void serves_several_processes(void **state)
{
	struct world w;
	pid_t child[PROCESSES];

	(void)state;
	open_world(&w, 0);
	for (unsigned p = 0; p < PROCESSES; p++) {
		child[p] = fork();
		assert_true(child[p] >= 0);
		if (child[p] != 0)
			continue;
		open_again(&w, 0);
		for (unsigned i = 0; i < 3 * MODELS; i++) {
			const struct model *m = &model[(i * (p + 1) + p) % MODELS];
			const enum gs_err err = add(&w, m);
			if (err && w.error.code != GS_ECONFLICT)
				_exit(3);
			if (i % 4 == 3 && gs_model_store_pin(w.store, &model[p].id, i % 8 == 3, &w.error) &&
			    w.error.code != GS_ENOTFOUND)
				_exit(4);
			if (i % 6 == 5 && gs_model_store_evict(w.store, STORE_MAX, NULL, &w.error))
				_exit(5);
		}
		_exit(0);
	}
	for (unsigned p = 0; p < PROCESSES; p++) {
		int status = 0;
		assert_int_equal(waitpid(child[p], &status, 0), child[p]);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 0);
	}
	for (unsigned i = 0; i < MODELS; i++)
		assert_int_equal(add(&w, &model[i]), GS_OK); /* with what this process knew before the others came */
	assert_int_equal(check_all(&w), MODELS);
	close_world(&w);
}

static void one_fetches_at_a_time(void **state)
{
	struct world w;
	struct gs_model_part one, other;
	char path[GS_MODEL_STORE_PATH_MAX];

	(void)state;
	open_world(&w, 0);
	assert_int_equal(gs_model_store_part(w.store, &model[0].id, "https://a/", &one, &w.error), GS_OK);
	assert_int_equal(gs_model_store_part(w.store, &model[0].id, "https://a/", &other, &w.error), GS_ECONFLICT);
	assert_int_equal(gs_model_store_part(w.store, &model[0].id, "https://b/", &other, &w.error), GS_OK);
	gs_model_part_close(&other, true);
	assert_int_equal(write(one.fd, "half", 4), 4);
	memcpy(path, one.path, sizeof(path));
	gs_model_part_close(&one, false);
	assert_int_equal(gs_model_store_part(w.store, &model[0].id, "https://a/", &one, &w.error), GS_OK);
	assert_string_equal(one.path, path);
	assert_int_equal(lseek(one.fd, 0, SEEK_END), 4); /* goes on where the other stopped */
	gs_model_part_close(&one, true);
	assert_int_not_equal(access(path, F_OK), 0);
	/* what nobody went on with for a day is thrown away */
	write_file(path, "half", 4);
	const struct timespec old[2] = {{.tv_sec = time(NULL) - GS_MODEL_PART_KEPT_S - 60},
	                                {.tv_sec = time(NULL) - GS_MODEL_PART_KEPT_S - 60}};
	assert_int_equal(utimensat(AT_FDCWD, path, old, 0), 0);
	open_again(&w, 0);
	assert_int_not_equal(access(path, F_OK), 0);
	close_world(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_by_hash),
		cmocka_unit_test(says_what_is_missing),
		cmocka_unit_test(evicts_what_was_used_longest_ago),
		cmocka_unit_test(pins_hold_their_room),
		cmocka_unit_test(finds_damage),
		cmocka_unit_test(refuses_other_folders),
		cmocka_unit_test(takes_no_other_file),
		cmocka_unit_test(tells_apart_what_is_wrong_with_an_onnx_file),
		cmocka_unit_test(survives_what_a_crash_leaves),
		cmocka_unit_test(survives_being_killed),
		cmocka_unit_test(serves_several_processes),
		cmocka_unit_test(one_fetches_at_a_time),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
