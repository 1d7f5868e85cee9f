/* challenge/machine/elementary_trig_tables.h: the numbers of elementary_trig.h, as elementary_tables.h holds the others'. */
#ifndef GS_CHALLENGE_MACHINE_ELEMENTARY_TRIG_TABLES_H
#define GS_CHALLENGE_MACHINE_ELEMENTARY_TRIG_TABLES_H

#include "challenge/machine/elementary_tables.h"

enum { GS_ATAN_PIECES = 16, GS_ATAN_TERMS = 6, GS_ASIN_TERMS = 14 };

/* atan(a) = atan(s/c) + atan((a c - s)/(a s + c)), where s/c is the tangent of an angle in the middle of the piece of a; the
 * pieces end at 3/32, 1/8, 3/16, 1/4, ... 8, 12 */
static const double gs_atan_cos[GS_ATAN_PIECES] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0};
static const double gs_atan_sin[GS_ATAN_PIECES] = {
	0,        0x1.cp-4, 0x1.4p-3, 0x1.cp-3, 0x1.3ep-2, 0x1.bep-2, 0x1.3cp-1, 0x1.bcp-1,
	0x1.38p0, 0x1.bap0, 0x1.36p1, 0x1.b8p1, 0x1.34p2,  0x1.b8p2,  0x1.34p3,  1,
};
/* atan(s/c) and the rest of it */
static const double gs_atan_high[GS_ATAN_PIECES] = {
	0,
	0x1.be39ebe6f07c3p-4,
	0x1.3d6eee8c6626cp-3,
	0x1.b90d7529260a2p-3,
	0x1.3454be5720ap-2,
	0x1.a4a0ded82e8f4p-2,
	0x1.1b1dc87904285p-1,
	0x1.6dc44551553afp-1,
	0x1.c470abf2d3d01p-1,
	0x1.0bbb010f02202p0,
	0x1.2de11cfc645f5p0,
	0x1.49a6be20c3a52p0,
	0x1.5dace854dff1cp0,
	0x1.6d2595b4f5943p0,
	0x1.779f1d70e8bfdp0,
	0x1.921fb54442d18p0,
};
static const double gs_atan_low[GS_ATAN_PIECES] = {
	0,
	0x1.f7b8f29a05987p-58,
	0x1.61a3b0ce9281bp-57,
	0x1.17b10d2e0e5abp-61,
	0x1.defffe50a259fp-57,
	-0x1.03e8d0e2b59d8p-57,
	-0x1.21e8c8aef8f29p-57,
	-0x1.bf8863573828ep-58,
	0x1.6a61dbf199479p-56,
	-0x1.6cc50024c23aep-57,
	-0x1.d9498f7e33355p-54,
	0x1.61f86cbdae1abp-54,
	0x1.73f5a5a50fadfp-59,
	0x1.6d3e45139467ep-54,
	-0x1.282f0950761e8p-55,
	0x1.1a62633145c07p-54,
};
/* atan(t) = t + t^3 (p0 + p1 t^2 + ...), |t| <= 0.0999 */
static const double gs_atan_p[GS_ATAN_TERMS] = {
	GS_PLANT(-0x1.555555551554cp-2, -0x1.555555555554cp-2),
	0x1.9999999990a3dp-3,
	-0x1.2492490dbcfd9p-3,
	0x1.c71c3c5538077p-4,
	-0x1.743d7519b907cp-4,
	0x1.31d7c578d4a7ep-4,
};
/* asin(s) = s + s^3 (p0 + p1 s^2 + ...), |s| <= 1/2 */
static const double gs_asin_p[GS_ASIN_TERMS] = {
	GS_PLANT(0x1.5555555551553p-3, 0x1.5555555555553p-3),
	0x1.33333333339e6p-4,
	0x1.6db6db6d4c7a8p-5,
	0x1.f1c71ca6cd0b1p-6,
	0x1.6e8b9b1bffdbap-6,
	0x1.1c4f82423673bp-6,
	0x1.c98136c17fc9ap-7,
	0x1.7ba10e843fd21p-7,
	0x1.36d7ea5fcafbp-7,
	0x1.47a7590886b0cp-7,
	0x1.77855384043ddp-11,
	0x1.959357459282ap-6,
	-0x1.aaf63846188cep-6,
	0x1.133316d3c4cc5p-5,
};

#endif
