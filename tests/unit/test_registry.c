/* The TEE registry: events, registrations and answers as foundry's `cast` encodes them; the history beside a model that keeps the whole state after each
 * event, over random orders of events with blocks taken back. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "chain/core/hash.h"
#include "chain/core/rng.h"
#include "tests/support/tool.h"
#include "validator/opengradient/registry_history.h"

/* --- encoding --- */

#define TEE_FIELDS "address,address,string,bytes,bytes,bytes32,uint8,bool,uint256,uint256"
#define TEE_VALUES \
	"0x1111111111111111111111111111111111111111,0x2222222222222222222222222222222222222222,https://tee.example,0x6b6579,0x746c73," \
	"0x3333333333333333333333333333333333333333333333333333333333333333,1,true,1770919200,1770920000"
#define KEY "key"

static bool cast(char *path, size_t size)
{
	if (tool_find("cast", path, size))
		return true;
	print_message("no cast: run 'make setup'\n");
	return false;
}

/* What a command prints in hex; to be freed. */
static uint8_t *printed(const char *cast_path, const char *arguments, size_t *len)
{
	char *text = tool_output("'%s' %s 2>/dev/null", cast_path, arguments);

	assert_non_null(text);
	assert_true(strncmp(text, "0x", 2) == 0);
	*len = (strlen(text) - 2) / 2;
	uint8_t *out = malloc(*len);
	assert_non_null(out);
	assert_int_equal(gs_hex_decode(text, strlen(text), out, *len), GS_OK);
	free(text);
	return out;
}

static void assert_text(struct gs_bytes bytes, const char *text)
{
	assert_int_equal(bytes.len, strlen(text));
	assert_memory_equal(bytes.ptr, text, bytes.len);
}

static void reads_a_tee_in_both_shapes(void **state)
{
	static const char *const shape[] = {
		"abi-encode 'f((" TEE_FIELDS "))' '(" TEE_VALUES ")'",
		"abi-encode 'f((" TEE_FIELDS ",(uint8,uint16,uint16,uint16,bytes,bytes,uint256)))' '(" TEE_VALUES
		",(7,32,1,2,0x6f68,0x747470,1770919999))'",
	};
	struct gs_registry_tee tee;
	struct gs_hash id;
	char path[4096];

	(void)state;
	if (!cast(path, sizeof(path)))
		skip();
	gs_keccak256(KEY, strlen(KEY), &id);
	for (size_t i = 0; i < GS_ARRAY_LEN(shape); i++) {
		size_t len;
		uint8_t *bytes = printed(path, shape[i], &len);
		const struct gs_bytes answer = {bytes, len};
		assert_int_equal(gs_registry_tee_read(answer, &id, &tee), GS_OK);
		assert_int_equal(tee.owner.b[19], 0x11);
		assert_int_equal(tee.payment.b[0], 0x22);
		assert_text(tee.endpoint, "https://tee.example");
		assert_text(tee.signing_key, KEY);
		assert_text(tee.tls_certificate, "tls");
		assert_int_equal(tee.pcr_hash.b[31], 0x33);
		assert_true(tee.type == 1 && tee.enabled && tee.registered_s == 1770919200 &&
		            tee.heartbeat_s == 1770920000);
		assert_int_equal(tee.has_ohttp, i == 1);
		if (tee.has_ohttp) {
			assert_true(tee.ohttp.key == 7 && tee.ohttp.kem == 32 && tee.ohttp.kdf == 1 &&
			            tee.ohttp.aead == 2 && tee.ohttp.registered_s == 1770919999);
			assert_text(tee.ohttp.public_key, "oh");
			assert_text(tee.ohttp.configuration, "ttp");
		}
		id.b[0] ^= 1;
		assert_int_equal(gs_registry_tee_read(answer, &id, &tee), GS_ECONFLICT);
		id.b[0] ^= 1;
		for (size_t cut = 0; cut < len; cut++) {
			uint8_t *exact = malloc(cut ? cut : 1);
			assert_non_null(exact);
			memcpy(exact, bytes, cut);
			assert_int_equal(gs_registry_tee_read((struct gs_bytes){exact, cut}, &id, &tee), GS_EPARSE);
			free(exact);
		}
		free(bytes);
	}
}

