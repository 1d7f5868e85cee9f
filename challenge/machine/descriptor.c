/* Descriptors: bytes <-> struct gs_instr, and the rules that one descriptor shows alone (W1 to W5). */
#include "challenge/machine/descriptor.h"

#include "challenge/machine/listing.h"

#include <string.h>

unsigned gs_instr_operands(const struct gs_instr *in)
{
	const struct gs_fn_info *fn = gs_fn_info(in->fn);
	GS_ASSERT(fn);
	return fn->arity;
}

uint64_t gs_instr_count(const struct gs_instr *in)
{
	uint64_t count = 1;
	for (unsigned a = 0; a < in->out_axes; a++)
		count *= in->extent[a];
	return count;
}

uint64_t gs_instr_terms(const struct gs_instr *in)
{
	uint64_t terms = in->form == GS_FOLD ? 1 : 0;
	for (unsigned a = 0; a < in->red_axes; a++)
		terms *= in->extent[in->out_axes + a];
	return terms;
}

uint64_t gs_instr_cost(const struct gs_instr *in)
{
	return gs_instr_count(in) * (1 + gs_instr_terms(in));
}

enum gs_class gs_instr_operand_class(const struct gs_instr *in, unsigned i)
{
	const struct gs_fn_info *fn = gs_fn_info(in->fn);
	GS_ASSERT(fn && i < fn->arity);
	return fn->operand[i];
}

/* ---- encoding ---- */

static unsigned class_bytes(enum gs_class cls)
{
	return cls == GS_CLASS_I64 ? 8 : 4;
}

enum { /* where the fixed fields lie */
       FN_AT = 1,
       STORE_DTYPE_AT = 2,
       EPILOGUE_AT = 4,
       FIRST_CHUNK_AT = 5,
       OUT_AXES_AT = 21,
       EXTENTS_AT = 23,
};

enum { /* the most that the fields before the operands, and each of these, can take: nine bytes an integer */
       AFFINE_BYTES_MAX = GS_WIRE_UINT_BYTES_MAX * (1 + GS_AXES_MAX) + 2,
       ROW_BYTES_MAX = 2 * GS_WIRE_UINT_BYTES_MAX + AFFINE_BYTES_MAX,
       VIEW_BYTES_MAX = 4 + 2 * GS_WIRE_UINT_BYTES_MAX + 8 + GS_ROWS_MAX * ROW_BYTES_MAX,
       FIXED_BYTES_MAX = 23 + GS_WIRE_UINT_BYTES_MAX * GS_AXES_MAX + 1 + 2 * 8,
       SPELLING_BYTES_MAX = FIXED_BYTES_MAX + 3 * (2 + 2 * VIEW_BYTES_MAX),
};

static uint8_t *put_affine(uint8_t *to, const struct gs_affine *affine)
{
	unsigned mask = 0;
	to = gs_wire_write_sint(to, affine->offset);
	uint8_t *mask_at = to;
	to += 2;
	for (unsigned a = 0; a < GS_AXES_MAX; a++)
		if (affine->coef[a] != 0) {
			mask |= 1U << a;
			to = gs_wire_write_sint(to, affine->coef[a]);
		}
	gs_wire_write_be(mask_at, mask, 2);
	return to;
}

struct spelling { /* on its way */
	uint8_t *start, *to;
	struct gs_listing_ref *ref; /* NULL: nobody asks */
	unsigned refs;
};

static void put_view(struct spelling *s, const struct gs_view *view)
{
	uint8_t *to = s->to;
	*to++ = view->space;
	*to++ = view->dtype;
	*to++ = view->pad;
	*to++ = view->rows;
	if (s->ref)
		s->ref[s->refs++] = (struct gs_listing_ref){
			.chunk = view->chunk, .at = (uint16_t)(to - s->start), .space = view->space};
	to = gs_wire_write_uint(to, view->chunk);
	to = gs_wire_write_uint(to, view->count);
	if (view->pad == GS_PAD_VALUE)
		to = gs_wire_write_be(to, view->pad_value, class_bytes(gs_dtype_class(view->dtype)));
	for (unsigned r = 0; r < view->rows; r++) {
		to = gs_wire_write_uint(to, view->row[r].extent);
		to = gs_wire_write_uint(to, view->row[r].stride);
		to = put_affine(to, &view->row[r].at);
	}
	s->to = to;
}

