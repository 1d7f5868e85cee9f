#include "validator/onnx/tensor.h"

#include "validator/onnx/protobuf.h"

#include <stdio.h>
#include <string.h>

/* Field numbers of TensorProto in onnx.proto. */
enum {
	TENSOR_DIMS = 1,
	TENSOR_DATA_TYPE = 2,
	TENSOR_SEGMENT = 3,
	TENSOR_FLOAT_DATA = 4,
	TENSOR_INT32_DATA = 5,
	TENSOR_STRING_DATA = 6,
	TENSOR_INT64_DATA = 7,
	TENSOR_NAME = 8,
	TENSOR_RAW_DATA = 9,
	TENSOR_DOUBLE_DATA = 10,
	TENSOR_UINT64_DATA = 11,
	TENSOR_EXTERNAL_DATA = 13,
	TENSOR_DATA_LOCATION = 14,
};

const char *gs_onnx_type_name(uint64_t code)
{
	static const char *const name[] = {"UNDEFINED",      "FLOAT",    "UINT8",        "INT8",           "UINT16",
	                                   "INT16",          "INT32",    "INT64",        "STRING",         "BOOL",
	                                   "FLOAT16",        "DOUBLE",   "UINT32",       "UINT64",         "COMPLEX64",
	                                   "COMPLEX128",     "BFLOAT16", "FLOAT8E4M3FN", "FLOAT8E4M3FNUZ", "FLOAT8E5M2",
	                                   "FLOAT8E5M2FNUZ", "UINT4",    "INT4",         "FLOAT4E2M1",     "FLOAT8E8M0",
	                                   "UINT2",          "INT2"};
	return code < GS_ARRAY_LEN(name) ? name[code] : "an unknown data type";
}

uint64_t gs_tensor_proto_type(struct gs_bytes bytes)
{
	struct gs_pb w = gs_pb_over(bytes);
	struct gs_pb_field f;
	uint64_t type = 0;
	while (gs_pb_next(&w, &f) == GS_OK)
		if (f.number == TENSOR_DATA_TYPE && f.type == GS_PB_VARINT)
			type = f.value;
	return type;
}

uint64_t gs_tensor_bytes(const struct gs_tensor *t)
{
	return t->count * gs_dtype_bytes(t->dtype);
}

void gs_tensor_describe(enum gs_dtype dtype, unsigned rank, const uint32_t *dim, char out[GS_TENSOR_TEXT_MAX])
{
	int n = snprintf(out, GS_TENSOR_TEXT_MAX, "%s[", gs_dtype_name(dtype));
	for (unsigned d = 0; d < rank; d++)
		n += snprintf(out + n, (size_t)(GS_TENSOR_TEXT_MAX - n), "%s%u", d == 0 ? "" : ",", dim[d]);
	snprintf(out + n, (size_t)(GS_TENSOR_TEXT_MAX - n), "]");
}

static enum gs_err add_dim(struct gs_tensor *t, uint64_t value, struct gs_error *error)
{
	if (t->rank == GS_RANK_MAX)
		return gs_fail(error, GS_ELIMIT, "a tensor has more than %d dimensions", GS_RANK_MAX);
	if (value > INT32_MAX)
		return gs_fail(error, GS_ELIMIT, "a tensor has a dimension outside 0 to 2^31-1");
	t->dim[t->rank++] = (uint32_t)value;
	return GS_OK;
}

static enum gs_err count_elements(struct gs_tensor *t, struct gs_error *error)
{
	uint64_t count = 1;
	bool empty = false;
	for (unsigned d = 0; d < t->rank; d++) {
		if (t->dim[d] == 0)
			empty = true;
		else if ((count *= t->dim[d]) > GS_EXTENT_MAX)
			return gs_fail(error, GS_ELIMIT, "a tensor has more than 2^31 elements");
	}
	t->count = empty ? 0 : count;
	return GS_OK;
}

static bool field_holds(uint32_t number, enum gs_dtype dtype)
{
	switch (dtype) {
	case GS_F32: return number == TENSOR_FLOAT_DATA;
	case GS_I64: return number == TENSOR_INT64_DATA;
	case GS_U32:
	case GS_U64: return number == TENSOR_UINT64_DATA;
	case GS_U8:
	case GS_I8:
	case GS_U16:
	case GS_I16:
	case GS_I32:
	case GS_BOOL:
	case GS_F16:
	case GS_BF16: return number == TENSOR_INT32_DATA;
	}
	return false;
}

