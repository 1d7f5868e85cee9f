/* The report's parts that a page may not show: what is no text, and the numbers beside axes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "chain/core/rng.h"
#include "simulations/report/chart.h"
#include "simulations/report/html.h"

#define BAD "\xef\xbf\xbd"

static void test_text(void **state)
{
	static const struct {
		const char *from, *to;
	} cases[] = {
		{"", ""},
		{"a<b>&\"'", "a&lt;b&gt;&amp;&quot;&#39;"},
		{"\t\n\xc3\xa9\xe6\xbc\xa2\xf0\x9f\x98\x80", "\t\n\xc3\xa9\xe6\xbc\xa2\xf0\x9f\x98\x80"},
		{"\x01\x1f\x7f", BAD BAD "\x7f"},
		{"\x80x", BAD "x"},                                    /* goes on nothing */
		{"\xc0\xbc", BAD BAD},                                 /* '<' in two bytes */
		{"\xe0\x80\xbc", BAD BAD BAD},                         /* in three */
		{"\xed\xa0\x80", BAD BAD BAD},                         /* half of a pair */
		{"\xef\xbf\xbe\xef\xbf\xbf", BAD BAD BAD BAD BAD BAD}, /* no characters */
		{"\xf4\x90\x80\x80", BAD BAD BAD BAD},                 /* beyond the last one */
		{"\xf5", BAD},
		{"\xe6\xbc", BAD BAD}, /* ends too early */
		{"\xc3<", BAD "&lt;"},
		{"\xc2\x85", BAD BAD}, /* a control character */
	};
	struct gs_buf buf;
	(void)state;
	for (size_t i = 0; i < GS_ARRAY_LEN(cases); i++) {
		gs_buf_init(&buf, 1000);
		gs_html_text(&buf, cases[i].from);
		gs_buf_append_u8(&buf, '\0');
		assert_string_equal((const char *)buf.ptr, cases[i].to);
		gs_buf_free(&buf);
	}
}

static void test_style(void **state)
{
	(void)state;
	assert_null(strpbrk(gs_html_style, "<&"));
}

static void test_scales(void **state)
{
	struct gs_rng rng;
	const struct gs_scale_unit units[] = {{1, ""}, {0.01, " %"}, {3600, " h"}};
	(void)state;
	gs_rng_seed(&rng, 1);
	for (unsigned i = 0; i < 20000; i++) {
		double a = ((double)gs_rng_below(&rng, 2000001) - 1e6) * pow(10, (double)gs_rng_below(&rng, 13) - 9);
		double b = ((double)gs_rng_below(&rng, 2000001) - 1e6) * pow(10, (double)gs_rng_below(&rng, 13) - 9);
		bool log = i % 5 == 0 && a > 0 && b > 0, tight = i % 2 == 0;
		struct gs_scale s = gs_scale(a < b ? a : b, a < b ? b : a, log, tight, units[i % 3], 5, 300, 20);
		double little = 1e-6 * (s.high - s.low);
		assert_true(s.low < s.high && s.low <= (a < b ? a : b) + little && s.high >= (a < b ? b : a) - little);
		assert_true(s.ticks <= GS_SCALE_TICKS_MAX && (log || s.ticks >= 2));
		for (unsigned t = 0; t < s.ticks; t++) {
			double at = gs_scale_place(&s, s.tick[t]);
			char text[GS_SCALE_TEXT_MAX], before[GS_SCALE_TEXT_MAX];
			assert_true(at >= 20 && at <= 300);
			gs_scale_text(&s, s.tick[t], text);
			if (t == 0)
				continue;
			assert_true(s.tick[t] > s.tick[t - 1]);
			gs_scale_text(&s, s.tick[t - 1], before);
			if (s.high - s.low > 1e-3 * fmax(fabs(s.low), fabs(s.high)) &&
			    (s.high - s.low) / s.unit.factor > 1e-5)
				assert_string_not_equal(text, before);
		}
	}
}

static void test_cut(void **state)
{
	char out[16];
	(void)state;
	gs_chart_cut("abc", 3, out, sizeof(out));
	assert_string_equal(out, "abc");
	gs_chart_cut("abcd", 3, out, sizeof(out));
	assert_string_equal(out, "abc\xe2\x80\xa6");
	gs_chart_cut("\xc3\xa9\xc3\xa9\xc3\xa9", 2, out, sizeof(out)); /* never in the middle of a character */
	assert_string_equal(out, "\xc3\xa9\xc3\xa9\xe2\x80\xa6");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_style),
		cmocka_unit_test(test_scales),
		cmocka_unit_test(test_cut),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