static void recovers_the_document_of_a_registration(void **state)
{
	struct gs_registration r;
	struct gs_hash id;
	char path[4096];
	size_t len;

	(void)state;
	if (!cast(path, sizeof(path)))
		skip();
	uint8_t *bytes = printed(path,
	                         "calldata 'registerTEEWithAttestation(bytes,bytes,bytes,address,string,uint8)' "
	                         "0x646f63756d656e74 0x6b6579 0x746c73 0x2222222222222222222222222222222222222222 "
	                         "https://tee.example 3",
	                         &len);
	assert_int_equal(gs_registration_read((struct gs_bytes){bytes, len}, &r), GS_OK);
	gs_keccak256(KEY, strlen(KEY), &id);
	assert_text(r.attestation, "document");
	assert_text(r.signing_key, KEY);
	assert_text(r.tls_certificate, "tls");
	assert_text(r.endpoint, "https://tee.example");
	assert_true(r.type == 3 && r.payment.b[7] == 0x22 && gs_hash_equal(&r.tee, &id));
	for (size_t cut = 4; cut < len; cut++)
		assert_int_equal(gs_registration_read((struct gs_bytes){bytes, cut}, &r), GS_EPARSE);
	bytes[0] ^= 1;
	assert_int_equal(gs_registration_read((struct gs_bytes){bytes, len}, &r), GS_ENOTFOUND);
	assert_int_equal(gs_registration_read((struct gs_bytes){bytes, 3}, &r), GS_ENOTFOUND);
	free(bytes);
}

static void reads_events_in_every_shape(void **state)
{
	static const struct {
		const char *signature;
		size_t topics;
		enum gs_registry_kind kind;
	} shapes[] = {
		{"TEERegistered(bytes32,address,uint8)", 3, GS_REGISTRY_REGISTERED},
		{"TEEEnabled(bytes32)", 2, GS_REGISTRY_ENABLED},
		{"TEEDisabled(bytes32)", 2, GS_REGISTRY_DISABLED},
		{"HeartbeatReceived(bytes32,uint256)", 2, GS_REGISTRY_HEARTBEAT},
		{"PCRApproved(bytes32,uint8,string)", 3, GS_REGISTRY_APPROVED},
		{"PCRRevoked(bytes32,uint8)", 3, GS_REGISTRY_REVOKED},
		{"PCRRevoked(bytes32)", 2, GS_REGISTRY_REVOKED_ANY},
		{"AWSCertificateUpdated(bytes32)", 2, GS_REGISTRY_ROOT},
	};
	struct gs_registry_event event;
	struct gs_hash topic[4] = {{{0}}};
	struct gs_buf data;
	struct gs_abi_writer w;

	(void)state;
	for (size_t i = 0; i < GS_ARRAY_LEN(shapes); i++) {
		const enum gs_registry_kind kind = shapes[i].kind;
		gs_keccak256(shapes[i].signature, strlen(shapes[i].signature), &topic[0]);
		memset(topic[1].b, 0xaa, 32);
		memset(topic[2].b, 0, 32);
		topic[2].b[31] = 5;
		gs_buf_init(&data, 4096);
		gs_abi_begin(&w, &data,
		             kind == GS_REGISTRY_REGISTERED || kind == GS_REGISTRY_HEARTBEAT ||
		                     kind == GS_REGISTRY_APPROVED);
		if (kind == GS_REGISTRY_REGISTERED)
			gs_abi_put_u64(&w, 9);
		else if (kind == GS_REGISTRY_HEARTBEAT)
			gs_abi_put_u64(&w, 1770919200);
		else if (kind == GS_REGISTRY_APPROVED)
			gs_abi_put_bytes(&w, (struct gs_bytes){(const uint8_t *)"v1.2.0", 6});
		gs_abi_end(&w);
		assert_int_equal(gs_registry_event_read(topic, shapes[i].topics, gs_buf_view(&data), &event), GS_OK);
		assert_int_equal(event.kind, kind);
		assert_int_equal(event.subject.b[31], 0xaa);
		if (kind == GS_REGISTRY_REGISTERED)
			assert_true(event.owner.b[19] == 5 && event.type == 9);
		if (kind == GS_REGISTRY_HEARTBEAT)
			assert_true(event.heartbeat_s == 1770919200);
		if (kind == GS_REGISTRY_APPROVED)
			assert_text(event.version, "v1.2.0");
		if (kind == GS_REGISTRY_APPROVED || kind == GS_REGISTRY_REVOKED)
			assert_int_equal(event.type, 5);
		/* One topic more or fewer is another event, or none. */
		assert_int_equal(gs_registry_event_read(topic, shapes[i].topics - 1, gs_buf_view(&data), &event),
		                 GS_EPARSE);
		assert_int_equal(gs_registry_event_read(topic, shapes[i].topics + 1, gs_buf_view(&data), &event),
		                 GS_EPARSE);
		if (data.len > 0)
			assert_int_equal(gs_registry_event_read(topic, shapes[i].topics,
			                                        (struct gs_bytes){data.ptr, data.len - 1}, &event),
			                 GS_EPARSE);
		topic[2].b[0] = 1; /* neither an address nor a type */
		if (shapes[i].topics == 3)
			assert_int_equal(gs_registry_event_read(topic, 3, gs_buf_view(&data), &event), GS_EPARSE);
		gs_buf_free(&data);
	}
	topic[0].b[0] ^= 1;
	assert_int_equal(gs_registry_event_read(topic, 2, (struct gs_bytes){NULL, 0}, &event), GS_ENOTFOUND);
	assert_int_equal(gs_registry_event_read(topic, 0, (struct gs_bytes){NULL, 0}, &event), GS_ENOTFOUND);
}

