/* validator/onnx/reader_internal.h: what the reader's files share. A node holds graphs and a graph holds nodes. */
#ifndef GS_VALIDATOR_ONNX_READER_INTERNAL_H
#define GS_VALIDATOR_ONNX_READER_INTERNAL_H

#include "validator/onnx/protobuf.h"
#include "validator/onnx/reader.h"

struct gs_onnx_reader {
	struct gs_arena *arena;
	const struct gs_onnx_external *external;
	struct gs_error *error;
	uint32_t nodes; /* read so far, of all graphs */
	uint32_t graphs;
	unsigned depth; /* graphs that the one being read lies in */
};

enum gs_err gs_onnx_malformed(struct gs_onnx_reader *r, const char *what);
enum gs_err gs_onnx_too_big(struct gs_onnx_reader *r);
bool gs_onnx_name_ok(struct gs_bytes name);
/* Length-delimited occurrences of a field; UINT32_MAX when the message is malformed or the field has another type. */
uint32_t gs_onnx_count_fields(struct gs_bytes bytes, uint32_t number);
/* The spans of every occurrence of a length-delimited field. */
enum gs_err gs_onnx_collect(struct gs_onnx_reader *r, struct gs_bytes bytes, uint32_t number, uint32_t limit,
                            const char *what, struct gs_bytes **out, uint32_t *count);

/* Every occurrence of a field that holds an AttributeProto, or a NodeProto. */
enum gs_err gs_onnx_read_attrs(struct gs_onnx_reader *r, struct gs_bytes bytes, uint32_t number,
                               const struct gs_onnx_attr **out, uint32_t *count);
enum gs_err gs_onnx_read_nodes(struct gs_onnx_reader *r, struct gs_bytes bytes, uint32_t number,
                               struct gs_onnx_graph *out);
enum gs_err gs_onnx_read_graph(struct gs_onnx_reader *r, struct gs_bytes bytes, struct gs_onnx_graph *out);

#endif
