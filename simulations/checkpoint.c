#include "simulations/checkpoint.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "chain/core/hash.h"
#include "simulations/scenario.h"
#include "simulations/wire.h"

enum {
	CHECK_DIGITS = 16,
	LINE_MAX_BYTES = 2 * GS_SIM_RESULT_BYTES_MAX + 128,
};

static void check_digits(const char *text, size_t len, char out[CHECK_DIGITS + 1])
{
	struct gs_hash h;
	gs_keccak256(text, len, &h);
	gs_hex_encode(h.b, CHECK_DIGITS / 2, false, out);
}

static void head(const struct gs_sim_checkpoint *c, char *out, size_t size)
{
	struct gs_hash h;
	char hex[65];
	gs_sim_scenario_hash(c->scenario, &h);
	gs_hex_encode(h.b, sizeof(h.b), false, hex);
	snprintf(out, size, "gainsay-sim-progress-1 %s %s\n", c->version, hex);
}

static uint64_t batches_of(const struct gs_sim_scenario *s)
{
	return (s->runs + GS_SIM_BATCH_RUNS - 1) / GS_SIM_BATCH_RUNS;
}

/* One whole line, its newline already off. */
static bool take_line(const struct gs_sim_checkpoint *c, const char *line, size_t len, struct gs_sim_prefix *prefix)
{
	static const size_t tail = CHECK_DIGITS + 1;
	uint8_t bytes[GS_SIM_RESULT_BYTES_MAX];
	char digits[CHECK_DIGITS + 1];
	unsigned point;
	uint64_t batches;
	int at = 0;
	if (len < tail || line[len - tail] != ' ')
		return false;
	check_digits(line, len - tail, digits);
	if (memcmp(digits, line + len - CHECK_DIGITS, CHECK_DIGITS) != 0)
		return false;
	if (!isdigit((unsigned char)line[0]) || sscanf(line, "%u %" SCNu64 " %n", &point, &batches, &at) != 2 ||
	    at == 0)
		return false;
	if ((size_t)at >= len - tail || point >= gs_sim_points(c->scenario) || batches > batches_of(c->scenario))
		return false;
	size_t hex = len - tail - (size_t)at;
	if (hex / 2 > sizeof(bytes) || gs_hex_decode(line + at, hex, bytes, hex / 2) != GS_OK)
		return false;
	struct gs_sim_prefix *p = &prefix[point];
	p->batches = batches;
	p->stored = true;
	return gs_sim_result_decode(c->scenario->engine, (struct gs_bytes){bytes, hex / 2}, &p->result, NULL) == GS_OK;
}

/* *end: where the last whole line ends. */
static enum gs_err read_lines(const struct gs_sim_checkpoint *c, struct gs_sim_prefix *prefix, off_t *end,
                              struct gs_error *error)
{
	char want[256], *line = NULL;
	size_t room = 0;
	head(c, want, sizeof(want));
	enum gs_err err = GS_OK;
	for (unsigned number = 1; err == GS_OK; number++) {
		ssize_t len = getline(&line, &room, c->file);
		if (len < 0 || line[len - 1] != '\n')
			break; /* the end, or a torn last line */
		if (number == 1 && strcmp(line, want) != 0)
			err = gs_fail(error, GS_ECONFLICT,
			              "%s: of another scenario, other values or another version: go on with those, or "
			              "leave --resume out",
			              c->path);
		else if (len > LINE_MAX_BYTES || (number > 1 && !take_line(c, line, (size_t)len - 1, prefix)))
			err = gs_fail(error, GS_ECORRUPT, "%s: line %u is damaged: begin anew, without --resume",
			              c->path, number);
		*end += len;
	}
	if (err == GS_OK && ferror(c->file))
		err = gs_fail(error, GS_EIO, "%s: cannot be read", c->path);
	free(line);
	return err;
}

