/* challenge/machine/elementary_tables.h: the numbers of elementary_core.h, as binary64 in hexadecimal.
 *
 * Computed by tests/prove/coefficients.sollya; docs/numerics.md says what each is. They are part of what the proof
 * covers: after a change of any bit run `make prove-math` again in full. GS_PROVE_PLANT is only for the prover's test
 * of itself (`make prove-math-selftest`): it flips one bit of one coefficient of each function, the lowest bit there
 * that changes any result, and the prover must notice. */
#ifndef GS_CHALLENGE_MACHINE_ELEMENTARY_TABLES_H
#define GS_CHALLENGE_MACHINE_ELEMENTARY_TABLES_H

#include <stdint.h>

#ifdef GS_PROVE_PLANT
#define GS_PLANT(planted, right) planted
#else
#define GS_PLANT(planted, right) right
#endif

enum {
	GS_EXP_TERMS = 11,
	GS_EXP_EIGHTH_TERMS = 6,
	GS_LOG_TERMS = 8,
	GS_LOG_PIECES = 16,
	GS_ERF_TERMS = 12,
	GS_ERF_PIECES = 16,
	GS_ERF_COLUMNS = 16, /* a piece's terms, its centre, and room */
	GS_SIN_TERMS = 7,
	GS_COS_TERMS = 7,
	GS_LOG_HARD = 5
};

/* exp(r) = 1 + r + r^2 (q0 + q1 r + ...), |r| <= log(2)/2 */
static const double gs_exp_q[GS_EXP_TERMS] = {
	GS_PLANT(0x1.00000000002p-1, 0x1p-1),
	0x1.555555555555cp-3,
	0x1.5555555555544p-5,
	0x1.111111110ea08p-7,
	0x1.6c16c16c1e5bep-10,
	0x1.a01a01b43cdcep-13,
	0x1.a01a017d475cep-16,
	0x1.71ddee8a25276p-19,
	0x1.27e533a40fbe2p-22,
	0x1.af6e53ea7a68ap-26,
	0x1.1eed0108bb41bp-29,
};
/* exp itself, with r a sixteenth of log(2) at most: 2^(j/8) in binary64, less j 2^49; and another Q */
static const uint64_t gs_exp_eighth[8] = {
	0x3ff0000000000000, 0x3fef72b83c7d517b, 0x3fef06fe0a31b715, 0x3feebfdad5362a27,
	0x3feea09e667f3bcd, 0x3feeace5422aa0db, 0x3feee89f995ad3ad, 0x3fef5818dcfba487,
};
static const double gs_exp_eighth_q[GS_EXP_EIGHTH_TERMS] = {
	GS_PLANT(0x1.000000000210bp-1, 0x1.000000000010bp-1),
	0x1.5555555555135p-3,
	0x1.555555480dddep-5,
	0x1.11111125c384fp-7,
	0x1.6c1cbd945f091p-10,
	0x1.a016407eb1fa2p-13,
};
#define GS_LOG2_INVERSE 0x1.71547652b82fep0
#define GS_LOG2_HIGH 0x1.62e42fefa4p-1 /* 41 bits: exact when multiplied by an exponent */
#define GS_LOG2_LOW -0x1.8432a1b0e2634p-43