/* float_data that lies in one piece is little-endian binary32 in place, as raw_data is; else NULL. */
static const uint8_t *floats_in_place(struct gs_bytes bytes, uint64_t count)
{
	struct gs_pb w = gs_pb_over(bytes);
	struct gs_pb_field f;
	struct gs_bytes found = {0};
	unsigned pieces = 0;
	while (gs_pb_next(&w, &f) == GS_OK)
		if (f.number == TENSOR_FLOAT_DATA && f.type == GS_PB_BYTES && ++pieces == 1)
			found = f.bytes;
		else if (f.number == TENSOR_FLOAT_DATA)
			return NULL;
	return pieces == 1 && found.len == 4 * count ? found.ptr : NULL;
}

/* Decodes every occurrence of the typed field (packed or not) into to; returns the count, or UINT64_MAX. */
static uint64_t typed_data(struct gs_bytes bytes, enum gs_dtype dtype, uint8_t *to, uint64_t capacity)
{
	struct gs_pb w = gs_pb_over(bytes);
	struct gs_pb_field f;
	uint64_t n = 0;
	while (gs_pb_next(&w, &f) == GS_OK) {
		if (!field_holds(f.number, dtype))
			continue;
		bool fixed = f.number == TENSOR_FLOAT_DATA;
		if (f.type != GS_PB_BYTES) {
			if (f.type != (fixed ? GS_PB_FIXED32 : GS_PB_VARINT) || n == capacity)
				return UINT64_MAX;
			gs_element_write(to, dtype, n++, f.value);
			continue;
		}
		struct gs_pb packed = gs_pb_over(f.bytes);
		if (fixed && f.bytes.len % 4 != 0)
			return UINT64_MAX;
		while (packed.p != packed.end) {
			uint64_t v;
			if (n == capacity)
				return UINT64_MAX;
			if (fixed) {
				v = gs_le32_read(packed.p);
				packed.p += 4;
			} else if (gs_pb_varint(&packed, &v) != GS_OK) {
				return UINT64_MAX;
			}
			gs_element_write(to, dtype, n++, v);
		}
	}
	return n;
}

/* ---- data in another file ---- */

struct external_data { /* StringStringEntryProtos of TensorProto.external_data */
	struct gs_bytes location;
	uint64_t offset, length;
	bool has_length;
};

/* Decimal digits; false when there are others, or more than fit. */
static bool read_decimal(struct gs_bytes text, uint64_t *out)
{
	uint64_t v = 0;
	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] < '0' || text.ptr[i] > '9' || __builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(text.ptr[i] - '0'), &v))
			return false;
	*out = v;
	return text.len != 0;
}

static bool key_is(struct gs_bytes text, const char *word)
{
	return text.len == strlen(word) && text.len != 0 && memcmp(text.ptr, word, text.len) == 0;
}

static bool read_entry(struct gs_bytes bytes, struct external_data *out)
{
	struct gs_pb w = gs_pb_over(bytes);
	struct gs_pb_field f;
	struct gs_bytes key = {0}, value = {0};
	enum gs_err err;
	while ((err = gs_pb_next(&w, &f)) == GS_OK) {
		if ((f.number == 1 || f.number == 2) && f.type != GS_PB_BYTES)
			return false;
		if (f.number == 1 || f.number == 2)
			*(f.number == 1 ? &key : &value) = f.bytes;
	}
	if (err != GS_ENOTFOUND)
		return false;
	if (key_is(key, "location"))
		out->location = value;
	else if (key_is(key, "offset"))
		return read_decimal(value, &out->offset);
	else if (key_is(key, "length"))
		return out->has_length = read_decimal(value, &out->length);
	return true; /* checksum and the like */
}

/* The tensor's bytes in the file that its external_data names. */
static enum gs_err open_external(const struct gs_onnx_external *external, const struct external_data *where,
                                 struct gs_tensor *out, struct gs_error *error)
{
	struct gs_bytes file;
	uint64_t need = gs_tensor_bytes(out);
	if (external == NULL)
		return gs_fail(error, GS_EUNSUPPORTED,
		               "a tensor keeps its data in another file, which is not to hand here; "
		               "save the model with its weights inside");
	if (where->location.len == 0)
		return gs_fail(error, GS_EPARSE, "a tensor's external data has no location");
	if (where->has_length && where->length != need)
		return gs_fail(error, GS_EPARSE, "a tensor has %llu bytes of external data where its shape needs %llu",
		               (unsigned long long)where->length, (unsigned long long)need);
	if (external->open == NULL)
		return GS_OK;
	enum gs_err err = external->open(external->context, where->location, &file, error);
	if (err != GS_OK)
		return err;
	if (where->offset > file.len || need > file.len - where->offset)
		return gs_fail(error, GS_EPARSE,
		               "a tensor's external data (offset %llu, %llu bytes) ends past its file's %zu bytes",
		               (unsigned long long)where->offset, (unsigned long long)need, file.len);
	out->data = file.ptr == NULL ? NULL : file.ptr + where->offset;
	return GS_OK;
}