static void put_operand(struct spelling *s, const struct gs_operand *op, enum gs_class cls)
{
	*s->to++ = op->kind;
	switch ((enum gs_operand_kind)op->kind) {
	case GS_OPERAND_CONST: s->to = gs_wire_write_be(s->to, op->constant, class_bytes(cls)); return;
	case GS_OPERAND_IOTA: s->to = put_affine(s->to, &op->iota); return;
	case GS_OPERAND_TENSOR:
		*s->to++ = op->indirect_row;
		put_view(s, &op->view);
		if (op->indirect_row)
			put_view(s, &op->indirect);
		return;
	}
}

static uint8_t *put_place(uint8_t *to, const struct gs_descriptor_place *place)
{
	to = gs_wire_write_be(to, place->first_chunk, 4);
	to = gs_wire_write_be(to, place->span, 4);
	return gs_wire_write_be(to, place->cost, 8);
}

unsigned gs_instr_put(struct gs_buf *buf, const struct gs_instr *in, struct gs_listing_ref *ref)
{
	uint8_t bytes[SPELLING_BYTES_MAX], *to = bytes;
	const struct gs_fn_info *fn = gs_fn_info(in->fn);
	GS_ASSERT(fn && in->out_axes + in->red_axes <= GS_AXES_MAX);
	*to++ = in->form;
	*to++ = in->fn;
	*to++ = in->store_dtype;
	*to++ = in->acc_dtype;
	*to++ = in->epilogue;
	to = put_place(to, &(struct gs_descriptor_place){in->first_chunk, in->span, in->cost});
	*to++ = in->out_axes;
	*to++ = in->red_axes;
	for (unsigned a = 0; a < (unsigned)in->out_axes + in->red_axes; a++)
		to = gs_wire_write_uint(to, in->extent[a]);
	if (in->epilogue) {
		const struct gs_fn_info *e = gs_fn_info(in->epilogue);
		*to++ = in->epilogue_pos;
		for (unsigned i = 0, k = 0; i < e->arity; i++)
			if (i != in->epilogue_pos)
				to = gs_wire_write_be(to, in->epilogue_const[k++], class_bytes(e->operand[i]));
	}
	struct spelling s = {.start = bytes, .to = to, .ref = ref};
	for (unsigned i = 0; i < fn->arity; i++) {
		GS_ASSERT(in->operand[i].kind != GS_OPERAND_TENSOR || in->operand[i].view.rows <= GS_ROWS_MAX);
		put_operand(&s, &in->operand[i], fn->operand[i]);
	}
	gs_buf_append(buf, bytes, (size_t)(s.to - bytes));
	return s.refs;
}

/* What an integer spelled here takes. */
static size_t spelled(const uint8_t *at)
{
	return *at < 128 ? 1 : 1 + (size_t)(*at - 128);
}

void gs_descriptor_put(struct gs_buf *buf, const uint8_t *from, size_t len, const struct gs_listing_ref *ref,
                       unsigned refs, const uint32_t *chunk, const struct gs_descriptor_place *place)
{
	uint8_t bytes[SPELLING_BYTES_MAX], *to = bytes;
	size_t done = 0;
	GS_ASSERT(len <= sizeof(bytes) && refs <= GS_LISTING_REFS_MAX);
	for (unsigned r = 0; r < refs; r++) {
		memcpy(to, from + done, ref[r].at - done);
		to = gs_wire_write_uint(to + (ref[r].at - done), chunk[r]);
		done = ref[r].at + spelled(from + ref[r].at);
	}
	memcpy(to, from + done, len - done);
	put_place(bytes + FIRST_CHUNK_AT, place);
	gs_buf_append(buf, bytes, (size_t)(to - bytes) + len - done);
}