/* log(1 + r) = r + r^2 (p0 + p1 r + ...), |r| <= 0.0298 */
static const double gs_log_p[GS_LOG_TERMS] = {
	GS_PLANT(-0x1.ffffffffeffd9p-2, -0x1.fffffffffffd9p-2),
	0x1.5555555555507p-2,
	-0x1.000000008fe1p-2,
	0x1.9999999b27ef8p-3,
	-0x1.5555437cfd2d8p-3,
	0x1.249234f7fb514p-3,
	-0x1.0068c712b27f7p-3,
	0x1.c7ecc14848b36p-4,
};
/* Where the last sum, rounded to nearest in binary64, would round to the wrong binary32. */
static const uint32_t gs_log_hard[GS_LOG_HARD] = {0x3c413d3a, 0x41178feb, 0x4c5d65a5, 0x65d890d3, 0x6f31a8ec};
/* 1/c of at most 20 bits, and log(c) as a multiple of 2^-41 and the rest */
static const double gs_log_inverse[GS_LOG_PIECES] = {
	0x1.669c4p0, 0x1.5792p0, 0x1.49bdap0,  0x1.3cfb6p0,  0x1.312c6p0,  0x1.2636ap0,  0x1.1c036p0, 0x1.127fp0,
	0x1.0998cp0, 0x1p0,      0x1.e65a4p-1, 0x1.cb18ap-1, 0x1.b2bbap-1, 0x1.9cd34p-1, 0x1.8905p-1, 0x1.7707p-1,
};
static const double gs_log_high[GS_LOG_PIECES] = {
	-0x1.5925fd7112p-2, -0x1.2d46862adcp-2, -0x1.03344de106p-2, -0x1.b59738613cp-3, -0x1.67d6b61784p-3,
	-0x1.1cef0e5854p-3, -0x1.a957806ca8p-4, -0x1.1dbc3a43c8p-4, -0x1.2d7a47c3cp-5,  0.0,
	0x1.a4fe79fa4p-5,   0x1.bebace0148p-4,  0x1.4f09bb8a24p-3,  0x1.b8ef67842p-3,   0x1.0ecffef658p-2,
	0x1.3ecc290ef6p-2,
};
static const double gs_log_low[GS_LOG_PIECES] = {
	0x1.f70e82174d7e3p-45,  -0x1.a65e8bd8007aep-46,
	0x1.eb62122164bdp-44,   0x1.6b888b527fed5p-43,
	-0x1.9f557751ead77p-44, 0x1.7931dcfe734e3p-43,
	-0x1.222ad76dd9ebfp-43, -0x1.6219055e475d8p-43,
	-0x1.0d323492159d5p-43, 0.0,
	-0x1.63104a0cf0e7ap-44, -0x1.a5ab124e031a8p-45,
	-0x1.85fd2ec5123abp-44, 0x1.875b332178e35p-44,
	-0x1.f98ea57daa552p-46, 0x1.787aebc013206p-44,
};

/* acosh's own constant, the 1 of x^2 - 1: a wrong bit of log's coefficients need not show where acosh is not near 0 */
#define GS_ACOSH_ONE GS_PLANT(0x1.0000000000001p0, 1.0)

