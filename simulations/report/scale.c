#include "simulations/report/scale.h"

#include <math.h>
#include <stdio.h>

/* 1, 2 or 5 times a power of ten, at least x. */
static double round_step(double x)
{
	double power = pow(10, floor(log10(x)));
	double first = x / power;
	return (first <= 1.0000001 ? 1 : first <= 2.0000001 ? 2 : first <= 5.0000001 ? 5 : 10) * power;
}

static void linear(struct gs_scale *s, bool tight, unsigned wanted)
{
	double factor = s->unit.factor;
	double step = round_step((s->high - s->low) / factor / wanted) * factor;
	double first = (tight ? ceil(s->low / step - 1e-9) : floor(s->low / step + 1e-9)) * step;
	if (!tight) {
		s->low = first;
		s->high = ceil(s->high / step - 1e-9) * step;
	}
	for (unsigned i = 0; s->ticks < GS_SCALE_TICKS_MAX; i++) {
		double at = first + i * step;
		if (at > s->high + step * 1e-6)
			return;
		s->tick[s->ticks++] = fabs(at) < step * 1e-6 ? 0 : at;
	}
}

static void logarithmic(struct gs_scale *s)
{
	static const double parts[] = {1, 2, 5};
	double decades = log10(s->high / s->low);
	unsigned each = decades < 2 ? 3 : 1; /* ticks of a decade */
	int skip = 1 + (int)(decades / 8);
	int first = (int)floor(log10(s->low / s->unit.factor) + 1e-9);
	for (int power = first; s->ticks < GS_SCALE_TICKS_MAX; power += skip)
		for (unsigned p = 0; p < each && s->ticks < GS_SCALE_TICKS_MAX; p++) {
			double at = parts[p] * pow(10, power) * s->unit.factor;
			if (at > s->high * (1 + 1e-9))
				return;
			if (at >= s->low * (1 - 1e-9))
				s->tick[s->ticks++] = at;
		}
}

struct gs_scale gs_scale(double low, double high, bool log, bool tight, struct gs_scale_unit unit, unsigned wanted,
                         double from, double to)
{
	struct gs_scale s = {.low = low, .high = high, .from = from, .to = to, .log = log, .unit = unit};
	if (!(s.high > s.low)) { /* one number: some room around it */
		double room = s.low != 0 ? fabs(s.low) * 0.5 : unit.factor;
		s.low = log ? s.low / 2 : s.low - room;
		s.high = log ? s.high * 2 : s.high + room;
	}
	if (log)
		logarithmic(&s);
	else
		linear(&s, tight, wanted);
	return s;
}

double gs_scale_place(const struct gs_scale *s, double value)
{
	double part = s->log ? log(value / s->low) / log(s->high / s->low) : (value - s->low) / (s->high - s->low);
	part = part < 0 ? 0 : part > 1 ? 1 : part;
	return s->from + part * (s->to - s->from);
}

void gs_scale_text(const struct gs_scale *s, double value, char out[GS_SCALE_TEXT_MAX])
{
	double number = value / s->unit.factor;
	double step = s->ticks > 1 && !s->log ? (s->tick[1] - s->tick[0]) / s->unit.factor : fabs(number);
	int decimals = step > 0 && step < 1 ? (int)ceil(-log10(step) - 1e-9) : 0;
	if (decimals > 6 || fabs(number) >= 1e7)
		(void)snprintf(out, GS_SCALE_TEXT_MAX, "%.3g%.12s", number, s->unit.suffix);
	else if (fabs(number) >= 10000 && fmod(number, 1000) == 0)
		(void)snprintf(out, GS_SCALE_TEXT_MAX, "%.0fk%.12s", number / 1000, s->unit.suffix);
	else
		(void)snprintf(out, GS_SCALE_TEXT_MAX, "%.*f%.12s", decimals, number, s->unit.suffix);
}
