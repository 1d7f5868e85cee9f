#include "validator/models/load.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "validator/models/beside.h"

enum { READ_BYTES = 1 << 16 };

static const char magic[] = "GSPROG1\n";
enum { MAGIC_BYTES = sizeof(magic) - 1, FAMILY_BYTES = 6 }; /* "GSPROG": a program file of some version */

static bool has_suffix(const char *text, const char *suffix)
{
	const size_t len = strlen(text), end = strlen(suffix);

	return len > end && strcmp(text + len - end, suffix) == 0;
}

bool gs_model_named_like_one(const char *name)
{
	return has_suffix(name, ".gsp") || has_suffix(name, ".onnx");
}

static bool is_program_file(struct gs_bytes bytes)
{
	return bytes.len >= FAMILY_BYTES && memcmp(bytes.ptr, magic, FAMILY_BYTES) == 0;
}

static enum gs_err read_program(const char *path, struct gs_bytes bytes, struct gs_program *out, struct gs_error *error)
{
	const struct gs_onnx_options as_it_is = {0};
	struct gs_error why = {0};
	enum gs_err err = is_program_file(bytes) ? gs_program_read(bytes, out, &why)
	                                         : gs_lower_beside(path, bytes, &as_it_is, out, NULL, &why);

	return err ? gs_fail(error, err, "%s: %s", path, why.text) : GS_OK;
}

enum gs_err gs_model_load(const char *path, struct gs_program *out, struct gs_error *error)
{
	struct stat info;
	void *map;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	enum gs_err err;

	memset(out, 0, sizeof(*out));
	if (fd < 0 || fstat(fd, &info) != 0) {
		err = gs_fail(error, GS_EIO, "%s: cannot be read: %s", path, strerror(errno));
		goto out;
	}
	if (!S_ISREG(info.st_mode) || info.st_size == 0 || (uint64_t)info.st_size > GS_MODEL_FILE_MAX) {
		err = gs_fail(error, GS_ELIMIT, "%s: not a file of 1 to %llu bytes", path,
		              (unsigned long long)GS_MODEL_FILE_MAX);
		goto out;
	}
	map = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED) {
		err = gs_fail(error, GS_EIO, "%s: cannot be read: %s", path, strerror(errno));
		goto out;
	}
	err = read_program(path, (struct gs_bytes){map, (size_t)info.st_size}, out, error);
	munmap(map, (size_t)info.st_size);
out:
	if (fd >= 0)
		close(fd);
	return err;
}

enum gs_err gs_model_head(struct gs_bytes head, enum gs_model_form *form, struct gs_hash *id, struct gs_error *error)
{
	struct gs_header header;
	struct gs_error why = {0};

	memset(id, 0, sizeof(*id));
	*form = is_program_file(head) ? GS_MODEL_PROGRAM : GS_MODEL_ONNX;
	if (*form == GS_MODEL_ONNX)
		return GS_OK;
	if (head.len < GS_MODEL_HEAD_BYTES || memcmp(head.ptr, magic, MAGIC_BYTES) != 0)
		return gs_fail(error, GS_EPARSE,
		               "a program file of another version, or one that is cut short in its header");
	if (gs_header_decode(head.ptr + MAGIC_BYTES, &header, &why))
		return gs_fail(error, GS_EPARSE, "the program file's header: %s", why.text);
	gs_header_model_id(&header, id);
	return GS_OK;
}

enum gs_err gs_model_sha256(int fd, struct gs_hash *out, uint64_t *bytes, struct gs_error *error)
{
	EVP_MD_CTX *digest = EVP_MD_CTX_new();
	uint8_t *block = malloc(READ_BYTES);
	enum gs_err err = GS_OK;
	ssize_t got = 1;

	*bytes = 0;
	if (!digest || !block || EVP_DigestInit_ex(digest, EVP_sha256(), NULL) != 1)
		err = gs_fail(error, GS_ENOMEM, "no memory for a hash");
	while (!err && got > 0) {
		got = pread(fd, block, READ_BYTES, (off_t)*bytes);
		if (got < 0)
			err = gs_fail(error, GS_EIO, "cannot be read: %s", strerror(errno));
		else if (got > 0 && EVP_DigestUpdate(digest, block, (size_t)got) != 1)
			err = gs_fail(error, GS_ENOMEM, "no memory for a hash");
		*bytes += got > 0 ? (uint64_t)got : 0;
	}
	if (!err && EVP_DigestFinal_ex(digest, out->b, NULL) != 1)
		err = gs_fail(error, GS_ENOMEM, "no memory for a hash");
	EVP_MD_CTX_free(digest);
	free(block);
	return err;
}