/* erf(a)/a = sum of gs_erf_t[k][i] (a - c_i)^k for a in [i/4, (i+1)/4]; row k serves one vector permutation */
static const double gs_erf_c[GS_ERF_PIECES] = {
	0x1.0000095p-3,  0x1.8000000cp-2, 0x1.40000158p-1, 0x1.c0000172p-1, 0x1.20000168p0,  0x1.600000dap0,
	0x1.a0000294p0,  0x1.e0000001p0,  0x1.100000fcp1,  0x1.3000008p1,   0x1.5000000a8p1, 0x1.7000001fp1,
	0x1.900000b78p1, 0x1.b00000af8p1, 0x1.d000004cp1,  0x1.f000026f8p1,
};
static const double gs_erf_t[GS_ERF_TERMS][GS_ERF_PIECES] = {
	{
		GS_PLANT(0x1.1f5e1a1a011d0p0, 0x1.1f5e1a1a011d4p0),
		0x1.13e08c794f613p0,
		0x1.fe8f15944604fp-1,
		0x1.cacbc0e4f1d17p-1,
		0x1.9450b9f1131d2p-1,
		0x1.61106557ef64p-1,
		0x1.3448f6c88f545p-1,
		0x1.0ee121902a459p-1,
		0x1.e09a783cef1a9p-2,
		0x1.aed20019bc121p-2,
		0x1.8603defce2804p-2,
		0x1.6428286904c63p-2,
		0x1.47ad3f5cb6f84p-2,
		0x1.2f6827466f982p-2,
		0x1.1a7b906ca2f29p-2,
		0x1.08420e7b74bd2p-2,
	},
	{
		-0x1.7d90193d5aa2cp-4,
		-0x1.09ac3c221798cp-2,
		-0x1.7edef6bc0158cp-2,
		-0x1.b29323d066184p-2,
		-0x1.ad153357538a8p-2,
		-0x1.82ad175adecd8p-2,
		-0x1.48b7c1e32b0ebp-2,
		-0x1.0e9e17d53736ap-2,
		-0x1.b8705e97d8625p-3,
		-0x1.675758abc9fddp-3,
		-0x1.284241c9b46bcp-3,
		-0x1.ef1bee79c5199p-4,
		-0x1.a357626d32bep-4,
		-0x1.6793ebe600866p-4,
		-0x1.37b3d7c37be4p-4,
		-0x1.10c838223fa0bp-4,
	},
	{
		-0x1.766bd076f4bbdp-2,
		-0x1.276ba5bb3c6ap-2,
		-0x1.5275c2af10597p-3,
		-0x1.4574cf2c0f1dbp-5,
		0x1.bbf4a00d82473p-5,
		0x1.ab151c11d7b6dp-4,
		0x1.df8987cbe957p-4,
		0x1.b7e9ea29d0cf5p-4,
		0x1.6bfb96e6b28p-4,
		0x1.1e314cb677cbbp-4,
		0x1.ba09e27daa33fp-5,
		0x1.560bd226ac1e2p-5,
		0x1.0bd913513ac2ap-5,
		0x1.a9f51618b04c3p-6,
		0x1.57e94a432b48bp-6,
		0x1.199370d7ad318p-6,
	},
	{
		0x1.c5a8eff1ca941p-5,
		0x1.24d6bbba6dfd3p-3,
		0x1.671c4f3445335p-3,
		0x1.367b5baeee2b2p-3,
		0x1.8a2845b26b7cfp-4,
		0x1.3fc0d480bd07ep-5,
		-0x1.686048845b3dp-10,
		-0x1.5d2c6192ebcbep-6,
		-0x1.ae6bfd1e2b455p-6,
		-0x1.8349c1f0e973bp-6,
		-0x1.3244822e20f93p-6,
		-0x1.cac3dc239d832p-7,
		-0x1.52a69eab2928ap-7,
		-0x1.f70a62b574cb3p-8,
		-0x1.7b2695426b83ep-8,
		-0x1.229a783c7753dp-8,
	},
	{
		0x1.b4c164b9ebc36p-4,
		0x1.01ba55cd73f34p-4,
		0x1.d2c6f3772d94fp-10,
		-0x1.6f0e9bfc8a20ep-5,
		-0x1.f10767ed55d89p-5,
		-0x1.9e43d2d31f17fp-5,
		-0x1.e76d895092eap-6,
		-0x1.6e17e71bb894cp-7,
		-0x1.631d28bf22fbcp-15,
		0x1.21e02116a04b2p-8,
		0x1.4b850d0a08a8cp-8,
		0x1.143ef728cc728p-8,
		0x1.9a16355b74ba1p-9,
		0x1.24967536e6073p-9,
		0x1.a01e857a3a62fp-10,
		0x1.2b938b462d2c4p-10,
	},
	{
		-0x1.40e094de48511p-6,
		-0x1.7d1fdd72c690cp-5,
		-0x1.7ea6eb17789dp-5,
		-0x1.a399d76cf8a81p-6,
		-0x1.2f7b10f2b2d69p-11,
		0x1.dbc15071c17aep-7,
		0x1.166e306d6f7cp-6,
		0x1.8b92ad91de585p-7,
		0x1.82ac0cabed44p-8,
		0x1.b23f629af716fp-10,
		-0x1.4fd3db83b6561p-12,
		-0x1.c8407f73806cap-11,
		-0x1.ac1ced14b1421p-11,
		-0x1.4154495c7b6fp-11,
		-0x1.bfb6a5a8d7285p-12,
		-0x1.3304cd6d33eedp-12,
	},
	{
		-0x1.9370e2b226464p-6,
		-0x1.390f04161190dp-7,
		0x1.195028040796ap-7,
		0x1.1d69639ad3574p-6,
		0x1.d5673f34e983ep-7,
		0x1.6c40dea499b5dp-8,
		-0x1.a016113f4a985p-10,
		-0x1.167532d9f9c26p-8,
		-0x1.dc45eecea5666p-9,
		-0x1.0747ef3333603p-9,
		-0x1.80ca49935e2ecp-11,
		-0x1.89abb8f8f0c97p-14,
		0x1.e8e1e192f328ep-14,
		0x1.21dbfdb023b3ap-13,
		0x1.c04aa05401b85p-14,
		0x1.332879a414d64p-14,
	},
	{
		0x1.496afa9682136p-8,
		0x1.65d14e9f0d7adp-7,
		0x1.172f2057cbda8p-7,
		0x1.6032078a3f3d2p-10,
		-0x1.12da5147e724ap-8,
		-0x1.4c8c32c8a6ab6p-8,
		-0x1.72cb4fd12dd1cp-9,
		-0x1.7bfbe928465fep-12,
		0x1.b352ff39037cbp-11,
		0x1.d6a21c48479ebp-11,
		0x1.1a934511f58e2p-11,
		0x1.c6070e4812596p-13,
		0x1.92723207fe4c5p-15,
		-0x1.6636901408123p-17,
		-0x1.5cd10e5a673fcp-16,
		-0x1.1a4b0a6dd55cfp-16,
	},
	{
		0x1.2fe8049e78fa7p-8,
		0x1.cc3d74f8db09ap-11,
		-0x1.8093e482aef2dp-9,
		-0x1.ddcbb5ac110d7p-9,
		-0x1.ac232b33d320bp-10,
		0x1.3611e44ae3ba4p-11,
		0x1.6b5ab6073a7f1p-10,
		0x1.f554ef9bd6293p-11,
		0x1.10e71fd3ddb23p-12,
		-0x1.0c072dcd8f817p-13,
		-0x1.92e9d7e1981ap-13,
		-0x1.00d883307af75p-13,
		-0x1.ab7648b773c56p-15,
		-0x1.b71abab4d40b3p-17,
		0x1.a04572b17d597p-23,
		0x1.7c4d9d259c445p-19,
	},
	{
		-0x1.0ac351d64daacp-10,
		-0x1.0774b96fe0244p-9,
		-0x1.253a7f30740a7p-10,
		0x1.d18d2dfcc089ap-12,
		0x1.289f9530733f9p-10,
		0x1.78175a50bb2bap-11,
		0x1.fccd797f98e27p-17,
		-0x1.4c2dc2956c1abp-12,
		-0x1.0f664b0300b6p-12,
		-0x1.729c9212ab0bep-14,
		0x1.fae3f4c0eae39p-17,
		0x1.36101b30e25a8p-15,
		0x1.9a0904979e8f8p-16,
		0x1.55e23915a42f3p-17,
		0x1.6f0c28a9cf5fbp-19,
		0x1.9dca728a4e205p-23,
	},
	{
		-0x1.7e779b2fc14b8p-11,
		0x1.d701fc5a2d533p-20,
		0x1.3ffa01c5cdfd7p-11,
		0x1.0ee07309652edp-11,
		0x1.5a83aac7e565bp-16,
		-0x1.29ff7f522cc75p-12,
		-0x1.dd73ec662e5f5p-13,
		-0x1.4d4962ec4fcd6p-15,
		0x1.09e27a6a19f92p-14,
		0x1.f74b3201a61f8p-15,
		0x1.79722e8f36a0cp-16,
		-0x1.2f7bf808dd25bp-20,
		-0x1.b69c0da0b12a4p-18,
		-0x1.28352a8127fc3p-18,
		-0x1.dfc895bf3ed0ap-20,
		-0x1.0882f4364a4b5p-21,
	},
	{
		0x1.62d5f233c0068p-13,
		0x1.3c00247525cbbp-12,
		0x1.9bf6303f92b72p-14,
		-0x1.3463c0b1f6e4ep-13,
		-0x1.6b7c8ef28436p-13,
		-0x1.30be4355dabc3p-15,
		0x1.048df0755205dp-14,
		0x1.fb2f17cbc8c3dp-15,
		0x1.e0a6d1d7056a3p-17,
		-0x1.62f71a050cf7bp-17,
		-0x1.c99d9d1d17963p-17,
		-0x1.19479c5c51ddap-18,
		0x1.4325892100f74p-22,
		0x1.cc2e99a6b74c1p-21,
		0x1.92e2c9d0ac187p-22,
		-0x1.84b272efbdcfap-22,
	},
};

