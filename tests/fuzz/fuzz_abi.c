/* ABI: the first bytes say which getters are called, the rest is what they read. Nothing is read outside it, and what the reader took for words,
 * bytes and lists of words is, when written by the writer, read as the same. */
#include <stdlib.h>
#include <string.h>

#include "chain/eth/abi.h"

enum { STEPS_MAX = 24, DEPTH_MAX = 4, OUT_MAX = 1 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct plan {
	const uint8_t *at, *end;
};

static uint8_t next(struct plan *plan)
{
	return plan->at < plan->end ? *plan->at++ : 0;
}

static void inside(struct gs_bytes view, struct gs_bytes all)
{
	if (view.len && (view.ptr < all.ptr || view.ptr + view.len > all.ptr + all.len))
		abort();
}

/* A value that was read, written and read again. */
static void again(struct gs_bytes bytes, bool words)
{
	struct gs_abi_writer w;
	struct gs_abi_reader r;
	struct gs_buf out;
	size_t count = 0;

	gs_buf_init(&out, OUT_MAX);
	gs_abi_begin(&w, &out, 1);
	if (words)
		gs_abi_put_hashes(&w, (const struct gs_hash *)bytes.ptr, bytes.len / 32);
	else
		gs_abi_put_bytes(&w, bytes);
	gs_abi_end(&w);
	if (!out.err) {
		r = gs_abi_read(gs_buf_view(&out));
		const struct gs_bytes got = words ? gs_abi_get_words(&r, &count) : gs_abi_get_bytes(&r);
		if (r.err || !gs_bytes_equal(got, bytes))
			abort();
	}
	gs_buf_free(&out);
}

static void walk(struct gs_abi_reader *r, struct plan *plan, struct gs_bytes all, unsigned depth)
{
	for (int i = 0; i < STEPS_MAX && plan->at < plan->end; i++) {
		struct gs_abi_reader child;
		struct gs_bytes view;
		size_t count = 0;
		uint8_t word[32];

		switch (next(plan) % 12) {
		case 0: gs_abi_get_word(r, word); break;
		case 1: (void)gs_abi_get_u64(r); break;
		case 2: (void)gs_abi_get_u32(r); break;
		case 3: (void)gs_abi_get_u8(r); break;
		case 4: (void)gs_abi_get_bool(r); break;
		case 5: (void)gs_abi_get_u256(r); break;
		case 6: (void)gs_abi_get_address(r); break;
		case 7: (void)gs_abi_get_hash(r); break;
		case 8:
			view = gs_abi_get_bytes(r);
			inside(view, all);
			if (!r->err)
				again(view, false);
			break;
		case 9:
			view = gs_abi_get_words(r, &count);
			inside(view, all);
			if (!r->err && view.len != count * 32)
				abort();
			if (!r->err)
				again(view, true);
			break;
		case 10:
			child = gs_abi_get_tuple(r);
			if (depth < DEPTH_MAX)
				walk(&child, plan, all, depth + 1);
			break;
		default:
			child = gs_abi_get_array(r, 1 + next(plan) % 3, &count);
			if (!child.err && count > all.len / 32)
				abort();
			if (depth < DEPTH_MAX)
				walk(&child, plan, all, depth + 1);
			break;
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const size_t steps = size ? data[0] % 32u : 0;

	if (size < 1 + steps)
		return 0;
	struct plan plan = {data + 1, data + 1 + steps};
	const struct gs_bytes all = {data + 1 + steps, size - 1 - steps};
	struct gs_abi_reader r = gs_abi_read(all);
	walk(&r, &plan, all, 0);
	return 0;
}