/* --- history --- */

enum { RUNS = 10000, STEPS = 60, TEES = 4, IMAGES = 3, KINDS_OF_TEE = 3, ROOTS = 3, LOGS = 4 };

/* The whole state, after one event. */
struct world {
	struct gs_registry_place at;
	struct gs_registry_state tee[TEES];
	enum gs_registry_approval image[IMAGES][KINDS_OF_TEE];
	bool has_root;
	struct gs_hash root;
};

static struct gs_hash named(uint8_t family, uint64_t number)
{
	struct gs_hash h = {{0}};

	h.b[0] = (uint8_t)(number * 64); /* some meet in a slot */
	h.b[30] = family;
	h.b[31] = (uint8_t)number;
	return h;
}

static void happen(struct world *w, const struct gs_registry_event *e, uint64_t who, struct gs_time now)
{
	struct gs_registry_state *t = &w->tee[who % TEES];
	enum gs_registry_approval *image = w->image[who % IMAGES];
	unsigned live = 0;

	switch (e->kind) {
	case GS_REGISTRY_REGISTERED:
		*t = (struct gs_registry_state){.registered = true,
		                                .registration = w->at,
		                                .registered_at = now,
		                                .owner = e->owner,
		                                .type = e->type,
		                                .enabled = true,
		                                .heartbeat_at = now};
		break;
	case GS_REGISTRY_ENABLED:
	case GS_REGISTRY_DISABLED:
		if (t->registered)
			t->enabled = e->kind == GS_REGISTRY_ENABLED;
		break;
	case GS_REGISTRY_HEARTBEAT:
		if (t->registered) {
			t->heartbeat_at = now;
			t->has_signed_heartbeat = true;
			t->signed_heartbeat_s = e->heartbeat_s;
		}
		break;
	case GS_REGISTRY_APPROVED: image[e->type] = GS_APPROVAL_HELD; break;
	case GS_REGISTRY_REVOKED: image[e->type] = GS_APPROVAL_NONE; break;
	case GS_REGISTRY_REVOKED_ANY:
		for (unsigned i = 0; i < KINDS_OF_TEE; i++)
			live += image[i] != GS_APPROVAL_NONE;
		for (unsigned i = 0; i < KINDS_OF_TEE; i++)
			if (image[i] != GS_APPROVAL_NONE)
				image[i] = live > 1 ? GS_APPROVAL_UNKNOWN : GS_APPROVAL_NONE;
		break;
	case GS_REGISTRY_ROOT:
		w->has_root = true;
		w->root = e->subject;
		break;
	}
}

static struct gs_registry_event draw(struct gs_rng *rng, uint64_t *who)
{
	struct gs_registry_event e = {.kind = (enum gs_registry_kind)gs_rng_below(rng, GS_REGISTRY_KINDS)};

	*who = gs_rng_below(rng, TEES * IMAGES);
	e.type = (uint8_t)gs_rng_below(rng, KINDS_OF_TEE);
	e.heartbeat_s = gs_rng_below(rng, 1000);
	e.owner.b[0] = (uint8_t)gs_rng_below(rng, 256);
	if (e.kind == GS_REGISTRY_ROOT)
		e.subject = named(3, gs_rng_below(rng, ROOTS));
	else if (e.kind >= GS_REGISTRY_APPROVED)
		e.subject = named(1, *who % IMAGES); /* the same names as TEEs have: they do not mix */
	else
		e.subject = named(1, *who % TEES);
	return e;
}

