/* Progress for people: bars and times, and log lines on a terminal and elsewhere. */
#include <fcntl.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>
#include <cmocka.h>

#include "validator/daemon/bar.h"
#include "validator/daemon/logsink.h"

static void bars(void **state)
{
	static const struct {
		double share;
		const char *want;
	} cases[] = {
		{0, "[..............................]   0 %"},      {0.5, "[###############...............]  50 %"},
		{0.9999, "[#############################.]  99 %"}, {1, "[##############################] 100 %"},
		{7, "[##############################] 100 %"},      {-1, "[..............................]   0 %"},
		{NAN, "[..............................]   0 %"},
	};
	char out[GS_BAR_MAX];

	(void)state;
	for (size_t i = 0; i < GS_ARRAY_LEN(cases); i++) {
		gs_bar_format(cases[i].share, out);
		assert_string_equal(out, cases[i].want);
	}
}

static void times(void **state)
{
	static const struct {
		double s;
		const char *want;
	} cases[] = {{0, "0:00"},
	             {6.2, "0:07"},
	             {61, "1:01"},
	             {3599.5, "1:00:00"},
	             {360000, "100:00:00"},
	             {999999999, "277777:46:39"},
	             {-1, "?"},
	             {NAN, "?"},
	             {1e12, "?"}};
	char out[GS_BAR_TIME_MAX];

	(void)state;
	for (size_t i = 0; i < GS_ARRAY_LEN(cases); i++) {
		gs_bar_format_time(cases[i].s, out);
		assert_string_equal(out, cases[i].want);
	}
}

static void tell(FILE *stream, enum gs_log_format format)
{
	struct gs_logsink sink;
	struct gs_log log;

	gs_logsink_init(&sink, stream, format);
	log = gs_logsink_log(&sink, GS_LOG_INFO);
	gs_log_line(&log, GS_LOG_INFO, "chain.catchup", "blocks=250 of=1000 logs=77 eta_s=62");
	gs_log_line(&log, GS_LOG_INFO, "chain.catchup", "blocks=500 of=1000 logs=99 eta_s=7");
	gs_log_line(&log, GS_LOG_WARN, "rpc.failed", "why=\"in between\"");
	gs_log_line(&log, GS_LOG_INFO, "chain.catchup", "blocks=1000 of=1000 logs=101 eta_s=0");
	pthread_mutex_destroy(&sink.lock);
}

/* What a terminal is sent; its stream stays open until all is read. */
static void on_a_terminal(void **state)
{
	const int master = posix_openpt(O_RDWR | O_NOCTTY);
	struct termios raw;
	char got[4096] = "";
	size_t len = 0;
	FILE *slave;

	(void)state;
	assert_true(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
	slave = fopen(ptsname(master), "r+e");
	assert_non_null(slave);
	assert_int_equal(tcgetattr(fileno(slave), &raw), 0);
	raw.c_oflag &= ~(tcflag_t)OPOST;
	assert_int_equal(tcsetattr(fileno(slave), TCSANOW, &raw), 0);
	tell(slave, GS_LOG_FORMAT_TEXT);
	fputs("END", slave);
	fflush(slave);
	while (!strstr(got, "END")) {
		const ssize_t n = read(master, got + len, sizeof(got) - 1 - len);
		assert_true(n > 0);
		len += (size_t)n;
		got[len] = '\0';
	}
	fclose(slave);
	close(master);
	const char *first = strstr(got, GS_BAR_CLEAR "[#######.......................]  25 %  250 of 1000 blocks, 77 "
	                                             "logs, ETA 1:02" GS_BAR_CLEAR "[###############...............] "
	                                             " 50 %  500 of 1000 blocks, 99 logs, ETA 0:07" GS_BAR_CLEAR "2");
	assert_ptr_equal(first, got);
	assert_non_null(strstr(got, "Z warn rpc.failed why=\"in between\"\n2")); /* nothing to clear any more */
	assert_non_null(strstr(got, "Z info chain.catchup blocks=1000 of=1000 logs=101 eta_s=0\nEND"));
}

static void elsewhere(void **state)
{
	for (int json = 0; json < 2; json++) {
		FILE *file = tmpfile();
		char line[512];
		unsigned lines = 0;
		assert_non_null(file);
		(void)state;
		tell(file, json ? GS_LOG_FORMAT_JSON : GS_LOG_FORMAT_TEXT);
		rewind(file);
		while (fgets(line, sizeof(line), file)) {
			lines++;
			assert_null(strchr(line, '\r'));
			assert_non_null(strstr(line, lines == 3 ? "rpc.failed" : "chain.catchup"));
		}
		assert_int_equal(lines, 4);
		fclose(file);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bars),
		cmocka_unit_test(times),
		cmocka_unit_test(on_a_terminal),
		cmocka_unit_test(elsewhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
