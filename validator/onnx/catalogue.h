/* validator/onnx/catalogue.h: what the lowering takes, as data: every operator with the versions whose meaning it
 * implements, the attributes it knows, the formula, the limits.
 *
 * A node is checked against it before it is lowered, so that a newer operator, or an attribute that would change the
 * meaning, is refused and never ignored. `gainsay operators` prints it; docs/operators.md is that page. Versions and
 * attribute names are those of ONNX's operator changelog. */
#ifndef GS_VALIDATOR_ONNX_CATALOGUE_H
#define GS_VALIDATOR_ONNX_CATALOGUE_H

#include "validator/onnx/lower.h"

struct gs_catalogue_row {
	const char *section;
	/* "Conv 1 11 22, ConvTranspose 1 11 22"; of another domain: "ai.onnx.ml:Scaler 1"; "… weights": more of the row above */
	const char *operators;
	const char *attributes; /* known to some version of some operator of the row, separated by spaces */
	const char *lowering;   /* docs/operators.md explains the notation */
	const char *limits;     /* what is refused, and other limits; may be empty */
};

/* Rows in the order of the page; false past the end. */
bool gs_catalogue_nth(unsigned n, struct gs_catalogue_row *out);

struct gs_catalogue_operator {
	const char *domain; /* "" is ONNX's own; not terminated: domain_len */
	size_t domain_len;
	const char *name;
	size_t name_len;
	unsigned version[32]; /* ascending */
	unsigned versions;
};
/* The operators of a row one after the other: start with *at = row->operators. */
bool gs_catalogue_next(const char **at, struct gs_catalogue_operator *out);

/* The row of an operator of a domain ("" and "ai.onnx" are the same); NULL when it is unknown. op may be NULL. */
const struct gs_catalogue_row *gs_catalogue_find(struct gs_bytes domain, struct gs_bytes name,
                                                 struct gs_catalogue_operator *op);
/* Refuses a node of an operator, an opset or an attribute that the catalogue does not have. */
enum gs_err gs_catalogue_check(struct gs_lower *lo, const struct gs_onnx_node *node,
                               const struct gs_lower_known *known);

#endif