enum gs_err gs_instr_encode(const struct gs_instr *in, uint8_t out[GS_DESCRIPTOR_BYTES_MAX], size_t *len)
{
	struct gs_buf buf;
	gs_buf_init(&buf, GS_DESCRIPTOR_BYTES_MAX);
	gs_instr_put(&buf, in, NULL);
	enum gs_err err = buf.err;
	if (err == GS_OK) {
		memcpy(out, buf.ptr, buf.len);
		*len = buf.len;
	}
	gs_buf_free(&buf);
	return err;
}

/* ---- decoding: reads what is there; gs_instr_check judges it. Only what would make reading go astray is refused ---- */

/* In pieces that become a few stores each: for more at once, gcc takes an instruction that takes longer to begin. */
static inline void clear(void *at, size_t bytes)
{
	uint8_t *to = at;
	for (; bytes >= 64; bytes -= 64, to += 64)
		memset(to, 0, 64);
	if (bytes >= 32)
		memset(to, 0, 32);
	memset(to + bytes / 32 * 32, 0, bytes % 32);
}

/* Part of the one function that reads a descriptor, whose reader then stays in registers: bytes are stored in between, which
 * might otherwise lie over it. */
#define READING __attribute__((always_inline))

static inline READING void take_affine(struct gs_wire *w, struct gs_affine *affine)
{
	clear(affine->coef, sizeof(affine->coef));
	affine->offset = gs_wire_sint(w);
	unsigned mask = (unsigned)gs_wire_be(w, 2);
	if (mask >> GS_AXES_MAX)
		w->bad = true;
	for (mask &= (1U << GS_AXES_MAX) - 1; mask != 0; mask &= mask - 1) {
		int64_t *coef = &affine->coef[__builtin_ctz(mask)];
		*coef = gs_wire_sint(w);
		if (*coef == 0)
			w->bad = true;
	}
}

static inline READING void take_view(struct gs_wire *w, struct gs_view *view)
{
	view->space = (uint8_t)gs_wire_be(w, 1);
	view->dtype = (uint8_t)gs_wire_be(w, 1);
	view->pad = (uint8_t)gs_wire_be(w, 1);
	view->rows = (uint8_t)gs_wire_be(w, 1);
	uint64_t chunk = gs_wire_uint(w);
	view->count = gs_wire_uint(w);
	if (chunk > GS_CHUNKS_MAX || view->rows > GS_ROWS_MAX || !gs_dtype_known(view->dtype)) {
		w->bad = true;
		return;
	}
	view->chunk = (uint32_t)chunk;
	if (view->pad == GS_PAD_VALUE)
		view->pad_value = gs_wire_be(w, class_bytes(gs_dtype_class(view->dtype)));
	for (unsigned r = 0; r < view->rows && !w->bad; r++) {
		view->row[r].extent = gs_wire_uint(w);
		view->row[r].stride = gs_wire_uint(w);
		take_affine(w, &view->row[r].at);
	}
}

static inline READING void take_operand(struct gs_wire *w, struct gs_operand *op, enum gs_class cls)
{
	op->kind = (uint8_t)gs_wire_be(w, 1);
	switch (op->kind) {
	case GS_OPERAND_CONST: op->constant = gs_wire_be(w, class_bytes(cls)); break;
	case GS_OPERAND_IOTA: take_affine(w, &op->iota); break;
	case GS_OPERAND_TENSOR:
		op->indirect_row = (uint8_t)gs_wire_be(w, 1);
		take_view(w, &op->view);
		if (op->indirect_row && !w->bad)
			take_view(w, &op->indirect);
		break;
	default: /* a byte from outside */ w->bad = true;
	}
}

