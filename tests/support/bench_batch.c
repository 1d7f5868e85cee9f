#include "tests/support/bench_batch.h"

#include "tests/support/bench_model.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TURN = 37 }; /* elements: a prime, so members of most shapes begin at different places */

/* The axis of the batch, or the rank when there is none. */
static unsigned batch_axis(const struct gs_onnx_input *input, const struct gs_tensor *tensor)
{
	unsigned axis = 0;
	if (input->rank != tensor->rank)
		return tensor->rank;
	while (axis < tensor->rank && (input->dim[axis] >= 0 || tensor->dim[axis] != 1))
		axis++;
	return axis;
}

/* out: batch times as many bytes as the tensor has. */
static void repeat(const struct gs_tensor *t, unsigned axis, uint32_t batch, uint8_t *out)
{
	size_t size = gs_dtype_bytes(t->dtype), outer = 1;
	for (unsigned d = 0; d < axis; d++)
		outer *= t->dim[d];
	size_t inner = (size_t)t->count / outer;
	for (size_t o = 0; o < outer; o++)
		for (uint32_t b = 0; b < batch; b++, out += inner * size) {
			const uint8_t *from = t->data + o * inner * size;
			size_t turn = (size_t)b * TURN % inner;
			memcpy(out, from + turn * size, (inner - turn) * size);
			memcpy(out + (inner - turn) * size, from, turn * size);
		}
}

static enum gs_err write_tensor(const struct gs_tensor *t, const char *path, struct gs_error *error)
{
	struct gs_buf buf;
	gs_buf_init(&buf, SIZE_MAX / 2);
	enum gs_err err = gs_tensor_to_proto(t, &buf);
	if (err == GS_OK)
		err = gs_write_file(path, gs_buf_view(&buf), error);
	else
		err = gs_fail(error, err, "%s: no memory", path);
	gs_buf_free(&buf);
	return err;
}

static enum gs_err write_input(const struct gs_onnx_input *input, const struct gs_tensor *t, uint32_t batch,
                               const char *path, struct gs_error *error)
{
	struct gs_tensor more = *t;
	unsigned axis = batch_axis(input, t);
	more.name = (struct gs_bytes){(const uint8_t *)input->name, strlen(input->name)};
	if (axis == t->rank || t->count == 0)
		return write_tensor(&more, path, error);
	uint8_t *data = malloc((size_t)gs_tensor_bytes(t) * batch);
	if (data == NULL)
		return gs_fail(error, GS_ENOMEM, "no memory for a batch of %u", batch);
	repeat(t, axis, batch, data);
	more.dim[axis] = batch;
	more.count *= batch;
	more.data = data;
	enum gs_err err = write_tensor(&more, path, error);
	free(data);
	return err;
}

static enum gs_err make_folder(const char *path, struct gs_error *error)
{
	if (mkdir(path, 0777) != 0 && errno != EEXIST)
		return gs_fail(error, GS_EIO, "%s: %s", path, strerror(errno));
	return GS_OK;
}

enum gs_err gs_bench_model_batch(const char *folder, uint32_t batch, const char *out, bool *can, struct gs_error *error)
{
	char path[4200];
	struct gs_mapped file = {0};
	struct gs_tensor_set set;
	struct gs_onnx_signature sig = {0};
	const char *name[GS_IO_MAX];
	uint32_t index[GS_IO_MAX];
	gs_tensor_set_init(&set);
	*can = false;
	snprintf(path, sizeof(path), "%s/model.onnx", folder);
	enum gs_err err = gs_bench_model_inputs(folder, &set, error);
	if (err == GS_OK)
		err = gs_map_file(path, GS_MODEL_FILE_MAX, &file, error);
	if (err == GS_OK)
		err = gs_onnx_signature_read(file.bytes, &sig, error);
	if (err == GS_OK && sig.inputs > GS_IO_MAX)
		err = gs_fail(error, GS_ELIMIT, "more than %d inputs", GS_IO_MAX);
	for (uint32_t i = 0; err == GS_OK && i < sig.inputs; i++)
		name[i] = sig.input[i].name;
	if (err == GS_OK)
		err = gs_tensor_set_match(&set, name, sig.inputs, index, error);
	*can = err == GS_OK && sig.inputs > 0 && set.tensor[index[0]].rank > 0 &&
	       batch_axis(&sig.input[0], &set.tensor[index[0]]) == 0;
	if (*can)
		err = make_folder(out, error);
	snprintf(path, sizeof(path), "%s/test_data_set_0", out);
	if (*can && err == GS_OK)
		err = make_folder(path, error);
	for (uint32_t i = 0; *can && err == GS_OK && i < sig.inputs; i++) {
		snprintf(path, sizeof(path), "%s/test_data_set_0/input_%u.pb", out, i);
		err = write_input(&sig.input[i], &set.tensor[index[i]], batch, path, error);
	}
	for (uint32_t i = sig.inputs; *can && err == GS_OK; i++) { /* of a model before */
		snprintf(path, sizeof(path), "%s/test_data_set_0/input_%u.pb", out, i);
		if (unlink(path) != 0)
			break;
	}
	gs_onnx_signature_free(&sig);
	gs_unmap_file(&file);
	gs_tensor_set_free(&set);
	return err;
}
