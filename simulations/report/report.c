#include "simulations/report/report.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "simulations/report/figures.h"
#include "simulations/report/html.h"
#include "simulations/report/steps.h"
#include "simulations/scenario.h"
#include "simulations/value.h"

enum { PATH_MAX_HERE = 4096 };

static void head(struct gs_report *r)
{
	const struct gs_sim_scenario *s = &r->sweep->scenario;
	gs_buf_append_text(
		r->to,
		"<!DOCTYPE html>\n<html xmlns=\"http://www.w3.org/1999/xhtml\" lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
		"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\"/>\n"
		"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n<title>");
	gs_html_text(r->to, s->name);
	gs_buf_append_text(r->to, ": gainsay sim</title>\n<style>\n");
	gs_buf_append_text(r->to, "%s", gs_html_style);
	gs_buf_append_text(r->to, "</style>\n</head>\n<body>\n<main>\n<p class=\"kicker\">Scenario ");
	gs_html_text(r->to, s->name);
	gs_buf_append_text(r->to, ", engine ");
	gs_html_text(r->to, s->engine->name);
	gs_buf_append_text(r->to, "</p>\n");
	gs_html_element(r->to, "h1", s->question[0] != '\0' ? s->question : s->name);
	if (s->about[0] != '\0')
		gs_html_element(r->to, "p", s->about);
}

static void verdict(struct gs_report *r, const struct gs_sim_result *all, const char *again)
{
	bool bad = all->violations > 0 && !r->sweep->scenario.may_violate;
	gs_buf_append_text(r->to, "<div class=\"verdict%s\" data-violations=\"%" PRIu64 "\"><p>", bad ? " bad" : "",
	                   all->violations);
	if (all->violations == 0) {
		gs_buf_append_text(r->to, "No oracle was violated in %" PRIu64 " runs.</p></div>\n", all->runs);
		return;
	}
	gs_buf_append_text(r->to,
	                   "<b>%" PRIu64 " of %" PRIu64 " runs violated an oracle%s.</b> The first: ", all->violations,
	                   all->runs, bad ? "" : ", as this scenario is built to show");
	gs_html_text(r->to, all->first);
	gs_buf_append_text(r->to, ", with seed %" PRIu64 ".</p><p>Once more: <code>gainsay sim replay %" PRIu64 " ",
	                   all->first_seed, all->first_seed);
	gs_html_text(r->to, again);
	gs_buf_append_text(r->to, " --trace</code></p></div>\n");
}

static void fact(struct gs_report *r, const char *name, const char *value, bool code)
{
	gs_html_element(r->to, "dt", name);
	gs_buf_append_text(r->to, code ? "<dd><code>" : "<dd>");
	gs_html_text(r->to, value);
	gs_buf_append_text(r->to, code ? "</code></dd>\n" : "</dd>\n");
}

/* "1, 2, 3" */
static void swept_values(const struct gs_sim_scenario *s, const struct gs_sim_axis *a, struct gs_buf *out)
{
	for (unsigned i = 0; i < a->values; i++) {
		char text[GS_SIM_VALUE_TEXT_MAX];
		gs_sim_value_format(&s->engine->parameter[a->parameter], a->value[i], text);
		gs_buf_append_text(out, "%s%s", i > 0 ? ", " : "", text);
	}
	gs_buf_append_u8(out, '\0');
}

static void facts(struct gs_report *r, const struct gs_sim_result *all, const struct gs_report_words *words)
{
	const struct gs_sim_scenario *s = &r->sweep->scenario;
	char text[256], digest[67];
	gs_buf_append_text(r->to, "<dl class=\"facts\">\n");
	for (unsigned a = 0; a < s->axes; a++) {
		struct gs_buf values;
		gs_buf_init(&values, 8192);
		swept_values(s, &s->axis[a], &values);
		(void)snprintf(text, sizeof(text), "swept: %s", s->engine->parameter[s->axis[a].parameter].name);
		fact(r, text, values.err == GS_OK ? (const char *)values.ptr : "", false);
		gs_buf_free(&values);
	}
	(void)snprintf(text, sizeof(text), "%" PRIu64 " (%u point%s, %" PRIu64 " each)", all->runs, r->sweep->points,
	               r->sweep->points == 1 ? "" : "s", s->runs);
	fact(r, "runs", text, false);
	(void)snprintf(text, sizeof(text), "%" PRIu64, s->seed);
	fact(r, "first seed", text, false);
	fact(r, "version", words->version, false);
	gs_sim_digest_text(&all->digest, digest);
	fact(r, "digest", digest, true);
	gs_buf_append_text(r->to, "<dt>command</dt>\n<dd><code>gainsay sim ");
	gs_html_text(r->to, words->again);
	gs_buf_append_text(r->to, "</code></dd>\n</dl>\n");
}

