/* Whether a TEE could speak when it signed: one registry with all that can happen to a TEE and its image, and what is to be said at each place. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "validator/opengradient/standing.h"

enum { TEE = 1, OTHER = 2, IMAGE = 3, IMAGE_OF_TWO = 4, TYPE = 7, SECONDS = 10, BLOCKS = 100 };

/* Block b is made at SECONDS * b. */
static struct gs_time time_of(uint64_t block)
{
	return (struct gs_time){SECONDS * block};
}

static struct gs_hash hash_of(uint8_t n)
{
	return (struct gs_hash){{n}};
}

static void add(struct gs_registry_history *h, uint64_t block, enum gs_registry_kind kind, uint8_t subject,
                uint8_t type)
{
	const struct gs_registry_event event = {.kind = kind, .subject = hash_of(subject), .type = type};

	assert_int_equal(gs_registry_history_add(h, (struct gs_registry_place){block, 0}, time_of(block), &event),
	                 GS_OK);
}

static struct gs_registry_history *build(void)
{
	struct gs_registry_history *h = gs_registry_history_new();

	assert_non_null(h);
	add(h, 10, GS_REGISTRY_APPROVED, IMAGE, TYPE);
	add(h, 11, GS_REGISTRY_APPROVED, IMAGE_OF_TWO, TYPE);
	add(h, 12, GS_REGISTRY_APPROVED, IMAGE_OF_TWO, TYPE + 1);
	add(h, 20, GS_REGISTRY_REGISTERED, TEE, TYPE);
	add(h, 30, GS_REGISTRY_DISABLED, TEE, 0);
	add(h, 40, GS_REGISTRY_ENABLED, TEE, 0);
	add(h, 50, GS_REGISTRY_REVOKED, IMAGE, TYPE);
	add(h, 60, GS_REGISTRY_APPROVED, IMAGE, TYPE);
	add(h, 70, GS_REGISTRY_REVOKED_ANY, IMAGE_OF_TWO, 0);
	return h;
}

static void says_what_held(void **state)
{
	static const struct {
		uint64_t block;     /* of the settlement */
		uint64_t signed_in; /* the block in which the TEE signed */
		uint8_t tee, image; /* 0: not known */
		bool part;          /* the history does not begin with the registry */
		enum gs_finding wanted;
	} row[] = {
		{19, 19, TEE, IMAGE, false, GS_FINDING_NO_KEY},
		{20, 19, TEE, IMAGE, false, GS_FINDING_VALID},
		{25, 25, OTHER, IMAGE, false, GS_FINDING_NO_KEY},
		{25, 24, TEE, IMAGE, false, GS_FINDING_VALID},
		{30, 29, TEE, IMAGE, false, GS_FINDING_DISABLED_SINCE},
		{39, 29, TEE, IMAGE, false, GS_FINDING_DISABLED_SINCE},
		{39, 30, TEE, IMAGE, false, GS_FINDING_TEE_DISABLED},
		{39, 35, TEE, IMAGE, false, GS_FINDING_TEE_DISABLED},
		{39, 3, TEE, IMAGE, false, GS_FINDING_TEE_DISABLED},  /* a time before the registry's first event */
		{39, 15, TEE, IMAGE, false, GS_FINDING_TEE_DISABLED}, /* and one before it was registered */
		{39, 90, TEE, IMAGE, false, GS_FINDING_TEE_DISABLED}, /* the future is no excuse */
		{40, 35, TEE, IMAGE, false, GS_FINDING_VALID},
		{50, 49, TEE, IMAGE, false, GS_FINDING_IMAGE_SINCE},
		{55, 51, TEE, IMAGE, false, GS_FINDING_IMAGE},
		{55, 51, TEE, IMAGE, true, GS_FINDING_IMAGE_UNKNOWN},
		{55, 3, TEE, IMAGE, false, GS_FINDING_IMAGE},
		{60, 51, TEE, IMAGE, false, GS_FINDING_VALID},
		{65, 61, TEE, 0, false, GS_FINDING_IMAGE_UNKNOWN},
		{65, 61, TEE, OTHER, false, GS_FINDING_IMAGE},
		{65, 61, TEE, OTHER, true, GS_FINDING_IMAGE_UNKNOWN},
		{69, 61, TEE, IMAGE_OF_TWO, false, GS_FINDING_VALID},
		{75, 72, TEE, IMAGE_OF_TWO, false, GS_FINDING_IMAGE_UNKNOWN},
	};
	struct gs_registry_history *h = build();

	(void)state;
	for (size_t i = 0; i < GS_ARRAY_LEN(row); i++) {
		const struct gs_hash tee = hash_of(row[i].tee), image = hash_of(row[i].image);
		/* late in its block, still before the next one */
		const struct gs_time signed_at = {time_of(row[i].signed_in).unix_s + SECONDS - 1};
		const enum gs_finding is = gs_tee_standing(h, !row[i].part, &tee, row[i].image ? &image : NULL,
		                                           (struct gs_registry_place){row[i].block, UINT32_MAX},
		                                           signed_at);
		if (is != row[i].wanted)
			fail_msg("row %zu: %s, not %s", i, gs_finding_code(is), gs_finding_code(row[i].wanted));
	}
	gs_registry_history_free(h);
}

/* Against a look at every event. */
static void finds_the_place_of_a_time(void **state)
{
	static const uint64_t event[] = {10, 11, 12, 20, 30, 40, 50, 60, 70};
	struct gs_registry_history *h = build();
	struct gs_registry_place at;

	(void)state;
	for (uint64_t s = 0; s < SECONDS * BLOCKS; s++) {
		uint64_t last = 0;
		for (size_t i = 0; i < GS_ARRAY_LEN(event); i++)
			if (time_of(event[i]).unix_s <= s)
				last = event[i];
		assert_int_equal(gs_registry_place_of(h, (struct gs_time){s}, &at), last != 0);
		if (last)
			assert_int_equal(at.block, last);
	}
	gs_registry_history_rewind(h, 9);
	assert_false(gs_registry_place_of(h, (struct gs_time){UINT64_MAX}, &at));
	gs_registry_history_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_what_held),
		cmocka_unit_test(finds_the_place_of_a_time),
	};
	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
