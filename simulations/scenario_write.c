/* A scenario as a file that gs_sim_scenario_read reads as the same: scenario.h. */
#include <inttypes.h>

#include "simulations/scenario.h"
#include "simulations/value.h"

static void put_quoted(FILE *to, const char *key, const char *text)
{
	fprintf(to, "%s: \"", key);
	for (const char *c = text; *c != '\0'; c++) {
		if (*c == '\n')
			fputs("\\n", to);
		else if (*c == '"' || *c == '\\')
			fprintf(to, "\\%c", *c);
		else
			fputc(*c, to);
	}
	fputs("\"\n", to);
}

void gs_sim_scenario_write(const struct gs_sim_scenario *s, FILE *to)
{
	char text[GS_SIM_VALUE_TEXT_MAX];
	put_quoted(to, "question", s->question);
	if (s->about[0] != '\0')
		put_quoted(to, "about", s->about);
	fprintf(to, "engine: %s\nruns: %" PRIu64 "\nseed: %" PRIu64 "\n", s->engine->name, s->runs, s->seed);
	for (unsigned i = 0; i < s->engine->parameters; i++) {
		const struct gs_sim_parameter *p = &s->engine->parameter[i];
		gs_sim_value_format(p, s->value[i], text);
		if (s->value[i] != p->standard)
			fprintf(to, "%s: %s\n", p->name, text);
	}
	for (unsigned a = 0; a < s->axes; a++) {
		const struct gs_sim_parameter *p = &s->engine->parameter[s->axis[a].parameter];
		fprintf(to, "%s  %s: [", a == 0 ? "sweep:\n" : "", p->name);
		for (unsigned i = 0; i < s->axis[a].values; i++) {
			gs_sim_value_format(p, s->axis[a].value[i], text);
			fprintf(to, "%s%s", i > 0 ? ", " : "", text);
		}
		fputs("]\n", to);
	}
	if (s->may_violate)
		fputs("may violate: yes\n", to);
	for (unsigned i = 0; i < s->shows; i++)
		fprintf(to, "%s%s%s", i == 0 ? "show: [" : ", ", s->engine->metric[s->shown[i]].name,
		        i + 1 == s->shows ? "]\n" : "");
}
