#include "tests/support/ort_peer.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* The names that ONNX Runtime's JavaScript interface gives the types. */
static const struct {
	enum gs_dtype dtype;
	const char *name;
} types[] = {
	{GS_F32, "float32"}, {GS_F16, "float16"}, {GS_U8, "uint8"},  {GS_I8, "int8"},
	{GS_U16, "uint16"},  {GS_I16, "int16"},   {GS_I32, "int32"}, {GS_I64, "int64"},
	{GS_U32, "uint32"},  {GS_U64, "uint64"},  {GS_BOOL, "bool"},
};

static const char *type_name(enum gs_dtype dtype)
{
	for (size_t i = 0; i < GS_ARRAY_LEN(types); i++)
		if (types[i].dtype == dtype)
			return types[i].name;
	return "none";
}

static bool type_named(const char *name, enum gs_dtype *out)
{
	for (size_t i = 0; i < GS_ARRAY_LEN(types); i++)
		if (strcmp(types[i].name, name) == 0) {
			*out = types[i].dtype;
			return true;
		}
	return false;
}

bool gs_ort_start(const char *build, struct gs_ort_peer *out)
{
	char node[4096];
	int pair[2];
	snprintf(node, sizeof(node), "%s/tools/node20", build);
	if (access(node, X_OK) != 0)
		snprintf(node, sizeof(node), "build/tools/node20");
	if (access("tests/bench/node_modules/onnxruntime-node", R_OK) != 0 || access(node, X_OK) != 0) {
		printf("ONNX Runtime is not installed: configs/setup/setup.sh npm tests/bench\n");
		return false;
	}
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		return false;
	fflush(stdout);
	out->pid = fork();
	if (out->pid == 0) {
		if (dup2(pair[1], 0) == 0 && dup2(pair[1], 1) == 1)
			execl(node, node, "tests/bench/ort.mjs", (char *)NULL);
		_exit(127);
	}
	close(pair[1]);
	out->to = fdopen(pair[0], "w");
	out->from = fdopen(dup(pair[0]), "r");
	return out->pid > 0 && out->to != NULL && out->from != NULL;
}

void gs_ort_stop(struct gs_ort_peer *peer)
{
	if (peer->to != NULL)
		shutdown(fileno(peer->to), SHUT_RDWR); /* which is the end of its input */
	if (peer->to != NULL)
		fclose(peer->to);
	if (peer->from != NULL)
		fclose(peer->from);
	if (peer->pid > 0)
		waitpid(peer->pid, NULL, 0);
	*peer = (struct gs_ort_peer){.pid = 0};
}

/* Sends and frees command; the answer is the caller's. NULL after a message. */
static json_t *ask(struct gs_ort_peer *peer, const char *what, json_t *command)
{
	char *line = NULL;
	size_t size = 0;
	json_error_t error;
	bool sent = command != NULL && json_dumpf(command, peer->to, JSON_COMPACT) == 0 &&
	            fputc('\n', peer->to) != EOF && fflush(peer->to) == 0;
	json_decref(command);
	json_t *answer = sent && getline(&line, &size, peer->from) > 0 ? json_loads(line, 0, &error) : NULL;
	const char *refused = json_string_value(json_object_get(answer, "error"));
	free(line);
	if (answer == NULL)
		printf("%s: ONNX Runtime's process does not answer\n", what);
	else if (refused != NULL)
		printf("%s: ONNX Runtime: %s\n", what, refused);
	if (refused == NULL)
		return answer;
	json_decref(answer);
	return NULL;
}

static double number(const json_t *answer, const char *key)
{
	return json_number_value(json_object_get(answer, key));
}

static struct gs_ort_times times(const json_t *answer)
{
	return (struct gs_ort_times){number(answer, "cpu_us") * 1e-6, number(answer, "wall_us") * 1e-6};
}