void gs_instr_clear(struct gs_instr *in)
{
	clear(in, offsetof(struct gs_instr, operand));
	for (unsigned k = 0; k < GS_ARRAY_LEN(in->operand); k++) {
		clear(&in->operand[k], offsetof(struct gs_operand, view) + offsetof(struct gs_view, row));
		clear(&in->operand[k].indirect, offsetof(struct gs_view, row));
	}
}

enum gs_err gs_instr_take(struct gs_wire *w, struct gs_instr *out, struct gs_error *error)
{
	memset(out, 0, sizeof(*out));
	return gs_instr_take_used(w, out, error);
}

static inline READING enum gs_err take_used(struct gs_wire *w, struct gs_instr *out, struct gs_error *error)
{
	gs_instr_clear(out);
	out->form = (uint8_t)gs_wire_be(w, 1);
	out->fn = (uint8_t)gs_wire_be(w, 1);
	out->store_dtype = (uint8_t)gs_wire_be(w, 1);
	out->acc_dtype = (uint8_t)gs_wire_be(w, 1);
	out->epilogue = (uint8_t)gs_wire_be(w, 1);
	out->first_chunk = (uint32_t)gs_wire_be(w, 4);
	out->span = (uint32_t)gs_wire_be(w, 4);
	out->cost = gs_wire_be(w, 8);
	out->out_axes = (uint8_t)gs_wire_be(w, 1);
	out->red_axes = (uint8_t)gs_wire_be(w, 1);
	const struct gs_fn_info *fn = gs_fn_info(out->fn);
	const struct gs_fn_info *e = out->epilogue ? gs_fn_info(out->epilogue) : NULL;
	if (w->bad || !fn || (out->epilogue && !e) || out->out_axes + out->red_axes > GS_AXES_MAX)
		return gs_fail(error, GS_EPARSE,
		               "descriptor: cut short, unknown function %#x or epilogue %#x, or too many axes", out->fn,
		               out->epilogue);
	for (unsigned a = 0; a < (unsigned)out->out_axes + out->red_axes; a++) {
		uint64_t extent = gs_wire_uint(w);
		if (extent > GS_EXTENT_MAX)
			return gs_fail(error, GS_EPARSE, "descriptor: axis %u has extent %llu, at most 2^31 allowed", a,
			               (unsigned long long)extent);
		out->extent[a] = (uint32_t)extent;
	}
	if (e) {
		out->epilogue_pos = (uint8_t)gs_wire_be(w, 1);
		if (out->epilogue_pos >= e->arity)
			return gs_fail(error, GS_EPARSE, "descriptor: epilogue %s has no operand %u", e->name,
			               out->epilogue_pos);
		for (unsigned i = 0, k = 0; i < e->arity; i++)
			if (i != out->epilogue_pos)
				out->epilogue_const[k++] = gs_wire_be(w, class_bytes(e->operand[i]));
	}
	for (unsigned i = 0; i < fn->arity && !w->bad; i++)
		take_operand(w, &out->operand[i], fn->operand[i]);
	return w->bad ? gs_fail(error, GS_EPARSE, "descriptor: not the canonical encoding") : GS_OK;
}

enum gs_err gs_instr_take_used(struct gs_wire *w, struct gs_instr *out, struct gs_error *error)
{
	struct gs_wire reader = *w;
	enum gs_err err = take_used(&reader, out, error);
	*w = reader;
	return err;
}

enum gs_err gs_instr_decode(struct gs_bytes bytes, struct gs_instr *out, struct gs_error *error)
{
	struct gs_wire w = gs_wire_open(bytes);
	if (bytes.len > GS_DESCRIPTOR_BYTES_MAX)
		return gs_fail(error, GS_EPARSE, "descriptor: %zu bytes, at most %d allowed", bytes.len,
		               GS_DESCRIPTOR_BYTES_MAX);
	enum gs_err err = gs_instr_take(&w, out, error);
	if (err)
		return err;
	if (!gs_wire_done(&w))
		return gs_fail(error, GS_EPARSE, "descriptor: not the canonical encoding (%zu of %zu bytes read)",
		               (size_t)(w.at - bytes.ptr), bytes.len);
	return gs_instr_check_used(out, error); /* the rest is zero */
}

