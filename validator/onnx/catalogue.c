/* Reading the catalogue; its rows are in catalogue_*.c. */
#include "validator/onnx/catalogue.h"

#include "validator/onnx/catalogue_rows.h"

#include <string.h>

#define NAME(bytes) (int)((bytes).len > 60 ? 60 : (bytes).len), (bytes).len == 0 ? "" : (const char *)(bytes).ptr

static const struct gs_catalogue_row *const part[] = {gs_catalogue_compute, gs_catalogue_elements, gs_catalogue_move,
                                                      gs_catalogue_other};

bool gs_catalogue_nth(unsigned n, struct gs_catalogue_row *out)
{
	for (unsigned p = 0; p < GS_ARRAY_LEN(part); p++)
		for (const struct gs_catalogue_row *row = part[p]; row->section != NULL; row++)
			if (n-- == 0) {
				*out = *row;
				return true;
			}
	return false;
}

bool gs_catalogue_next(const char **at, struct gs_catalogue_operator *out)
{
	const char *p = *at;
	if (*p == '\0' || (unsigned char)*p >= 0x80) /* "…": a row that goes on with the one above */
		return false;
	size_t len = strcspn(p, " ,");
	const char *colon = memchr(p, ':', len);
	*out = (struct gs_catalogue_operator){.domain = p, .name = p, .name_len = len};
	if (colon != NULL) {
		out->domain_len = (size_t)(colon - p);
		out->name = colon + 1;
		out->name_len = len - out->domain_len - 1;
	}
	p += len;
	while (*p == ' ') {
		unsigned version = 0;
		for (p++; *p >= '0' && *p <= '9'; p++)
			version = 10 * version + (unsigned)(*p - '0');
		GS_ASSERT(version > 0 && out->versions < GS_ARRAY_LEN(out->version));
		out->version[out->versions++] = version;
	}
	GS_ASSERT(*p == '\0' || *p == ',');
	*at = *p == ',' ? p + 2 : p;
	return true;
}

static bool same(struct gs_bytes a, const char *b, size_t len)
{
	return a.len == len && (len == 0 || memcmp(a.ptr, b, len) == 0);
}

/* Where the next operator of that name (behind any domain) begins, from p on; NULL when the row has none. */
static const char *named(const char *p, struct gs_bytes name)
{
	while (*p != '\0' && (unsigned char)*p < 0x80) {
		const char *start = p;
		while (*p != ' ' && *p != ',' && *p != '\0')
			p++;
		if ((size_t)(p - start) >= name.len && same(name, p - name.len, name.len))
			return start;
		while (*p != ',' && *p != '\0')
			p++;
		p += *p == ',' ? 2 : 0;
	}
	return NULL;
}

const struct gs_catalogue_row *gs_catalogue_find(struct gs_bytes domain, struct gs_bytes name,
                                                 struct gs_catalogue_operator *op)
{
	static const char onnx[] = "ai.onnx";
	struct gs_catalogue_operator own;
	if (same(domain, onnx, sizeof(onnx) - 1))
		domain.len = 0;
	for (unsigned p = 0; p < GS_ARRAY_LEN(part); p++)
		for (const struct gs_catalogue_row *row = part[p]; row->section != NULL; row++) {
			const char *at = row->operators;
			while ((at = named(at, name)) != NULL && gs_catalogue_next(&at, &own))
				if (same(name, own.name, own.name_len) && same(domain, own.domain, own.domain_len)) {
					if (op != NULL)
						*op = own;
					return row;
				}
		}
	return NULL;
}

static bool knows_attribute(const struct gs_catalogue_row *row, struct gs_bytes attribute)
{
	const char *p = row->attributes;
	while (*p != '\0') {
		size_t len = strcspn(p, " ");
		if (same(attribute, p, len))
			return true;
		p += len + (p[len] == ' ');
	}
	return false;
}

enum gs_err gs_catalogue_check(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_lower_known *known)
{
	if (known->row == NULL)
		return gs_lower_refuse(lo, GS_ONNX_OPERATOR, "this operator is not supported");
	int64_t opset = gs_onnx_opset(lo->opsets, node->domain);
	if (opset != 0 && opset < (int64_t)known->since)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "it exists from opset %u on, the model is of opset %lld",
		                       known->since, (long long)opset);
	for (uint32_t i = 0; i < node->attrs; i++)
		if (!knows_attribute(known->row, node->attr[i].name))
			return gs_lower_refuse(lo, GS_ONNX_FORM,
			                       "attribute '%.*s' is not known here, and might change the result",
			                       NAME(node->attr[i].name));
	return GS_OK;
}
