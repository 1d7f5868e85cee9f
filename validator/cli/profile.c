#include "validator/cli/profile.h"

#include "validator/exec/plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum gs_err gs_profile_take(const struct gs_run *run, uint64_t runs, struct gs_profile *out, struct gs_error *error)
{
	const struct gs_memory mem = {
		.trace = run->trace, .weights = run->program->weights, .inputs = run->inputs, .claimed = run->claimed};
	*out = (struct gs_profile){.runs = runs, .seconds = calloc(run->program->count, sizeof(double))};
	if (out->seconds == NULL)
		return gs_fail(error, GS_ENOMEM, "no memory for the profile of %u instructions", run->program->count);
	enum gs_err err = GS_OK;
	for (uint64_t i = 0; err == GS_OK && i < runs; i++)
		err = gs_exec_plan_run_timed(run->plan, &mem, out->seconds, error);
	for (uint32_t i = 0; i < run->program->count; i++)
		out->total += out->seconds[i];
	return err;
}

void gs_profile_free(struct gs_profile *p)
{
	free(p->seconds);
}

struct place {
	double seconds;
	uint32_t instruction;
};

static int slower_first(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	if (x->seconds != y->seconds)
		return x->seconds < y->seconds ? 1 : -1;
	return (x->instruction > y->instruction) - (x->instruction < y->instruction);
}

/* "1x64x56x56 of 64x3x3" */
static void boxes(const struct gs_instr *in, char *text, size_t room)
{
	size_t used = 0;
	text[0] = 0;
	for (unsigned a = 0; a < (unsigned)in->out_axes + in->red_axes && used < room; a++) {
		const char *before = a == 0 ? "" : a == in->out_axes ? " of " : "x";
		used += (size_t)snprintf(text + used, room - used, "%s%u", before, in->extent[a]);
	}
}

static double steps_of(const struct gs_instr *in)
{
	double terms = in->form == GS_FOLD ? (double)gs_instr_terms(in) : 1;
	double each = in->fn == GS_FN_F32_FMA || in->fn == GS_FN_I32_MULADD ? 2 : 1;
	return (double)gs_instr_count(in) * terms * each;
}

static void print_line(const struct gs_profile *p, const struct gs_run *run, struct place place)
{
	struct gs_instr in = gs_program_instr(run->program, place.instruction);
	char what[96];
	boxes(&in, what, sizeof(what));
	double each = place.seconds / (double)p->runs;
	printf("%6u  %-12s  %-13s  %-36s  %9.4f  %5.1f %%  %8.2f\n", place.instruction,
	       gs_exec_plan_form(run->plan, place.instruction), gs_fn_info(in.fn)->name, what, each * 1e3,
	       p->total > 0 ? place.seconds / p->total * 100 : 0, each > 0 ? steps_of(&in) / each * 1e-9 : 0);
}

static void print_forms(const struct gs_profile *p, const struct gs_run *run)
{
	enum { FORMS = 32 };
	const char *name[FORMS];
	double seconds[FORMS] = {0};
	uint32_t count[FORMS] = {0};
	unsigned forms = 0;
	for (uint32_t i = 0; i < run->program->count; i++) {
		const char *form = gs_exec_plan_form(run->plan, i);
		unsigned f = 0;
		while (f < forms && strcmp(name[f], form) != 0)
			f++;
		GS_ASSERT(f < FORMS);
		forms += f == forms;
		name[f] = form;
		seconds[f] += p->seconds[i];
		count[f]++;
	}
	for (unsigned f = 0; f < forms; f++)
		printf("%6u  %-12s  %50s  %9.4f  %5.1f %%\n", count[f], name[f], "", seconds[f] / (double)p->runs * 1e3,
		       p->total > 0 ? seconds[f] / p->total * 100 : 0);
}

void gs_profile_print(const struct gs_profile *p, const struct gs_run *run, uint32_t lines)
{
	uint32_t count = run->program->count;
	struct place *place = calloc(count, sizeof(*place));
	if (place == NULL)
		return;
	for (uint32_t i = 0; i < count; i++)
		place[i] = (struct place){p->seconds[i], i};
	qsort(place, count, sizeof(*place), slower_first);
	printf("%6s  %-12s  %-13s  %-36s  %9s  %7s  %8s\n", "number", "run as", "function", "output of reduced", "ms",
	       "share", "1e9/s");
	for (uint32_t i = 0; i < count && i < lines; i++)
		print_line(p, run, place[i]);
	printf("instructions\n");
	print_forms(p, run);
	free(place);
}