uint32_t gs_descriptor_first_chunk(const uint8_t *descriptor)
{
	return gs_be32_read(descriptor + FIRST_CHUNK_AT);
}

bool gs_descriptor_uses(const uint8_t *descriptor, unsigned fn)
{
	return descriptor[FN_AT] == fn || descriptor[EPILOGUE_AT] == fn;
}

struct gs_descriptor_tensor gs_descriptor_tensor(struct gs_bytes descriptor)
{
	struct gs_descriptor_tensor t = {.dtype = descriptor.ptr[STORE_DTYPE_AT], .count = 1};
	struct gs_wire w = gs_wire_open((struct gs_bytes){descriptor.ptr + EXTENTS_AT, descriptor.len - EXTENTS_AT});
	for (unsigned a = 0; a < descriptor.ptr[OUT_AXES_AT]; a++)
		t.count *= gs_wire_uint(&w);
	return t;
}

/* ---- W2, W3, W4 (what is local), W5 ---- */

#define REFUSE(...) return gs_fail(error, GS_EPARSE, "descriptor: " __VA_ARGS__)

static bool register_canonical(enum gs_class cls, gs_reg reg)
{
	return reg == gs_store(gs_class_dtype(cls), reg);
}

static enum gs_err check_affine(const struct gs_affine *at, unsigned axes, struct gs_error *error)
{
	bool wrong = false;
	if (at->offset > GS_OFFSET_MAX || at->offset < -GS_OFFSET_MAX)
		REFUSE("offset beyond 2^40");
	for (unsigned a = 0; a < GS_AXES_MAX; a++)
		wrong |= at->coef[a] > (a < axes ? GS_COEF_MAX : 0) || at->coef[a] < (a < axes ? -GS_COEF_MAX : 0);
	for (unsigned a = 0; wrong && a < GS_AXES_MAX; a++) {
		if (at->coef[a] > GS_COEF_MAX || at->coef[a] < -GS_COEF_MAX)
			REFUSE("coefficient of axis %u beyond 2^32", a);
		if (a >= axes && at->coef[a] != 0)
			REFUSE("coefficient for axis %u, which this operand does not see", a);
	}
	return GS_OK;
}

static enum gs_err check_view(const struct gs_view *view, unsigned axes, bool skip_allowed, uint32_t first_chunk,
                              struct gs_error *error)
{
	if (view->space > GS_SPACE_CLAIMED)
		REFUSE("array %u does not exist", view->space);
	if (!gs_dtype_known(view->dtype))
		REFUSE("dtype %u is not in the table", view->dtype);
	if (view->pad > GS_PAD_VALUE || (view->pad == GS_PAD_SKIP && !skip_allowed))
		REFUSE("pad rule %u is not allowed here", view->pad);
	if (view->pad != GS_PAD_VALUE && view->pad_value != 0)
		REFUSE("a pad value without its rule");
	if (view->pad == GS_PAD_VALUE &&
	    (view->pad_value == 0 || !register_canonical(gs_dtype_class(view->dtype), view->pad_value)))
		REFUSE("pad value is zero (use rule 0) or not canonical");
	if (view->rows > GS_ROWS_MAX)
		REFUSE("%u rows, at most %d allowed", view->rows, GS_ROWS_MAX);
	if (view->count < 1 || view->count > GS_EXTENT_MAX)
		REFUSE("a view of %llu elements, 1 to 2^31 allowed", (unsigned long long)view->count);
	uint64_t end = view->chunk + gs_dtype_chunks(view->dtype, view->count);
	if (end > GS_CHUNKS_MAX || (view->space == GS_SPACE_TRACE && end > first_chunk))
		REFUSE("a view ends at chunk %llu, beyond %s", (unsigned long long)end,
		       view->space == GS_SPACE_TRACE ? "what is computed before it" : "2^26");
	for (unsigned r = 0; r < view->rows; r++) {
		const struct gs_row *row = &view->row[r];
		if (row->extent < 1 || row->extent > GS_EXTENT_MAX || row->stride > GS_EXTENT_MAX)
			REFUSE("row %u has extent %llu and stride %llu, beyond the limits", r,
			       (unsigned long long)row->extent, (unsigned long long)row->stride);
		enum gs_err err = check_affine(&row->at, axes, error);
		if (err)
			return err;
	}
	return GS_OK;
}