/* The name comes after the shape in a file, and messages about the shape want it. */
static struct gs_bytes name_of(struct gs_bytes bytes)
{
	struct gs_pb w = gs_pb_over(bytes);
	struct gs_pb_field f;
	struct gs_bytes name = {0};
	while (gs_pb_next(&w, &f) == GS_OK)
		if (f.number == TENSOR_NAME && f.type == GS_PB_BYTES)
			name = f.bytes;
	return name;
}

enum gs_err gs_tensor_from_proto(struct gs_bytes bytes, struct gs_arena *arena, struct gs_tensor *out,
                                 struct gs_error *error)
{
	return gs_tensor_from_model(bytes, NULL, arena, out, error);
}

enum gs_err gs_tensor_from_model(struct gs_bytes bytes, const struct gs_onnx_external *external, struct gs_arena *arena,
                                 struct gs_tensor *out, struct gs_error *error)
{
	struct gs_pb w = gs_pb_over(bytes);
	struct gs_pb_field f;
	struct gs_bytes raw = {0};
	struct external_data where = {0};
	bool has_raw = false, elsewhere = false;
	uint64_t data_type = 0;
	enum gs_err err;

	*out = (struct gs_tensor){.name = name_of(bytes)};
	while ((err = gs_pb_next(&w, &f)) == GS_OK) {
		switch (f.number) {
		case TENSOR_DIMS:
			if (f.type == GS_PB_BYTES) {
				struct gs_pb packed = gs_pb_over(f.bytes);
				uint64_t v;
				while ((err = gs_pb_varint(&packed, &v)) == GS_OK)
					if ((err = add_dim(out, v, error)) != GS_OK)
						return err;
				if (err != GS_ENOTFOUND)
					return gs_fail(error, GS_EPARSE, "a tensor's dims are malformed");
			} else if (f.type != GS_PB_VARINT) {
				return gs_fail(error, GS_EPARSE, "a tensor's dims have the wrong wire type");
			} else if ((err = add_dim(out, f.value, error)) != GS_OK) {
				return err;
			}
			break;
		case TENSOR_DATA_TYPE:
			if (f.type != GS_PB_VARINT)
				return gs_fail(error, GS_EPARSE, "a tensor's data_type has the wrong wire type");
			data_type = f.value;
			break;
		case TENSOR_NAME:
			if (f.type != GS_PB_BYTES)
				return gs_fail(error, GS_EPARSE, "a tensor's name has the wrong wire type");
			out->name = f.bytes;
			break;
		case TENSOR_RAW_DATA:
			if (f.type != GS_PB_BYTES || has_raw)
				return gs_fail(error, GS_EPARSE,
				               "a tensor's raw_data is repeated or has the wrong wire type");
			raw = f.bytes;
			has_raw = true;
			break;
		case TENSOR_SEGMENT:
			return gs_fail(error, GS_EUNSUPPORTED, "a tensor stored in segments is not supported");
		case TENSOR_EXTERNAL_DATA:
			if (f.type != GS_PB_BYTES || !read_entry(f.bytes, &where))
				return gs_fail(error, GS_EPARSE, "a tensor's external data is malformed");
			break;
		case TENSOR_DATA_LOCATION:
			if (f.type != GS_PB_VARINT || f.value > 1)
				return gs_fail(error, GS_EPARSE, "a tensor's data location is malformed");
			elsewhere = f.value == 1;
			break;
		}
	}
	if (err != GS_ENOTFOUND)
		return gs_fail(error, GS_EPARSE, "a tensor is not a well-formed protobuf message");
	if (!gs_dtype_known((unsigned)(data_type > 255 ? 255 : data_type)))
		return gs_fail(error, GS_EUNSUPPORTED, "a tensor of %s is not supported", gs_onnx_type_name(data_type));
	out->dtype = (enum gs_dtype)data_type;
	if ((err = count_elements(out, error)) != GS_OK)
		return err;
	if (elsewhere)
		return open_external(external, &where, out, error);
	if (has_raw) {
		if (raw.len != gs_tensor_bytes(out))
			return gs_fail(error, GS_EPARSE,
			               "a tensor has %zu bytes of raw_data where its shape needs %llu", raw.len,
			               (unsigned long long)gs_tensor_bytes(out));
		out->data = raw.ptr;
		return GS_OK;
	}
	if (out->count > bytes.len) /* every element takes a byte at least */
		return gs_fail(error, GS_EPARSE, "a tensor has less data than its shape needs");
	if (out->dtype == GS_F32 && (out->data = floats_in_place(bytes, out->count)) != NULL)
		return GS_OK;
	uint8_t *data = gs_arena_alloc(arena, out->count, gs_dtype_bytes(out->dtype));
	if (data == NULL)
		return gs_fail(error, GS_ELIMIT, "a tensor does not fit the memory limit");
	if (typed_data(bytes, out->dtype, data, out->count) != out->count)
		return gs_fail(error, GS_EPARSE, "a tensor's data does not fit its shape");
	out->data = data;
	return GS_OK;
}

