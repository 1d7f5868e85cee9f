#include "validator/daemon/batch_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAGIC_BYTES = 8, HEAD_BYTES = MAGIC_BYTES + 20 + 8 + 1 + 32 + 4, LENGTHS_BYTES = 8 };
static const uint8_t magic[MAGIC_BYTES] = {'G', 'S', 'B', 'A', 'T', 'C', 'H', 1};

/* --- writing --- */

enum gs_err gs_batch_file_begin(uint64_t chain_id, const struct gs_address *batches, const struct gs_batch_name *name,
                                const struct gs_hash *model, struct gs_bytes leaves, struct gs_batch_file *out,
                                struct gs_buf *bytes)
{
	uint8_t head[HEAD_BYTES];
	enum gs_err err;

	memset(out, 0, sizeof(*out));
	out->name = *name;
	out->model = *model;
	err = gs_batch_tree(model, leaves, 0, &out->name.root, NULL, NULL);
	if (err)
		return err;
	gs_batch_id(chain_id, batches, &out->name, &out->id);
	memcpy(head, magic, MAGIC_BYTES);
	memcpy(head + 8, name->claimant.b, 20);
	gs_be64_write(head + 28, name->salt);
	head[36] = name->kind;
	memcpy(head + 37, model->b, 32);
	gs_be32_write(head + 69, name->count);
	gs_buf_append(bytes, head, sizeof(head));
	gs_buf_append(bytes, leaves.ptr, leaves.len);
	return GS_OK;
}

static struct gs_bytes trimmed(struct gs_bytes bytes)
{
	while (bytes.len && bytes.ptr[bytes.len - 1] == 0)
		bytes.len--;
	return bytes;
}

void gs_batch_file_add(struct gs_buf *bytes, struct gs_bytes input, struct gs_bytes output)
{
	const struct gs_bytes array[] = {trimmed(input), trimmed(output)};
	uint8_t lengths[LENGTHS_BYTES];

	gs_be32_write(lengths, (uint32_t)array[0].len);
	gs_be32_write(lengths + 4, (uint32_t)array[1].len);
	gs_buf_append(bytes, lengths, sizeof(lengths));
	for (int i = 0; i < 2; i++)
		if (array[i].len)
			gs_buf_append(bytes, array[i].ptr, array[i].len);
}

static enum gs_err write_synced(const char *path, struct gs_bytes bytes)
{
	const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	size_t done = 0;
	bool ok = fd >= 0;

	while (ok && done < bytes.len) {
		const ssize_t n = write(fd, bytes.ptr + done, bytes.len - done);
		ok = n > 0 || (n < 0 && errno == EINTR);
		done += n > 0 ? (size_t)n : 0;
	}
	ok = ok && fsync(fd) == 0;
	if (fd >= 0)
		ok = close(fd) == 0 && ok;
	return ok ? GS_OK : GS_EIO;
}

enum gs_err gs_batch_file_write(const char *folder, const struct gs_hash *id, struct gs_bytes bytes,
                                struct gs_error *error)
{
	char path[GS_BATCH_PATH_MAX], draft[GS_BATCH_PATH_MAX + 8], name[67];

	gs_hex_encode(id->b, sizeof(id->b), true, name);
	if (mkdir(folder, 0700) != 0 && errno != EEXIST)
		return gs_fail(error, GS_EIO, "%s: the folder cannot be made: %s", folder, strerror(errno));
	if ((size_t)snprintf(path, sizeof(path), "%s/%s.batch", folder, name) >= sizeof(path))
		return gs_fail(error, GS_ELIMIT, "%s: the path is too long", folder);
	snprintf(draft, sizeof(draft), "%s.draft", path);
	if (write_synced(draft, bytes) != GS_OK || rename(draft, path) != 0) {
		const int why = errno;
		(void)unlink(draft);
		return gs_fail(error, GS_EIO, "%s: cannot be written: %s", path, strerror(why));
	}
	return GS_OK;
}

/* --- reading --- */

static enum gs_err read_whole(const char *path, uint8_t **out, size_t *len, struct gs_error *error)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat info;
	size_t done = 0;
	enum gs_err err = GS_OK;

	*out = NULL;
	*len = 0;
	if (fd < 0 || fstat(fd, &info) != 0)
		err = gs_fail(error, errno == ENOENT ? GS_ENOTFOUND : GS_EIO, "%s: cannot be read: %s", path,
		              strerror(errno));
	else if (!S_ISREG(info.st_mode) || info.st_size > GS_BATCH_FILE_MAX)
		err = gs_fail(error, GS_ELIMIT, "%s: not a file of at most %d bytes", path, GS_BATCH_FILE_MAX);
	else if (!(*out = malloc((size_t)info.st_size + 1)))
		err = gs_fail(error, GS_ENOMEM, "%s: no memory", path);
	else
		*len = (size_t)info.st_size;
	while (!err && *out && done < *len) {
		const ssize_t n = read(fd, *out + done, *len - done);
		if (n <= 0 && !(n < 0 && errno == EINTR))
			err = gs_fail(error, GS_EIO, "%s: cannot be read to its end", path);
		done += n > 0 ? (size_t)n : 0;
	}
	if (fd >= 0)
		(void)close(fd);
	return err;
}