static enum gs_err check_operand(const struct gs_instr *in, unsigned i, struct gs_error *error)
{
	const struct gs_operand *op = &in->operand[i];
	enum gs_class cls = gs_instr_operand_class(in, i);
	bool in_fold_body = in->form == GS_FOLD && i > 0;
	unsigned axes = in_fold_body ? in->out_axes + in->red_axes : in->out_axes;
	bool skip_allowed = in_fold_body || gs_fn_is_first(in->fn);
	enum gs_err err;
	switch (op->kind) {
	case GS_OPERAND_CONST:
		if (!register_canonical(cls, op->constant))
			REFUSE("constant of operand %u is not a canonical register", i);
		return GS_OK;
	case GS_OPERAND_IOTA:
		if (cls == GS_CLASS_F32)
			REFUSE("operand %u is an iota where f32 is wanted", i);
		return check_affine(&op->iota, axes, error);
	case GS_OPERAND_TENSOR:
		err = check_view(&op->view, axes, skip_allowed, in->first_chunk, error);
		if (err)
			return err;
		if (gs_dtype_class(op->view.dtype) != cls)
			REFUSE("operand %u has dtype %s, another class than %s wants", i, gs_dtype_name(op->view.dtype),
			       gs_fn_info(in->fn)->name);
		if (op->indirect_row == 0)
			return GS_OK;
		if (op->indirect_row > op->view.rows)
			REFUSE("indirect row %u does not exist", op->indirect_row);
		err = check_view(&op->indirect, axes, false, in->first_chunk, error);
		if (err)
			return err;
		if (gs_dtype_class(op->indirect.dtype) == GS_CLASS_F32)
			REFUSE("operand %u is indexed by %s", i, gs_dtype_name(op->indirect.dtype));
		return GS_OK;
	default: /* a byte from outside */ REFUSE("operand %u has unknown kind %u", i, op->kind);
	}
}

static unsigned operand_reads(const struct gs_operand *op)
{
	return op->kind != GS_OPERAND_TENSOR ? 0 : op->indirect_row ? 2 : 1;
}

static enum gs_err check_functions(const struct gs_instr *in, struct gs_error *error)
{
	const struct gs_fn_info *fn = gs_fn_info(in->fn);
	if (!fn)
		REFUSE("function %#x is not in the table", in->fn);
	enum gs_class result = fn->result;
	if (in->form == GS_FOLD) {
		if (gs_fn_is_first(in->fn) || fn->arity < 2 || fn->operand[0] != fn->result)
			REFUSE("%s cannot be folded", fn->name);
		if (in->acc_dtype != gs_class_dtype(result))
			REFUSE("accumulator dtype %u is not %s's", in->acc_dtype, fn->name);
	} else if (in->form != GS_MAP || in->acc_dtype != 0 || in->red_axes != 0) {
		REFUSE("form %u with accumulator %u and %u reduction axes", in->form, in->acc_dtype, in->red_axes);
	}
	if (in->epilogue) {
		const struct gs_fn_info *e = gs_fn_info(in->epilogue);
		if (!e || gs_fn_is_first(in->epilogue) || in->epilogue_pos >= e->arity)
			REFUSE("epilogue %#x with the value in place %u", in->epilogue, in->epilogue_pos);
		if (e->operand[in->epilogue_pos] != result)
			REFUSE("epilogue %s does not take %s's result", e->name, fn->name);
		for (unsigned i = 0, k = 0; i < e->arity; i++)
			if (i != in->epilogue_pos && !register_canonical(e->operand[i], in->epilogue_const[k++]))
				REFUSE("constant of epilogue %s is not a canonical register", e->name);
		result = e->result;
	}
	if (!gs_dtype_known(in->store_dtype) || gs_dtype_class(in->store_dtype) != result)
		REFUSE("store dtype %u does not take the result", in->store_dtype);
	return GS_OK;
}