/* ---- groups of metrics ---- */

static size_t group_len(const char *name)
{
	return strcspn(name, ".");
}

static bool same_group(const struct gs_sim_metric *a, const struct gs_sim_metric *b)
{
	size_t len = group_len(a->name);
	return a->unit == b->unit && len == group_len(b->name) && memcmp(a->name, b->name, len) == 0;
}

static void draw_group_of(struct gs_report *r, unsigned metric, bool shown, bool *drawn)
{
	const struct gs_sim_engine *engine = r->sweep->scenario.engine;
	struct gs_report_group group = {.shown = shown};
	if (drawn[metric])
		return;
	for (unsigned m = 0; m < engine->metrics; m++)
		if (!drawn[m] && same_group(&engine->metric[metric], &engine->metric[m])) {
			drawn[m] = true;
			if (gs_report_seen(r, m))
				group.metric[group.metrics++] = m;
		}
	if (group.metrics > 0)
		gs_report_group(r, &group);
	for (unsigned i = 0; i < group.metrics; i++)
		if (engine->metric[group.metric[i]].has_histogram)
			gs_report_histograms(r, group.metric[i]);
}

static void pictures(struct gs_report *r)
{
	const struct gs_sim_scenario *s = &r->sweep->scenario;
	bool drawn[GS_SIM_METRICS_MAX] = {false};
	unsigned first = 0;
	gs_buf_append_text(r->to, "<section>\n<h2>Answer</h2>\n");
	if (r->sweep->points == 1) {
		unsigned all[GS_SIM_METRICS_MAX], n = 0;
		for (unsigned m = 0; m < s->engine->metrics; m++)
			if (gs_report_seen(r, m))
				all[n++] = m;
		gs_report_table(r, all, n, &first, 1, true);
	}
	for (unsigned i = 0; i < s->shows; i++)
		draw_group_of(r, s->shown[i], true, drawn);
	if (s->shows > 0)
		gs_buf_append_text(r->to, "</section>\n<section>\n<h2>What else was measured</h2>\n");
	for (unsigned m = 0; m < s->engine->metrics; m++)
		draw_group_of(r, m, s->shows == 0, drawn);
	gs_buf_append_text(r->to, "<p class=\"note\">Not observed in any run: ");
	unsigned absent = 0;
	for (unsigned m = 0; m < s->engine->metrics; m++)
		if (!gs_report_seen(r, m)) {
			gs_buf_append_text(r->to, "%s", absent++ > 0 ? ", " : "");
			gs_html_text(r->to, s->engine->metric[m].name);
		}
	gs_buf_append_text(r->to, "%s.</p>\n</section>\n", absent == 0 ? "nothing" : "");
}

/* ---- how it was made ---- */

static const struct gs_sim_axis *swept(const struct gs_sim_scenario *s, unsigned parameter)
{
	for (unsigned a = 0; a < s->axes; a++)
		if (s->axis[a].parameter == parameter)
			return &s->axis[a];
	return NULL;
}

