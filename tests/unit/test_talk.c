/* Messages of games that are played off chain, and the folder they lie in. */
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "chain/core/rng.h"
#include "validator/daemon/talk_folder.h"

static const enum gs_move_kind kinds[] = {GS_MOVE_COMMIT_TRACE,    GS_MOVE_REVEAL,        GS_MOVE_SELECT,
                                          GS_MOVE_SELECT_ELEMENT,  GS_MOVE_REVEAL_STATES, GS_MOVE_SELECT_SEGMENT,
                                          GS_MOVE_CHALLENGE_OUTPUT};

static void fill(struct gs_rng *rng, void *out, size_t len)
{
	for (size_t i = 0; i < len; i++)
		((uint8_t *)out)[i] = (uint8_t)gs_rng_below(rng, 256);
}

static void random_move(struct gs_rng *rng, enum gs_move_kind kind, struct gs_move *m)
{
	const bool element = kind == GS_MOVE_SELECT_ELEMENT, select = kind == GS_MOVE_SELECT;

	m->kind = kind;
	if (select || element)
		m->child = (uint32_t)gs_rng_below(rng, UINT64_C(1) << 32);
	if (select)
		fill(rng, &m->hash, 32);
	if (kind == GS_MOVE_SELECT_SEGMENT)
		m->segment = (uint32_t)gs_rng_below(rng, 65);
	if (select || element)
		m->siblings = (uint32_t)gs_rng_below(rng, GS_ARRAY_LEN(m->sibling) + 1);
	fill(rng, m->sibling, m->siblings * sizeof(*m->sibling));
	if (!select && !element && kind != GS_MOVE_CHALLENGE_OUTPUT)
		m->data_len = (uint32_t)gs_rng_below(rng, sizeof(m->data) + 1);
	fill(rng, m->data, m->data_len);
	if (!element)
		return;
	m->slot = (uint32_t)gs_rng_below(rng, 32);
	m->instruction = (uint32_t)gs_rng_below(rng, UINT64_C(1) << 32);
	fill(rng, m->chunk, sizeof(m->chunk));
	m->path_len = (uint32_t)gs_rng_below(rng, GS_ARRAY_LEN(m->path) + 1);
	fill(rng, m->path, m->path_len * sizeof(*m->path));
	m->descriptor_len = (uint32_t)gs_rng_below(rng, sizeof(m->descriptor) + 1);
	fill(rng, m->descriptor, m->descriptor_len);
}

static void random_talk(struct gs_rng *rng, struct gs_talk *out)
{
	struct gs_move *m = &out->move;

	memset(out, 0, sizeof(*out));
	out->side = (uint8_t)(1 + gs_rng_below(rng, 2));
	fill(rng, &out->game, 32);
	fill(rng, &out->from, 32);
	out->now = gs_rng_below(rng, UINT64_C(1) << 40);
	fill(rng, out->signature.r, 32);
	fill(rng, out->signature.s, 32);
	out->signature.y_parity = (uint8_t)gs_rng_below(rng, 2);
	random_move(rng, kinds[gs_rng_below(rng, GS_ARRAY_LEN(kinds))], m);
}

static void a_message_is_read_as_written(void **state)
{
	struct gs_talk *talk = calloc(1, sizeof(*talk)), *again = calloc(1, sizeof(*again));
	struct gs_rng rng;
	struct gs_buf bytes, twice;

	(void)state;
	gs_rng_seed(&rng, 1);
	for (int i = 0; i < 500; i++) {
		random_talk(&rng, talk);
		gs_buf_init(&bytes, GS_TALK_BYTES_MAX);
		gs_buf_init(&twice, GS_TALK_BYTES_MAX);
		gs_talk_encode(talk, &bytes);
		assert_int_equal(bytes.err, GS_OK); /* the longest fits, too */
		assert_int_equal(gs_talk_decode(gs_buf_view(&bytes), again), GS_OK);
		gs_talk_encode(again, &twice);
		assert_int_equal(twice.len, bytes.len);
		assert_memory_equal(twice.ptr, bytes.ptr, bytes.len);
		assert_int_equal(again->now, talk->now);
		assert_int_equal(again->move.kind, talk->move.kind);
		assert_memory_equal(again->move.data, talk->move.data, sizeof(talk->move.data));
		assert_memory_equal(again->move.path, talk->move.path, sizeof(talk->move.path));
		gs_buf_free(&bytes);
		gs_buf_free(&twice);
	}
	free(talk);
	free(again);
}

