#include "simulations/document.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

struct reading {
	struct gs_sim_document *document;
	struct gs_bytes bytes;
	yaml_parser_t parser;
	yaml_event_t event;
	bool has_event;
	unsigned depth;
	struct gs_error *error;
};

enum gs_err gs_sim_document_fail(const struct gs_sim_document *document, struct gs_sim_place at, struct gs_error *error,
                                 enum gs_err code, const char *fmt, ...)
{
	char text[GS_ERROR_TEXT_MAX];
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	return gs_fail(error, code, "%s:%u:%u: %s", document->file, at.line, at.column, text);
}

static struct gs_sim_place place(yaml_mark_t mark)
{
	return (struct gs_sim_place){(unsigned)mark.line + 1, (unsigned)mark.column + 1};
}

#define HERE(r) place((r)->event.start_mark)

/* Where a byte that is no UTF-8 stands. */
static struct gs_sim_place place_of_byte(const struct reading *r, size_t offset)
{
	struct gs_sim_place at = {1, 1};
	for (size_t i = 0; i < offset && i < r->bytes.len; i++) {
		if (r->bytes.ptr[i] == '\n') {
			at.line++;
			at.column = 1;
		} else if ((r->bytes.ptr[i] & 0xc0) != 0x80) /* not a byte in the middle of a character */
			at.column++;
	}
	return at;
}

static enum gs_err next(struct reading *r)
{
	if (r->has_event)
		yaml_event_delete(&r->event);
	r->has_event = false;
	if (yaml_parser_parse(&r->parser, &r->event)) {
		r->has_event = true;
		return GS_OK;
	}
	if (r->parser.error == YAML_MEMORY_ERROR)
		return gs_fail(r->error, GS_ENOMEM, "%s: no memory", r->document->file);
	const char *problem = r->parser.problem != NULL ? r->parser.problem : "unreadable";
	struct gs_sim_place at = r->parser.error == YAML_READER_ERROR ? place_of_byte(r, r->parser.problem_offset)
	                                                              : place(r->parser.problem_mark);
	return gs_sim_document_fail(r->document, at, r->error, GS_EPARSE,
	                            "not YAML: %s; write a scenario as in docs/scenarios.md", problem);
}

/* Copies the event's text. */
static enum gs_err take_text(struct reading *r, const char **out)
{
	struct gs_sim_document *d = r->document;
	const unsigned char *text = r->event.data.scalar.value;
	size_t len = r->event.data.scalar.length;
	for (size_t i = 0; i < len; i++)
		if ((text[i] < 0x20 && text[i] != '\n') || text[i] == 0x7f)
			return gs_sim_document_fail(d, HERE(r), r->error, GS_EPARSE,
			                            "this text has a control character (byte %u): take it out",
			                            text[i]);
	if (len >= d->text_max - d->text_len)
		return gs_sim_document_fail(d, HERE(r), r->error, GS_ELIMIT, "too much text: shorten it");
	char *at = d->text + d->text_len;
	memcpy(at, text, len);
	at[len] = '\0';
	d->text_len += len + 1;
	*out = at;
	return GS_OK;
}

static enum gs_err refuse_extras(const struct reading *r, const unsigned char *anchor, const unsigned char *tag)
{
	if (anchor != NULL)
		return gs_sim_document_fail(r->document, HERE(r), r->error, GS_EPARSE,
		                            "an anchor (&%.40s): scenarios have none; write the value out", anchor);
	if (tag != NULL)
		return gs_sim_document_fail(r->document, HERE(r), r->error, GS_EPARSE,
		                            "a tag (%.40s): scenarios have none; leave it out", tag);
	return GS_OK;
}

/* What no node may be. */
static enum gs_err refuse(const struct reading *r)
{
	switch (r->event.type) {
	case YAML_ALIAS_EVENT:
		return gs_sim_document_fail(r->document, HERE(r), r->error, GS_EPARSE,
		                            "an alias (*%.40s): scenarios have none; write the value out",
		                            r->event.data.alias.anchor);
	case YAML_SCALAR_EVENT: return refuse_extras(r, r->event.data.scalar.anchor, r->event.data.scalar.tag);
	case YAML_SEQUENCE_START_EVENT:
		return refuse_extras(r, r->event.data.sequence_start.anchor, r->event.data.sequence_start.tag);
	case YAML_MAPPING_START_EVENT:
		return refuse_extras(r, r->event.data.mapping_start.anchor, r->event.data.mapping_start.tag);
	case YAML_NO_EVENT:
	case YAML_STREAM_START_EVENT:
	case YAML_STREAM_END_EVENT:
	case YAML_DOCUMENT_START_EVENT:
	case YAML_DOCUMENT_END_EVENT:
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT: break;
	}
	return GS_OK;
}

static enum gs_err read_children(struct reading *r, struct gs_sim_node *parent);