static void parameters(struct gs_report *r)
{
	const struct gs_sim_scenario *s = &r->sweep->scenario;
	gs_buf_append_text(r->to,
	                   "<details><summary>All %u parameters</summary>\n<div class=\"wide\"><table>\n<thead><tr>"
	                   "<th>parameter</th><th class=\"text\">value</th><th class=\"text\">standard</th>"
	                   "<th class=\"text\">what it is</th></tr></thead>\n<tbody>\n",
	                   s->engine->parameters);
	for (unsigned i = 0; i < s->engine->parameters; i++) {
		const struct gs_sim_parameter *p = &s->engine->parameter[i];
		char value[GS_SIM_VALUE_TEXT_MAX], standard[GS_SIM_VALUE_TEXT_MAX];
		bool varies = swept(s, i) != NULL;
		gs_sim_value_format(p, s->value[i], value);
		gs_sim_value_format(p, p->standard, standard);
		bool other = varies || strcmp(value, standard) != 0;
		gs_buf_append_text(r->to, "<tr>");
		gs_html_element(r->to, "td", p->name);
		gs_buf_append_text(r->to, "<td class=\"text\">%s", other ? "<b>" : "");
		gs_html_text(r->to, varies ? "swept" : value);
		gs_buf_append_text(r->to, "%s</td>", other ? "</b>" : "");
		gs_html_element(r->to, "td class=\"text\"", standard);
		gs_html_element(r->to, "td class=\"text\"", p->about);
		gs_buf_append_text(r->to, "</tr>\n");
	}
	gs_buf_append_text(r->to, "</tbody></table></div></details>\n");
}

static enum gs_err scenario_file(struct gs_report *r, struct gs_error *error)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);
	if (f == NULL)
		return gs_fail(error, GS_ENOMEM, "no memory for a report");
	gs_sim_scenario_write(&r->sweep->scenario, f);
	bool good = fclose(f) == 0;
	if (good) {
		gs_buf_append_text(r->to, "<details><summary>The scenario as a file</summary>\n<pre><code>");
		gs_html_text(r->to, text);
		gs_buf_append_text(r->to, "</code></pre></details>\n");
	}
	free(text);
	return good ? GS_OK : gs_fail(error, GS_ENOMEM, "no memory for a report");
}

enum gs_err gs_sim_report(const struct gs_sim_sweep *sweep, const struct gs_report_words *words, struct gs_buf *out,
                          struct gs_error *error)
{
	struct gs_report r = {.sweep = sweep, .to = out};
	struct gs_sim_result *all = calloc(1, sizeof(*all));
	if (all == NULL)
		return gs_fail(error, GS_ENOMEM, "no memory for a report");
	for (unsigned p = 0; p < sweep->points; p++)
		gs_sim_result_join(all, &sweep->result[p]);
	head(&r);
	verdict(&r, all, words->again);
	facts(&r, all, words);
	pictures(&r);
	enum gs_err err = gs_report_steps(&r, words->again, error);
	gs_buf_append_text(out, "<section>\n<h2>How it was made</h2>\n");
	parameters(&r);
	if (err == GS_OK)
		err = scenario_file(&r, error);
	gs_buf_append_text(out, "</section>\n</main>\n</body>\n</html>\n");
	free(all);
	if (err == GS_OK && out->err != GS_OK)
		err = gs_fail(error, out->err, "a report has at most %d bytes: sweep fewer values",
		              GS_REPORT_BYTES_MAX);
	return err;
}

static enum gs_err write_beside(const struct gs_buf *page, const char *path, struct gs_error *error)
{
	char beside[PATH_MAX_HERE];
	if (snprintf(beside, sizeof(beside), "%s.new", path) >= (int)sizeof(beside))
		return gs_fail(error, GS_EINVAL, "%.60s...: the path is too long", path);
	FILE *f = fopen(beside, "wb");
	if (f == NULL)
		return gs_fail(error, GS_EIO, "%s: %s", beside, strerror(errno));
	bool good = fwrite(page->ptr, 1, page->len, f) == page->len;
	good = fclose(f) == 0 && good;
	if (good && rename(beside, path) == 0)
		return GS_OK;
	int why = errno;
	(void)unlink(beside);
	return gs_fail(error, GS_EIO, "%s: %s", path, strerror(why));
}

enum gs_err gs_sim_report_file(const struct gs_sim_sweep *sweep, const struct gs_report_words *words, const char *path,
                               struct gs_error *error)
{
	struct gs_buf page;
	gs_buf_init(&page, GS_REPORT_BYTES_MAX);
	enum gs_err err = gs_sim_report(sweep, words, &page, error);
	if (err == GS_OK)
		err = write_beside(&page, path, error);
	gs_buf_free(&page);
	return err;
}
