/* simulations/document.h: a small YAML file as a tree, every value with its place, within named limits.
 *
 * Maps, lists and text only: no aliases, anchors, tags, second documents, text with control characters, or keys that are not text.
 * Errors are "FILE:LINE:COLUMN: what: why; what to do". */
#ifndef GS_SIMULATIONS_DOCUMENT_H
#define GS_SIMULATIONS_DOCUMENT_H

#include "chain/core/core.h"

enum {
	GS_SIM_FILE_MAX = 64 * 1024, /* bytes; libyaml is quadratic on some inputs */
	GS_SIM_NODES_MAX = 2048,
	GS_SIM_DEPTH_MAX = 6,
	GS_SIM_FILE_NAME_MAX = 160, /* bytes of a file's name that errors show: its end */
};

struct gs_sim_place {
	unsigned line, column; /* from 1; line 0: nowhere */
};

enum gs_sim_node_kind { GS_SIM_NODE_TEXT, GS_SIM_NODE_LIST, GS_SIM_NODE_MAP };
struct gs_sim_node {
	enum gs_sim_node_kind kind;
	const char *key;  /* in a map, else NULL */
	const char *text; /* GS_SIM_NODE_TEXT */
	struct gs_sim_place at, key_at;
	const struct gs_sim_node *child, *next; /* in the file's order */
};

struct gs_sim_document {
	char file[GS_SIM_FILE_NAME_MAX];
	struct gs_sim_node *node; /* owned; the first one is the root, a map */
	unsigned nodes;
	char *text; /* owned */
	size_t text_len, text_max;
};

/* GS_EPARSE, GS_ELIMIT, GS_ENOMEM. To be freed in any case. */
GS_MUST enum gs_err gs_sim_document_read(const char *file, struct gs_bytes text, struct gs_sim_document *out,
                                         struct gs_error *error);
void gs_sim_document_free(struct gs_sim_document *document);

/* gs_fail with the place in front; returns code. */
enum gs_err gs_sim_document_fail(const struct gs_sim_document *document, struct gs_sim_place at, struct gs_error *error,
                                 enum gs_err code, const char *fmt, ...) GS_PRINTF(5, 6);

#endif