static enum gs_err store_point(struct gs_sim_checkpoint *c, unsigned point, const struct gs_sim_prefix *p)
{
	struct gs_buf bytes, line;
	char digits[CHECK_DIGITS + 1];
	gs_buf_init(&bytes, GS_SIM_RESULT_BYTES_MAX);
	gs_buf_init(&line, LINE_MAX_BYTES);
	gs_sim_result_encode(c->scenario->engine, &p->result, &bytes);
	gs_buf_append_text(&line, "%u %" PRIu64 " ", point, p->batches);
	char *hex = (char *)gs_buf_extend(&line, bytes.len * 2 + 1);
	enum gs_err err = bytes.err != GS_OK ? bytes.err : line.err;
	if (err == GS_OK) {
		gs_hex_encode(bytes.ptr, bytes.len, false, hex);
		line.len--; /* the zero */
		check_digits((const char *)line.ptr, line.len, digits);
		gs_buf_append_text(&line, " %s\n", digits);
		err = line.err;
	}
	if (err == GS_OK && fwrite(line.ptr, 1, line.len, c->file) != line.len)
		err = GS_EIO;
	gs_buf_free(&bytes);
	gs_buf_free(&line);
	return err;
}

enum gs_err gs_sim_checkpoint_store(struct gs_sim_checkpoint *c, struct gs_sim_prefix *prefix, struct gs_error *error)
{
	unsigned points = gs_sim_points(c->scenario);
	enum gs_err err = GS_OK;
	for (unsigned p = 0; p < points && err == GS_OK; p++) {
		if (prefix[p].stored || prefix[p].batches == 0)
			continue;
		err = store_point(c, p, &prefix[p]);
		prefix[p].stored = err == GS_OK;
	}
	if (err == GS_OK && (fflush(c->file) != 0 || fdatasync(fileno(c->file)) != 0))
		err = GS_EIO;
	return err == GS_OK ? GS_OK : gs_fail(error, err, "%s: cannot be written: %s", c->path, strerror(errno));
}

static enum gs_err open_locked(struct gs_sim_checkpoint *c, bool resume, struct gs_error *error)
{
	int fd = open(c->path, O_RDWR | O_CLOEXEC | (resume ? 0 : O_CREAT), 0644);
	if (fd < 0 && resume && errno == ENOENT)
		return gs_fail(error, GS_ENOTFOUND,
		               "%s: is not there: nothing to go on from; leave --resume out, or give the same options",
		               c->path);
	if (fd < 0)
		return gs_fail(error, GS_EIO, "%s: cannot be opened: %s", c->path, strerror(errno));
	if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		close(fd);
		return gs_fail(error, GS_ECONFLICT, "%s: another process is at this sweep", c->path);
	}
	c->file = fdopen(fd, "r+");
	if (c->file != NULL)
		return GS_OK;
	close(fd);
	return gs_fail(error, GS_ENOMEM, "%s: no memory", c->path);
}

/* Behind what is good; a file without anything gets its head. */
static enum gs_err begin(struct gs_sim_checkpoint *c, off_t end, struct gs_error *error)
{
	char line[256];
	head(c, line, sizeof(line));
	if (ftruncate(fileno(c->file), end) != 0 || fseeko(c->file, end, SEEK_SET) != 0 ||
	    (end == 0 && (fputs(line, c->file) == EOF || fflush(c->file) != 0)))
		return gs_fail(error, GS_EIO, "%s: cannot be written: %s", c->path, strerror(errno));
	return GS_OK;
}

enum gs_err gs_sim_checkpoint_open(const char *path, const struct gs_sim_scenario *scenario, const char *version,
                                   bool resume, struct gs_sim_prefix *prefix, struct gs_sim_checkpoint *out,
                                   struct gs_error *error)
{
	*out = (struct gs_sim_checkpoint){.scenario = scenario, .version = version};
	if ((size_t)snprintf(out->path, sizeof(out->path), "%s", path) >= sizeof(out->path))
		return gs_fail(error, GS_ELIMIT, "%.80s...: a path longer than %zu bytes", path, sizeof(out->path) - 1);
	off_t end = 0;
	enum gs_err err = open_locked(out, resume, error);
	if (err == GS_OK && resume)
		err = read_lines(out, prefix, &end, error);
	if (err == GS_OK)
		err = begin(out, end, error);
	if (err != GS_OK)
		gs_sim_checkpoint_close(out, true);
	return err;
}

void gs_sim_checkpoint_close(struct gs_sim_checkpoint *c, bool keep)
{
	if (c->file == NULL)
		return;
	if (!keep)
		(void)unlink(c->path);
	fclose(c->file);
	c->file = NULL;
}
