/* What the store of models reads: records of models, which any process on the machine may have written, and the operator's index. Any text is read to its end or
 * refused; a record that is read is written anew as one that reads the same, and what an index holds is found in it. */
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "validator/models/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_again(const struct gs_model_entry *entry, struct gs_buf *out)
{
	gs_buf_init(out, GS_MODEL_RECORD_BYTES_MAX * 2); /* texts may be longer when they are escaped */
	if (gs_model_record_encode(entry, out) != GS_OK)
		abort();
}

static void try_record(struct gs_bytes text)
{
	struct gs_model_entry entry, again;
	struct gs_buf first, second;

	if (text.len > GS_MODEL_RECORD_BYTES_MAX || gs_model_record_decode(text, &entry, NULL) != GS_OK)
		return;
	write_again(&entry, &first);
	if (gs_model_record_decode(gs_buf_view(&first), &again, NULL) != GS_OK)
		abort();
	write_again(&again, &second);
	if (first.len != second.len || memcmp(first.ptr, second.ptr, first.len) != 0)
		abort();
	gs_buf_free(&first);
	gs_buf_free(&second);
}

static void try_index(struct gs_bytes text)
{
	struct gs_model_index index = {.entry = NULL};
	char path[64];
	const int fd = memfd_create("index", MFD_CLOEXEC);

	if (fd < 0 || write(fd, text.ptr, text.len) != (ssize_t)text.len)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (gs_model_index_read(path, &index, NULL) == GS_OK)
		for (size_t i = 0; i < index.count; i++) {
			const struct gs_model_want want = {.id = index.entry[i].id, .known = index.entry[i]};
			const struct gs_model_source source = {.kind = GS_MODEL_SOURCE_INDEX};
			char url[GS_MODEL_SOURCE_MAX];
			if (gs_model_index_find(&index, &index.entry[i].id) != &index.entry[i])
				abort();
			if (gs_model_source_url(&source, &want, url, NULL) == GS_OK && strncmp(url, "http", 4) != 0)
				abort();
		}
	gs_model_index_free(&index);
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct gs_bytes text = {data, size};

	try_record(text);
	try_index(text);
	return 0;
}
