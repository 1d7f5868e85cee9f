/* tests/support/peak.h: how many fused multiply-adds this core does a second, at most: independent chains in registers. */
#ifndef GS_TESTS_SUPPORT_PEAK_H
#define GS_TESTS_SUPPORT_PEAK_H

/* FLOP/s of one thread with the vectors of that instruction set (two a fused multiply-add), by the processor time of a
 * run of about two milliseconds. */
double gs_peak_flops(const char *isa);
/* One such run: its FLOPs. For whoever times it. */
double gs_peak_run(const char *isa);

#endif