/* Views of every leaf's arrays; false when the bytes do not end where they should. */
static bool find_arrays(struct gs_batch_file *file, struct gs_bytes rest)
{
	for (uint32_t i = 0; i < 2 * file->name.count; i += 2) {
		if (rest.len < LENGTHS_BYTES)
			return false;
		const uint64_t input = gs_be32_read(rest.ptr), output = gs_be32_read(rest.ptr + 4);
		rest = (struct gs_bytes){rest.ptr + LENGTHS_BYTES, rest.len - LENGTHS_BYTES};
		if (rest.len < input + output)
			return false;
		file->array[i] = (struct gs_bytes){rest.ptr, (size_t)input};
		file->array[i + 1] = (struct gs_bytes){rest.ptr + input, (size_t)output};
		rest = (struct gs_bytes){rest.ptr + input + output, rest.len - (size_t)(input + output)};
	}
	return rest.len == 0;
}

static enum gs_err parse(struct gs_batch_file *file, struct gs_bytes bytes, uint64_t chain_id,
                         const struct gs_address *batches)
{
	struct gs_batch_name *name = &file->name;
	enum gs_err err;

	if (bytes.len < HEAD_BYTES || memcmp(bytes.ptr, magic, MAGIC_BYTES) != 0)
		return GS_EPARSE;
	memcpy(name->claimant.b, bytes.ptr + 8, 20);
	name->salt = gs_be64_read(bytes.ptr + 28);
	name->kind = bytes.ptr[36];
	memcpy(file->model.b, bytes.ptr + 37, 32);
	name->count = gs_be32_read(bytes.ptr + 69);
	if ((name->kind != GS_BATCH_ROOT_ONLY && name->kind != GS_BATCH_CALLDATA) || name->count == 0 ||
	    name->count > GS_BATCH_LEAVES_MAX || bytes.len - HEAD_BYTES < (size_t)name->count * GS_BATCH_LEAF_BYTES)
		return GS_EPARSE;
	if (name->kind == GS_BATCH_CALLDATA)
		name->model = file->model;
	file->leaves = (struct gs_bytes){bytes.ptr + HEAD_BYTES, (size_t)name->count * GS_BATCH_LEAF_BYTES};
	file->array = calloc(2 * (size_t)name->count, sizeof(*file->array));
	if (!file->array)
		return GS_ENOMEM;
	if (!find_arrays(file, (struct gs_bytes){file->leaves.ptr + file->leaves.len,
	                                         bytes.len - HEAD_BYTES - file->leaves.len}))
		return GS_EPARSE;
	err = gs_batch_tree(&file->model, file->leaves, 0, &name->root, NULL, NULL);
	gs_batch_id(chain_id, batches, name, &file->id);
	return err;
}

enum gs_err gs_batch_file_read(const char *path, uint64_t chain_id, const struct gs_address *batches,
                               struct gs_batch_file *out, struct gs_error *error)
{
	size_t len;
	enum gs_err err;

	memset(out, 0, sizeof(*out));
	err = read_whole(path, &out->bytes, &len, error);
	if (!err) {
		GS_ASSERT(out->bytes);
		err = parse(out, (struct gs_bytes){out->bytes, len}, chain_id, batches);
		if (err)
			err = gs_fail(error, err, "%s: %s", path,
			              err == GS_ENOMEM ? "no memory" : "not a batch, or cut short");
	}
	if (err)
		gs_batch_file_free(out);
	return err;
}

void gs_batch_file_free(struct gs_batch_file *file)
{
	free(file->bytes);
	free(file->array);
	memset(file, 0, sizeof(*file));
}

void gs_batch_file_claim(const struct gs_batch_file *file, uint64_t chain_id, const struct gs_address *claims,
                         uint32_t index, struct gs_claim_body *body, struct gs_leaf_data *out)
{
	const struct gs_batch_leaf leaf = gs_batch_leaf_read(file->leaves.ptr + (size_t)index * GS_BATCH_LEAF_BYTES);

	gs_batch_body(&file->id, &file->name.claimant, &file->model, index, &leaf, body);
	gs_claim_id(chain_id, claims, body, &out->claim);
	out->input = file->array[2 * index];
	out->output = file->array[2 * index + 1];
}