/* A structure that was filled in by hand: rows that a view does not have say nothing. */
static enum gs_err check_unused_rows(const struct gs_view *view, struct gs_error *error)
{
	for (unsigned r = view->rows; r < GS_ROWS_MAX; r++) {
		const struct gs_row *row = &view->row[r];
		if (row->extent || row->stride)
			REFUSE("row %u is not part of the view", r);
		enum gs_err err = check_affine(&row->at, 0, error);
		if (err)
			return err;
	}
	return GS_OK;
}

enum gs_err gs_instr_check(const struct gs_instr *in, struct gs_error *error)
{
	enum gs_err err = gs_instr_check_used(in, error);
	for (unsigned i = 0; !err && i < gs_instr_operands(in); i++) {
		const struct gs_operand *op = &in->operand[i];
		if (op->kind == GS_OPERAND_TENSOR)
			err = check_unused_rows(&op->view, error);
		if (!err && op->kind == GS_OPERAND_TENSOR && op->indirect_row)
			err = check_unused_rows(&op->indirect, error);
	}
	return err;
}

enum gs_err gs_instr_check_used(const struct gs_instr *in, struct gs_error *error)
{
	enum gs_err err = check_functions(in, error);
	if (err)
		return err;
	if (in->out_axes > GS_OUT_AXES_MAX || in->red_axes > GS_RED_AXES_MAX ||
	    in->out_axes + in->red_axes > GS_AXES_MAX)
		REFUSE("%u output and %u reduction axes, beyond the limits", in->out_axes, in->red_axes);
	uint64_t count = 1, terms = 1;
	for (unsigned a = 0; a < in->out_axes; a++) {
		if (in->extent[a] < 1 || in->extent[a] > GS_EXTENT_MAX || (count *= in->extent[a]) > GS_EXTENT_MAX)
			REFUSE("output box is empty or beyond 2^31 elements");
	}
	bool empty = false;
	for (unsigned a = 0; a < in->red_axes; a++) {
		uint64_t extent = in->extent[in->out_axes + a];
		if (extent > GS_FOLD_MAX)
			REFUSE("reduction axis %u is longer than 2^18", a);
		empty |= extent == 0;
		terms *= extent ? extent : 1;
		terms = terms > GS_FOLD_MAX ? GS_FOLD_MAX + 1 : terms;
	}
	if (!empty && terms > GS_FOLD_MAX)
		REFUSE("a fold of more than 2^18 terms");
	uint64_t chunks = gs_dtype_chunks(in->store_dtype, count);
	if (in->span < chunks || (uint64_t)in->first_chunk + in->span > GS_CHUNKS_MAX)
		REFUSE("span of %u chunks from %u: the tensor needs %llu, and the trace has 2^26", in->span,
		       in->first_chunk, (unsigned long long)chunks);
	if (in->cost > INT64_MAX)
		REFUSE("cost beyond 2^63 - 1");
	for (unsigned i = 0, operands = gs_instr_operands(in); i < operands; i++) {
		err = check_operand(in, i, error);
		if (err)
			return err;
	}
	unsigned reads[3] = {0};
	for (unsigned i = 0, operands = gs_instr_operands(in); i < operands; i++)
		reads[i] = operand_reads(&in->operand[i]);
	unsigned first = in->form == GS_FOLD ? 0 : reads[0];
	if (first + reads[1] + reads[2] > GS_OPENINGS_MAX)
		REFUSE("a step reads %u chunks, at most %d allowed", first + reads[1] + reads[2], GS_OPENINGS_MAX);
	return GS_OK;
}
