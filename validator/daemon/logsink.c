#include "validator/daemon/logsink.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "validator/daemon/bar.h"

enum { LINE_MAX = 4096 };

struct line {
	char text[LINE_MAX];
	size_t len;
};

static void add(struct line *line, const char *text, size_t len)
{
	size_t room = sizeof(line->text) - line->len - 4;

	if (len > room)
		len = room;
	memcpy(line->text + line->len, text, len);
	line->len += len;
}

static void add_json_text(struct line *line, const char *text, size_t len)
{
	add(line, "\"", 1);
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '"' || text[i] == '\\')
			add(line, "\\", 1);
		if ((unsigned char)text[i] >= 0x20)
			add(line, text + i, 1);
	}
	add(line, "\"", 1);
}

/* key=value key="a value" -> ,"key":"value","key":"a value" */
static void add_json_fields(struct line *line, const char *at)
{
	while (*at) {
		size_t key = strcspn(at, "= ");
		const char *value = at + key + (at[key] == '=');
		bool quoted = *value == '"';
		size_t len = quoted ? strcspn(value + 1, "\"") : strcspn(value, " ");
		add(line, ",", 1);
		add_json_text(line, at, key);
		add(line, ":", 1);
		add_json_text(line, value + quoted, at[key] == '=' ? len : 0);
		at = at[key] == '=' ? value + quoted + len : at + key;
		at += quoted && *at == '"';
		at += *at == ' ';
	}
}

/* The number of a field, 0 when it is not there. */
static uint64_t number_of(const char *fields, const char *key)
{
	const size_t len = strlen(key);

	for (const char *at = fields; at; at = strchr(at, ' ')) {
		at += *at == ' ';
		if (strncmp(at, key, len) == 0 && at[len] == '=')
			return strtoull(at + len + 1, NULL, 10);
	}
	return 0;
}

/* Draws a bar instead of the line. False: it is to be a line. */
static bool draw(struct gs_logsink *sink, const char *event, const char *fields)
{
	const uint64_t blocks = number_of(fields, "blocks"), of = number_of(fields, "of");
	char bar[GS_BAR_MAX], left[GS_BAR_TIME_MAX];

	if (!sink->terminal || sink->format == GS_LOG_FORMAT_JSON || strcmp(event, "chain.catchup") != 0 ||
	    blocks >= of)
		return false;
	gs_bar_format((double)blocks / (double)of, bar);
	gs_bar_format_time(blocks ? (double)number_of(fields, "eta_s") : -1, left);
	pthread_mutex_lock(&sink->lock);
	fprintf(sink->stream, GS_BAR_CLEAR "%s  %" PRIu64 " of %" PRIu64 " blocks, %" PRIu64 " logs, ETA %s", bar,
	        blocks, of, number_of(fields, "logs"), left);
	fflush(sink->stream);
	sink->drawn = true;
	pthread_mutex_unlock(&sink->lock);
	return true;
}

static void write_line(void *self, enum gs_log_level level, const char *event, const char *fields)
{
	struct gs_logsink *sink = self;
	struct line line = {.len = 0};
	struct timespec now;
	struct tm utc;
	char stamp[40];
	size_t len;

	if (draw(sink, event, fields))
		return;
	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	len = strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S", &utc);
	len += (size_t)snprintf(stamp + len, sizeof(stamp) - len, ".%03dZ", (int)(now.tv_nsec / 1000000));
	if (sink->format == GS_LOG_FORMAT_JSON) {
		add(&line, "{\"time\":", 8);
		add_json_text(&line, stamp, len);
		add(&line, ",\"level\":", 9);
		add_json_text(&line, gs_log_level_name(level), strlen(gs_log_level_name(level)));
		add(&line, ",\"event\":", 9);
		add_json_text(&line, event, strlen(event));
		add_json_fields(&line, fields);
		line.text[line.len++] = '}'; /* add leaves room for the end */
	} else {
		add(&line, stamp, len);
		add(&line, " ", 1);
		add(&line, gs_log_level_name(level), strlen(gs_log_level_name(level)));
		add(&line, " ", 1);
		add(&line, event, strlen(event));
		if (fields[0])
			add(&line, " ", 1);
		add(&line, fields, strlen(fields));
	}
	line.text[line.len++] = '\n';
	pthread_mutex_lock(&sink->lock);
	if (sink->drawn)
		fputs(GS_BAR_CLEAR, sink->stream);
	sink->drawn = false;
	fwrite(line.text, 1, line.len, sink->stream);
	fflush(sink->stream);
	pthread_mutex_unlock(&sink->lock);
}

void gs_logsink_init(struct gs_logsink *sink, FILE *stream, enum gs_log_format format)
{
	sink->stream = stream;
	sink->format = format;
	sink->terminal = isatty(fileno(stream)) == 1;
	sink->drawn = false;
	pthread_mutex_init(&sink->lock, NULL);
}

struct gs_log gs_logsink_log(struct gs_logsink *sink, enum gs_log_level level)
{
	return (struct gs_log){.self = sink, .level = level, .write = write_line};
}