/* The node that begins with the event. */
static enum gs_err read_node(struct reading *r, struct gs_sim_node **out)
{
	struct gs_sim_document *d = r->document;
	enum gs_err err = refuse(r);
	if (err != GS_OK)
		return err;
	if (d->nodes == GS_SIM_NODES_MAX)
		return gs_sim_document_fail(d, HERE(r), r->error, GS_ELIMIT,
		                            "more than %d values: a scenario has fewer", GS_SIM_NODES_MAX);
	struct gs_sim_node *node = &d->node[d->nodes++];
	*node = (struct gs_sim_node){.kind = GS_SIM_NODE_TEXT, .at = HERE(r)};
	*out = node;
	if (r->event.type == YAML_SCALAR_EVENT)
		return take_text(r, &node->text);
	node->kind = r->event.type == YAML_SEQUENCE_START_EVENT ? GS_SIM_NODE_LIST : GS_SIM_NODE_MAP;
	if (r->depth == GS_SIM_DEPTH_MAX)
		return gs_sim_document_fail(d, HERE(r), r->error, GS_ELIMIT,
		                            "nested more than %d deep: a scenario is flatter", GS_SIM_DEPTH_MAX);
	r->depth++;
	err = read_children(r, node);
	r->depth--;
	return err;
}

static enum gs_err read_key(struct reading *r, const char **key, struct gs_sim_place *at)
{
	enum gs_err err = refuse(r);
	if (err != GS_OK)
		return err;
	*at = HERE(r);
	if (r->event.type != YAML_SCALAR_EVENT)
		return gs_sim_document_fail(r->document, HERE(r), r->error, GS_EPARSE,
		                            "a key is expected here, such as 'runs: 1000'");
	err = take_text(r, key);
	return err != GS_OK ? err : next(r);
}

static enum gs_err read_children(struct reading *r, struct gs_sim_node *parent)
{
	struct gs_sim_node *last = NULL, *node = NULL;
	for (;;) {
		const char *key = NULL;
		struct gs_sim_place key_at = {0, 0};
		enum gs_err err = next(r);
		if (err != GS_OK)
			return err;
		if (r->event.type == YAML_MAPPING_END_EVENT || r->event.type == YAML_SEQUENCE_END_EVENT)
			return GS_OK;
		if (parent->kind == GS_SIM_NODE_MAP)
			err = read_key(r, &key, &key_at);
		if (err == GS_OK)
			err = read_node(r, &node);
		if (err != GS_OK)
			return err;
		GS_ASSERT(node != NULL);
		node->key = key;
		node->key_at = key_at;
		if (last == NULL)
			parent->child = node;
		else
			last->next = node;
		last = node;
	}
}

static enum gs_err read_document(struct reading *r)
{
	struct gs_sim_node *root;
	enum gs_err err;
	do {
		if ((err = next(r)) != GS_OK)
			return err;
	} while (r->event.type == YAML_STREAM_START_EVENT || r->event.type == YAML_DOCUMENT_START_EVENT);
	if (r->event.type != YAML_MAPPING_START_EVENT)
		return gs_sim_document_fail(r->document, HERE(r), r->error, GS_EPARSE,
		                            "a scenario is expected: lines such as 'engine: games'");
	if ((err = read_node(r, &root)) != GS_OK || (err = next(r)) != GS_OK || (err = next(r)) != GS_OK)
		return err;
	if (r->event.type != YAML_STREAM_END_EVENT)
		return gs_sim_document_fail(r->document, HERE(r), r->error, GS_EPARSE,
		                            "a second document: a file holds one scenario");
	return GS_OK;
}

enum gs_err gs_sim_document_read(const char *file, struct gs_bytes text, struct gs_sim_document *out,
                                 struct gs_error *error)
{
	struct reading r = {.document = out, .bytes = text, .error = error};
	size_t len = strlen(file);
	*out = (struct gs_sim_document){.nodes = 0};
	snprintf(out->file, sizeof(out->file), "%s%s", len >= sizeof(out->file) ? "..." : "",
	         len >= sizeof(out->file) ? file + len - (sizeof(out->file) - 4) : file);
	if (text.len > GS_SIM_FILE_MAX)
		return gs_fail(error, GS_ELIMIT, "%s: larger than %d bytes: a scenario is smaller", out->file,
		               GS_SIM_FILE_MAX);
	out->text_max = text.len * 2 + GS_SIM_NODES_MAX * 2 + 1; /* an escape of two bytes may mean three */
	out->text = malloc(out->text_max);
	out->node = calloc(GS_SIM_NODES_MAX, sizeof(*out->node));
	if (out->text == NULL || out->node == NULL || !yaml_parser_initialize(&r.parser))
		return gs_fail(error, GS_ENOMEM, "%s: no memory", out->file);
	yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&r.parser, text.len > 0 ? text.ptr : (const unsigned char *)"", text.len);
	enum gs_err err = read_document(&r);
	if (r.has_event)
		yaml_event_delete(&r.event);
	yaml_parser_delete(&r.parser);
	return err;
}

void gs_sim_document_free(struct gs_sim_document *document)
{
	free(document->node);
	free(document->text);
	*document = (struct gs_sim_document){.nodes = 0};
}