/* Whatever is read reads the same when it is written again: no two messages say the same, and none is read beyond its end. */
static void damaged_messages_do_no_harm(void **state)
{
	struct gs_talk *talk = calloc(1, sizeof(*talk)), *again = calloc(1, sizeof(*again));
	struct gs_rng rng;
	struct gs_buf bytes, twice;

	(void)state;
	gs_rng_seed(&rng, 2);
	for (int i = 0; i < 50; i++) {
		random_talk(&rng, talk);
		gs_buf_init(&bytes, GS_TALK_BYTES_MAX);
		gs_talk_encode(talk, &bytes);
		for (size_t len = 0; len < bytes.len; len += 1 + len / 16) {
			uint8_t *exact = malloc(len ? len : 1); /* so that a sanitizer sees what is read beyond it */
			memcpy(exact, bytes.ptr, len);
			assert_int_equal(gs_talk_decode((struct gs_bytes){exact, len}, again), GS_EPARSE);
			free(exact);
		}
		for (int k = 0; k < 200; k++) {
			const size_t at = gs_rng_below(&rng, bytes.len);
			const uint8_t bit = (uint8_t)(1 << gs_rng_below(&rng, 8));
			bytes.ptr[at] ^= bit;
			if (gs_talk_decode(gs_buf_view(&bytes), again) == GS_OK) {
				gs_buf_init(&twice, GS_TALK_BYTES_MAX);
				gs_talk_encode(again, &twice);
				assert_int_equal(twice.len, bytes.len);
				assert_memory_equal(twice.ptr, bytes.ptr, bytes.len);
				gs_buf_free(&twice);
			}
			bytes.ptr[at] ^= bit;
		}
		gs_buf_append_u8(&bytes, 0);
		assert_int_equal(gs_talk_decode(gs_buf_view(&bytes), again), GS_EPARSE);
		gs_buf_free(&bytes);
	}
	free(talk);
	free(again);
}

/* Every kind, in the place of a move with every field zero but one: only that of a kind that uses the field is read. */
static void what_belongs_on_chain_is_not_said(void **state)
{
	struct gs_talk *talk = calloc(1, sizeof(*talk));
	struct gs_rng rng;
	struct gs_buf bytes;

	(void)state;
	gs_rng_seed(&rng, 3);
	for (int kind = 0; kind < GS_MOVE_KINDS + 1; kind++) {
		for (int segment = 0; segment < 2; segment++) {
			bool may = false;
			for (size_t i = 0; i < GS_ARRAY_LEN(kinds); i++)
				may = may || (int)kinds[i] == kind;
			random_talk(&rng, talk);
			memset(&talk->move, 0, sizeof(talk->move));
			talk->move.segment = (uint32_t)segment;
			gs_buf_init(&bytes, GS_TALK_BYTES_MAX);
			gs_talk_encode(talk, &bytes);
			bytes.ptr[8 + 1 + 32 + 32 + 8 + 65] = (uint8_t)kind;
			may = may && (!segment || kind == GS_MOVE_SELECT_SEGMENT);
			assert_int_equal(gs_talk_decode(gs_buf_view(&bytes), talk), may ? GS_OK : GS_EPARSE);
			gs_buf_free(&bytes);
		}
	}
	free(talk);
}

static void the_folder_holds_the_newest(void **state)
{
	char folder[] = "/tmp/gs_talk_XXXXXX", path[256], name[67];
	const struct gs_hash game = {{7}}, other = {{8}};
	uint8_t out[GS_TALK_BYTES_MAX];
	struct gs_error error = {0};
	FILE *file;

	(void)state;
	assert_non_null(mkdtemp(folder));
	assert_int_equal(gs_talk_folder_hear(folder, &game, true, out), 0);
	assert_int_equal(gs_talk_folder_tell(folder, &game, true, (struct gs_bytes){(const uint8_t *)"one", 3}, &error),
	                 GS_OK);
	assert_int_equal(
		gs_talk_folder_tell(folder, &game, true, (struct gs_bytes){(const uint8_t *)"four", 4}, &error), GS_OK);
	assert_int_equal(gs_talk_folder_hear(folder, &game, true, out), 4);
	assert_memory_equal(out, "four", 4);
	assert_int_equal(gs_talk_folder_hear(folder, &game, false, out), 0);
	assert_int_equal(gs_talk_folder_hear(folder, &other, true, out), 0);
	/* longer than any message, no file at all, a link to elsewhere: nothing is heard */
	gs_hex_encode(game.b, 32, true, name);
	snprintf(path, sizeof(path), "%s/%s.claimant.talk", folder, name);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fseek(file, GS_TALK_BYTES_MAX, SEEK_SET), 0);
	fputc(1, file);
	fclose(file);
	assert_int_equal(gs_talk_folder_hear(folder, &game, true, out), 0);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(gs_talk_folder_hear(folder, &game, true, out), 0);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("/etc/hostname", path), 0);
	assert_int_equal(gs_talk_folder_hear(folder, &game, true, out), 0);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(gs_talk_folder_tell("/nowhere", &game, true, (struct gs_bytes){out, 3}, &error), GS_EIO);
	assert_int_equal(rmdir(folder), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_is_read_as_written),
		cmocka_unit_test(damaged_messages_do_no_harm),
		cmocka_unit_test(what_belongs_on_chain_is_not_said),
		cmocka_unit_test(the_folder_holds_the_newest),
	};

	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