bool gs_ort_load(struct gs_ort_peer *peer, const char *what, const char *model, unsigned threads, const char *folder,
                 const char *const *name, const struct gs_tensor *const *tensor, uint32_t tensors,
                 struct gs_ort_loaded *out)
{
	json_t *inputs = json_array();
	for (uint32_t i = 0; i < tensors; i++) {
		char path[4096];
		struct gs_error error;
		json_t *dims = json_array();
		snprintf(path, sizeof(path), "%s/input_%u.bin", folder, i);
		if (gs_write_file(path, (struct gs_bytes){tensor[i]->data, (size_t)gs_tensor_bytes(tensor[i])},
		                  &error) != GS_OK) {
			printf("%s: %s\n", what, error.text);
			json_decref(dims);
			json_decref(inputs);
			return false;
		}
		for (unsigned d = 0; d < tensor[i]->rank; d++)
			json_array_append_new(dims, json_integer(tensor[i]->dim[d]));
		json_array_append_new(inputs, json_pack("{s:s, s:s, s:o, s:s}", "name", name[i], "type",
		                                        type_name(tensor[i]->dtype), "dims", dims, "file", path));
	}
	json_t *answer = ask(peer, what,
	                     json_pack("{s:s, s:s, s:i, s:o}", "command", "load", "model", model, "threads",
	                               (int)threads, "inputs", inputs));
	if (answer == NULL)
		return false;
	*out = (struct gs_ort_loaded){.load = times(json_object_get(answer, "load")),
	                              .first = times(json_object_get(answer, "first")),
	                              .peak_mib = number(answer, "peak_kib") / 1024};
	json_decref(answer);
	return true;
}

bool gs_ort_run(struct gs_ort_peer *peer, const char *what, unsigned count, struct gs_ort_times *out)
{
	json_t *answer = ask(peer, what, json_pack("{s:s, s:i}", "command", "run", "count", (int)count));
	if (answer == NULL)
		return false;
	*out = times(answer);
	json_decref(answer);
	return true;
}

bool gs_ort_profile(struct gs_ort_peer *peer, const char *what, unsigned threads, const char *folder, unsigned count,
                    double *out)
{
	char prefix[4096];
	snprintf(prefix, sizeof(prefix), "%s/profile", folder);
	json_t *answer = ask(peer, what,
	                     json_pack("{s:s, s:i, s:i, s:s}", "command", "profile", "threads", (int)threads, "count",
	                               (int)count, "prefix", prefix));
	const json_t *runs = json_object_get(answer, "runs");
	bool ok = json_array_size(runs) == count;
	for (unsigned i = 0; ok && i < count; i++)
		out[i] = json_number_value(json_array_get(runs, i)) * 1e-6;
	if (answer != NULL && !ok)
		printf("%s: ONNX Runtime's profile has %zu runs instead of %u\n", what, json_array_size(runs), count);
	json_decref(answer);
	return ok;
}

static bool read_output(const json_t *from, struct gs_mapped *file, struct gs_tensor *out)
{
	const char *type = json_string_value(json_object_get(from, "type"));
	const char *path = json_string_value(json_object_get(from, "file"));
	const json_t *dims = json_object_get(from, "dims");
	struct gs_error error;
	*out = (struct gs_tensor){.rank = (uint8_t)json_array_size(dims), .count = 1};
	if (type == NULL || path == NULL || !type_named(type, &out->dtype) || json_array_size(dims) > GS_RANK_MAX)
		return false;
	for (unsigned d = 0; d < out->rank; d++) {
		out->dim[d] = (uint32_t)json_integer_value(json_array_get(dims, d));
		out->count *= out->dim[d];
	}
	if (gs_map_file(path, GS_TENSOR_FILE_MAX, file, &error) != GS_OK)
		return false;
	out->data = file->bytes.ptr;
	return file->bytes.len == gs_tensor_bytes(out);
}

bool gs_ort_outputs(struct gs_ort_peer *peer, const char *what, const char *folder, struct gs_ort_outputs *out)
{
	memset(out, 0, sizeof(*out));
	json_t *answer = ask(peer, what, json_pack("{s:s, s:s}", "command", "outputs", "folder", folder));
	const json_t *list = json_object_get(answer, "outputs");
	bool ok = json_array_size(list) > 0 && json_array_size(list) <= GS_IO_MAX;
	for (size_t i = 0; ok && i < json_array_size(list); i++) {
		ok = read_output(json_array_get(list, i), &out->file[i], &out->tensor[i]);
		out->count++;
	}
	if (answer != NULL && !ok)
		printf("%s: ONNX Runtime's outputs cannot be read\n", what);
	json_decref(answer);
	return ok;
}

void gs_ort_outputs_free(struct gs_ort_outputs *outputs)
{
	for (uint32_t i = 0; i < outputs->count; i++)
		gs_unmap_file(&outputs->file[i]);
	outputs->count = 0;
}
