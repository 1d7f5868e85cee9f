/* simulations/builtin.h: the scenarios of simulations/scenarios/, in the program itself: it has them wherever it is installed. */
#ifndef GS_SIMULATIONS_BUILTIN_H
#define GS_SIMULATIONS_BUILTIN_H

struct gs_sim_builtin {
	const char *name; /* of its file, without ".yaml" */
	const char *text; /* of its file */
};

/* By name; ended by one without a name. Written by scenarios/embed.py when the program is built. */
extern const struct gs_sim_builtin gs_sim_builtins[];

#endif