static void put_varint(struct gs_buf *out, uint64_t v)
{
	while (v >= 0x80) {
		gs_buf_append_u8(out, (uint8_t)(v | 0x80));
		v >>= 7;
	}
	gs_buf_append_u8(out, (uint8_t)v);
}

enum gs_err gs_tensor_to_proto(const struct gs_tensor *t, struct gs_buf *out)
{
	for (unsigned d = 0; d < t->rank; d++) {
		put_varint(out, TENSOR_DIMS << 3 | GS_PB_VARINT);
		put_varint(out, t->dim[d]);
	}
	put_varint(out, TENSOR_DATA_TYPE << 3 | GS_PB_VARINT);
	put_varint(out, (uint64_t)t->dtype);
	if (t->name.len != 0) {
		put_varint(out, TENSOR_NAME << 3 | GS_PB_BYTES);
		put_varint(out, t->name.len);
		gs_buf_append(out, t->name.ptr, t->name.len);
	}
	put_varint(out, TENSOR_RAW_DATA << 3 | GS_PB_BYTES);
	put_varint(out, gs_tensor_bytes(t));
	gs_buf_append(out, t->data, (size_t)gs_tensor_bytes(t));
	return out->err;
}

/* ---- .npy: the magic, a version, a length, and a Python dictionary with the keys descr, fortran_order, shape ---- */

static const struct {
	const char *descr;
	enum gs_dtype dtype;
} npy_types[] = {{"<f4", GS_F32}, {"<f2", GS_F16}, {"|i1", GS_I8},  {"<i2", GS_I16}, {"<i4", GS_I32}, {"<i8", GS_I64},
                 {"|u1", GS_U8},  {"<u2", GS_U16}, {"<u4", GS_U32}, {"<u8", GS_U64}, {"|b1", GS_BOOL}};

/* The text after 'key': in the dictionary, blanks skipped; NULL when it is not there. */
static const char *npy_field(const char *dict, const char *key)
{
	char quoted[32];
	snprintf(quoted, sizeof(quoted), "'%s':", key);
	const char *p = strstr(dict, quoted);
	if (p == NULL)
		return NULL;
	p += strlen(quoted);
	while (*p == ' ')
		p++;
	return p;
}

static enum gs_err npy_shape(const char *p, struct gs_tensor *out, struct gs_error *error)
{
	if (*p++ != '(')
		return gs_fail(error, GS_EPARSE, ".npy: the shape is not a tuple");
	for (;;) {
		while (*p == ' ' || *p == ',')
			p++;
		if (*p == ')')
			return GS_OK;
		uint64_t v = 0;
		if (*p < '0' || *p > '9')
			return gs_fail(error, GS_EPARSE, ".npy: the shape is malformed");
		for (; *p >= '0' && *p <= '9'; p++)
			if ((v = v * 10 + (uint64_t)(*p - '0')) > INT32_MAX)
				return gs_fail(error, GS_ELIMIT, ".npy: a dimension is over 2^31-1");
		enum gs_err err = add_dim(out, v, error);
		if (err != GS_OK)
			return err;
	}
}

enum gs_err gs_tensor_from_npy(struct gs_bytes bytes, struct gs_tensor *out, struct gs_error *error)
{
	char dict[GS_TENSOR_NPY_HEADER_MAX + 1];
	size_t at, len;