/* sin(r) = r + r^3 (s0 + s1 r^2 + ...), |r| <= pi/4 */
static const double gs_sin_s[GS_SIN_TERMS] = {
	GS_PLANT(-0x1.5555555554555p-3, -0x1.5555555555555p-3),
	0x1.111111111108bp-7,
	-0x1.a01a01a006d8bp-13,
	0x1.71de3a40199a1p-19,
	-0x1.ae643d442007p-26,
	0x1.6114a6211278bp-33,
	-0x1.a55ccb924d758p-41,
};
/* cos(r) = 1 - r^2/2 + r^4 (c0 + c1 r^2 + ...), |r| <= pi/4 */
static const double gs_cos_c[GS_COS_TERMS] = {
	GS_PLANT(0x1.5555555554555p-5, 0x1.5555555555555p-5),
	-0x1.6c16c16c16b4bp-10,
	0x1.a01a01a002613p-16,
	-0x1.27e4fb615560ep-22,
	0x1.1eed784b9288ap-29,
	-0x1.937eaec9a2971p-37,
	0x1.a26b7f2236f4dp-45,
};
#define GS_HALF_PI_HIGH 0x1.921fb54442d18p0
#define GS_HALF_PI_LOW 0x1.1a62633145c07p-54
/* 2/pi: an empty word of 32 bits, then its first 256 bits; each word beside the next */
static const uint64_t gs_two_over_pi[8] = {
	0x00000000a2f9836e, 0xa2f9836e4e441529, 0x4e441529fc2757d1, 0xfc2757d1f534ddc0,
	0xf534ddc0db629599, 0xdb6295993c439041, 0x3c439041fe5163ab, 0xfe5163abdebbc561,
};

/* For |x| < 2^12: pi/2 in 41 bits, whose product with an integer below 2^12 is exact, and the rest */
#define GS_TWO_OVER_PI 0x1.45f306dc9c883p-1
#define GS_HALF_PI_START 0x1.921fb54442p0
#define GS_HALF_PI_REST 0x1.a308d313198a3p-41
/* cos(r) = 1 + r^2 (c0 + c1 r^2 + ...), |r| <= pi/4 */
static const double gs_cos_whole[GS_SIN_TERMS] = {
	-0x1p-1,
	GS_PLANT(0x1.555555555454ap-5, 0x1.555555555554ap-5),
	-0x1.6c16c16c14e4ap-10,
	0x1.a01a019c68a06p-16,
	-0x1.27e4f7d905223p-22,
	0x1.1ee9cccfa6ca4p-29,
	-0x1.8f9f705a7b1c8p-37,
};

#endif