/* Everything that can be asked, at one place. */
static void ask(const struct gs_registry_history *h, const struct world *w, struct gs_registry_place at)
{
	struct gs_registry_state state;
	struct gs_hash root, name;

	for (unsigned i = 0; i < TEES; i++) {
		const struct gs_registry_state *m = &w->tee[i];
		name = named(1, i);
		gs_registry_tee_at(h, &name, at, &state);
		assert_true(state.registered == m->registered && state.enabled == m->enabled && state.type == m->type &&
		            state.registered_at.unix_s == m->registered_at.unix_s &&
		            state.registration.block == m->registration.block &&
		            state.registration.log == m->registration.log &&
		            state.heartbeat_at.unix_s == m->heartbeat_at.unix_s &&
		            state.has_signed_heartbeat == m->has_signed_heartbeat &&
		            state.signed_heartbeat_s == m->signed_heartbeat_s &&
		            gs_address_equal(&state.owner, &m->owner));
	}
	for (unsigned i = 0; i < IMAGES; i++)
		for (unsigned type = 0; type < KINDS_OF_TEE; type++) {
			name = named(1, i);
			assert_int_equal(gs_registry_approval_at(h, &name, (uint8_t)type, at), w->image[i][type]);
		}
	assert_int_equal(gs_registry_root_at(h, at, &root), w->has_root);
	if (w->has_root)
		assert_true(gs_hash_equal(&root, &w->root));
}

static bool stands_behind(struct gs_registry_place a, struct gs_registry_place b)
{
	return a.block > b.block || (a.block == b.block && a.log > b.log);
}

static void play(uint64_t seed)
{
	struct world world[STEPS + 1] = {0};
	struct gs_registry_history *h = gs_registry_history_new();
	struct gs_rng rng;
	size_t count = 0;
	uint64_t block = 1;

	assert_non_null(h);
	gs_rng_seed(&rng, seed);
	for (unsigned step = 0; step < STEPS; step++) {
		uint64_t who;
		if (gs_rng_below(&rng, 8) == 0) {
			block = gs_rng_below(&rng, block + 2);
			gs_registry_history_rewind(h, block);
			while (count > 0 && world[count].at.block > block)
				count--;
			block = count ? world[count].at.block : 1;
		} else {
			const struct gs_registry_event e = draw(&rng, &who);
			const bool same = count > 0 && gs_rng_below(&rng, 2) == 0;
			const struct gs_registry_place at = {same ? block : block + gs_rng_below(&rng, 3),
			                                     (uint32_t)gs_rng_below(&rng, LOGS)};
			const struct gs_time now = {1000 + at.block};
			const bool fits = count == 0 || stands_behind(at, world[count].at);
			assert_int_equal(gs_registry_history_add(h, at, now, &e), fits ? GS_OK : GS_ECONFLICT);
			if (fits) {
				world[count + 1] = world[count];
				world[++count].at = at;
				happen(&world[count], &e, who, now);
				block = at.block;
			}
		}
		assert_int_equal(gs_registry_history_count(h), count);
		const struct gs_registry_place at = {gs_rng_below(&rng, block + 2),
		                                     gs_rng_below(&rng, 3) ? UINT32_MAX
		                                                           : (uint32_t)gs_rng_below(&rng, LOGS)};
		size_t i = count;
		while (i > 0 && stands_behind(world[i].at, at))
			i--;
		ask(h, &world[i], at);
	}
	gs_registry_history_free(h);
}

static void agrees_with_a_model_in_every_order(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < RUNS; seed++)
		play(seed);
}

static void keeps_many_subjects(void **state)
{
	enum { MANY = 5000 };
	struct gs_registry_history *h = gs_registry_history_new();
	struct gs_registry_state s;

	(void)state;
	assert_non_null(h);
	for (uint32_t i = 0; i < MANY; i++) {
		struct gs_registry_event e = {.kind = GS_REGISTRY_REGISTERED, .type = (uint8_t)i};
		gs_keccak256(&i, sizeof(i), &e.subject);
		assert_int_equal(gs_registry_history_add(h, (struct gs_registry_place){i, 0}, (struct gs_time){i}, &e),
		                 GS_OK);
	}
	gs_registry_history_rewind(h, MANY / 2);
	assert_int_equal(gs_registry_history_count(h), MANY / 2 + 1);
	for (uint32_t i = 0; i < MANY; i++) {
		struct gs_hash tee;
		gs_keccak256(&i, sizeof(i), &tee);
		gs_registry_tee_at(h, &tee, (struct gs_registry_place){MANY, 0}, &s);
		assert_true(s.registered == (i <= MANY / 2) && s.type == (s.registered ? (uint8_t)i : 0));
	}
	gs_registry_history_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_a_tee_in_both_shapes),
		cmocka_unit_test(recovers_the_document_of_a_registration),
		cmocka_unit_test(reads_events_in_every_shape),
		cmocka_unit_test(agrees_with_a_model_in_every_order),
		cmocka_unit_test(keeps_many_subjects),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