	*out = (struct gs_tensor){0};
	if (bytes.len < 12 || memcmp(bytes.ptr, "\x93NUMPY", 6) != 0)
		return gs_fail(error, GS_EPARSE, ".npy: the file does not start with the NumPy magic");
	if (bytes.ptr[6] == 1) {
		len = gs_le16_read(bytes.ptr + 8);
		at = 10;
	} else {
		len = gs_le32_read(bytes.ptr + 8);
		at = 12;
	}
	if (bytes.ptr[6] < 1 || bytes.ptr[6] > 3 || len > GS_TENSOR_NPY_HEADER_MAX || len > bytes.len - at)
		return gs_fail(error, GS_EPARSE, ".npy: the header is malformed or over %d bytes",
		               GS_TENSOR_NPY_HEADER_MAX);
	memcpy(dict, bytes.ptr + at, len);
	dict[len] = 0;
	const char *descr = npy_field(dict, "descr");
	const char *order = npy_field(dict, "fortran_order");
	const char *shape = npy_field(dict, "shape");
	if (descr == NULL || order == NULL || shape == NULL || *descr != '\'')
		return gs_fail(error, GS_EPARSE, ".npy: the header lacks descr, fortran_order or shape");
	bool found = false;
	for (size_t i = 0; i < GS_ARRAY_LEN(npy_types) && !found; i++)
		if (strncmp(descr + 1, npy_types[i].descr, 3) == 0 && descr[4] == '\'') {
			out->dtype = npy_types[i].dtype;
			found = true;
		}
	if (!found)
		return gs_fail(error, GS_EUNSUPPORTED,
		               ".npy: data type %.6s is not supported; save little-endian f4, f2, i1..i8, u1..u8 or b1",
		               descr);
	enum gs_err err = npy_shape(shape, out, error);
	if (err == GS_OK)
		err = count_elements(out, error);
	if (err != GS_OK)
		return err;
	if (strncmp(order, "False", 5) != 0 && out->rank > 1)
		return gs_fail(error, GS_EUNSUPPORTED,
		               ".npy: Fortran order is not supported; save numpy.ascontiguousarray(x)");
	at += len;
	if (bytes.len - at != gs_tensor_bytes(out))
		return gs_fail(error, GS_EPARSE, ".npy: %zu bytes of data where the shape needs %llu", bytes.len - at,
		               (unsigned long long)gs_tensor_bytes(out));
	out->data = bytes.ptr + at;
	return GS_OK;
}

enum gs_err gs_tensor_to_npy(const struct gs_tensor *t, struct gs_buf *out)
{
	char dict[256];
	const char *descr = "<u2";
	for (size_t i = 0; i < GS_ARRAY_LEN(npy_types); i++)
		if (npy_types[i].dtype == t->dtype)
			descr = npy_types[i].descr;
	int n = snprintf(dict, sizeof(dict), "{'descr': '%s', 'fortran_order': False, 'shape': (", descr);
	for (unsigned d = 0; d < t->rank; d++)
		n += snprintf(dict + n, sizeof(dict) - (size_t)n, d + 1 < t->rank ? "%u, " : "%u,", t->dim[d]);
	n += snprintf(dict + n, sizeof(dict) - (size_t)n, "), }");
	unsigned total = (10 + (unsigned)n + 1 + 63) / 64 * 64;
	uint8_t head[10] = {0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0};
	gs_le16_write(head + 8, (uint16_t)(total - 10));
	gs_buf_append(out, head, sizeof(head));
	gs_buf_append(out, dict, (size_t)n);
	for (unsigned i = 10 + (unsigned)n; i + 1 < total; i++)
		gs_buf_append_u8(out, ' ');
	gs_buf_append_u8(out, '\n');
	gs_buf_append(out, t->data, (size_t)gs_tensor_bytes(t));
	return out->err;
}

enum gs_err gs_tensor_from_file(struct gs_bytes bytes, struct gs_arena *arena, struct gs_tensor *out,
                                struct gs_error *error)
{
	if (bytes.len > GS_TENSOR_FILE_MAX)
		return gs_fail(error, GS_ELIMIT, "the file is over %d bytes", GS_TENSOR_FILE_MAX);
	if (bytes.len != 0 && bytes.ptr[0] == 0x93)
		return gs_tensor_from_npy(bytes, out, error);
	return gs_tensor_from_proto(bytes, arena, out, error);
}
