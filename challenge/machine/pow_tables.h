/* challenge/machine/pow_tables.h: the numbers of f32.pow's quick path. Written by tests/prove/pow_tables.py; not edited. */
#ifndef GS_CHALLENGE_MACHINE_POW_TABLES_H
#define GS_CHALLENGE_MACHINE_POW_TABLES_H

#include <stdint.h>

/* For the prover's test of itself: one bit of one number, which it must notice. */
#ifdef GS_PROVE_PLANT
#define GS_POW_PLANT(planted, right) planted
#else
#define GS_POW_PLANT(planted, right) right
#endif

/* Pieces of [sqrt(1/2), sqrt(2)), 1/64 long, the first from 45/64 on: 2^11/c, and log2 c in units of 2^-118, two's
 * complement. c = 1 on both sides of 1. */
enum { GS_POW_PIECE_FIRST = 45, GS_POW_PIECES = 46 };
static const struct {
	uint32_t inverse;
	uint64_t log_high, log_low;
} gs_pow_piece[GS_POW_PIECES] = {
	{2881, UINT64_C(0xffe07d45e0ded578), UINT64_C(0xaef7b3d8540f9015)},
	{2819, UINT64_C(0xffe27f8111cffbd4), UINT64_C(0xc4aceb7fbfd6af84)},
	{2759, UINT64_C(0xffe47c07f753d648), UINT64_C(0x9f6b1a5d2b4ffb07)},
	{2703, UINT64_C(0xffe660bc0632b6f0), UINT64_C(0xeb19f7db428bb503)},
	{2648, UINT64_C(0xffe846a853ae553b), UINT64_C(0xa89c902c12339a35)},
	{2595, UINT64_C(0xffea248e3bcc5ea2), UINT64_C(0x6e8aa4615e1f4110)},
	{2545, UINT64_C(0xffebf06fa8a85ab6), UINT64_C(0x8259840c44603bd1)},
	{2497, UINT64_C(0xffedb2807f6ed461), UINT64_C(0x87152d6693998127)},
	{2450, UINT64_C(0xffef73a77325861c), UINT64_C(0x69d843902f5aad75)},
	{2405, UINT64_C(0xfff129d780c95c93), UINT64_C(0x6f688e1bfedbd436)},
	{2362, UINT64_C(0xfff2d4488d06813c), UINT64_C(0x4700aaa069415d57)},
	{2320, UINT64_C(0xfff47c5e95887ec0), UINT64_C(0x6b1ff1829440c24a)},
	{2280, UINT64_C(0xfff61775c932bace), UINT64_C(0x07fa64782a6e359e)},
	{2241, UINT64_C(0xfff7af46f16d02c6), UINT64_C(0x159941a8839b9c75)},
	{2203, UINT64_C(0xfff94385a699e05a), UINT64_C(0x7fbe7c26cfea578d)},
	{2166, UINT64_C(0xfffad3e2b87ea253), UINT64_C(0xf46f23a2d5f96dde)},
	{2131, UINT64_C(0xfffc54f3fa9656dd), UINT64_C(0x2be72379b475f936)},
	{2097, UINT64_C(0xfffdd11f7bc581f4), UINT64_C(0x123efcbad19fa0e7)},
	{2048, UINT64_C(0x0000000000000000), UINT64_C(0x0000000000000000)},
	{2048, UINT64_C(0x0000000000000000), UINT64_C(0x0000000000000000)},
	{2001, UINT64_C(0x000224c6512a2f5c), UINT64_C(0xd07c6c0fda481378)},
	{1971, UINT64_C(0x000389d66c6b9d40), UINT64_C(0xc95ee56b04c94292)},
	{1942, UINT64_C(0x0004e833d5a81b12), UINT64_C(0xa90d3a7914e628d3)},
	{1913, UINT64_C(0x00064bd6c4e16555), UINT64_C(0xb70c826ea37109d4)},
	{1886, UINT64_C(0x00079bd430b67dd4), UINT64_C(0xf76dff4f84444079)},
	{1859, UINT64_C(0x0008f0a9e6aef2c1), UINT64_C(0xcd05d4d82c15e921)},
	{1833, UINT64_C(0x000a3d9617c658aa), UINT64_C(0xb6501f60a218ee80)},
	{1808, UINT64_C(0x000b823018e3cfc2), UINT64_C(0x5f0ce5cabbd2d753)},
	{1783, UINT64_C(0x000ccb4f2b94e233), UINT64_C(0x3655c42a96efcdea)},
	{1759, UINT64_C(0x000e0ba2ee5ec03b), UINT64_C(0x72028a87d08fc119)},
	{1736, UINT64_C(0x000f42be9e9b09b3), UINT64_C(0xdef2062f36bc14d0)},
	{1713, UINT64_C(0x00107e009020730c), UINT64_C(0xf077ec741912e505)},
	{1691, UINT64_C(0x0011af8a01977728), UINT64_C(0xe1d9f520b7cc7531)},
	{1670, UINT64_C(0x0012d6eb4152324f), UINT64_C(0x5d006f6437d7b479)},
	{1649, UINT64_C(0x001402096be481ec), UINT64_C(0xcff5c713732aa9e7)},
	{1628, UINT64_C(0x001530fd08f29fa7), UINT64_C(0x09d0b2808f9e8faf)},
	{1608, UINT64_C(0x0016552b49986277), UINT64_C(0x6b24200ccf1814b8)},
	{1589, UINT64_C(0x00176e2065019d09), UINT64_C(0xb889393f3ae9dcf3)},
	{1570, UINT64_C(0x00188a76b7e549c5), UINT64_C(0x92a359cb74431348)},
	{1551, UINT64_C(0x0019aa4354228033), UINT64_C(0x526f17ce338dfa1e)},
	{1533, UINT64_C(0x001abe2f8ec9671d), UINT64_C(0xcc6438b320c78efe)},
	{1515, UINT64_C(0x001bd55e17a29ce1), UINT64_C(0x5dfc3ed567ebdafc)},
	{1498, UINT64_C(0x001ce01a12f5d8d1), UINT64_C(0x1f5fdec0d3c208f5)},
	{1481, UINT64_C(0x001dede169c35d77), UINT64_C(0x22e99804bf4160cb)},
	{1464, UINT64_C(0x001efec61b011f85), UINT64_C(0x5b4987c5d4f82b87)},
	{1448, UINT64_C(0x00200286657c0065), UINT64_C(0x463380cbd07479dd)},
};

/* 1/log 2 in units of 2^-96: two words. */
static const uint64_t gs_pow_inverse_log2[2] = {UINT64_C(0x0000000171547652), UINT64_C(0xb82fe1777d0ffda0)};

/* 1/((j + 2) log 2) in units of 2^-64, j = 0 to 10. */
static const uint64_t gs_pow_log_term[11] = {
	UINT64_C(0xb8aa3b295c17f0bb), UINT64_C(0x7b1c2770e80ff5d2), UINT64_C(0x5c551d94ae0bf85d),
	UINT64_C(0x49ddb143be6ff9e4), UINT64_C(0x3d8e13b87407fae9), UINT64_C(0x34c2ec54f5bdb27e),
	UINT64_C(0x2e2a8eca5705fc2e), UINT64_C(0x2909627af80551f0), UINT64_C(0x24eed8a1df37fcf2),
	UINT64_C(0x2193509328045a50), UINT64_C(0x1ec709dc3a03fd74),
};

/* 2^(i/32) in units of 2^-63. */
static const uint64_t gs_pow_exp2[32] = {
	UINT64_C(0x8000000000000000),
	UINT64_C(0x82cd8698ac2ba1d7),
	UINT64_C(0x85aac367cc487b14),
	UINT64_C(0x88980e8092da8527),
	UINT64_C(0x8b95c1e3ea8bd6e6),
	UINT64_C(0x8ea4398b45cd53c0),
	UINT64_C(0x91c3d373ab11c336),
	UINT64_C(0x94f4efa8fef70961),
	GS_POW_PLANT(UINT64_C(0x9837f05189b8a96f), UINT64_C(0x9837f0518db8a96f)),
	UINT64_C(0x9b8d39b9d54e5538),
	UINT64_C(0x9ef5326091a111ad),
	UINT64_C(0xa27043030c496818),
	UINT64_C(0xa5fed6a9b15138ea),
	UINT64_C(0xa9a15ab4ea7c0ef8),
	UINT64_C(0xad583eea42a14ac6),
	UINT64_C(0xb123f581d2ac258f),
	UINT64_C(0xb504f333f9de6484),
	UINT64_C(0xb8fbaf4762fb9ee9),
	UINT64_C(0xbd08a39f580c36be),
	UINT64_C(0xc12c4cca66709456),
	UINT64_C(0xc5672a115506dadd),
	UINT64_C(0xc9b9bd866e2f27a2),
	UINT64_C(0xce248c151f8480e3),
	UINT64_C(0xd2a81d91f12ae45a),
	UINT64_C(0xd744fccad69d6af4),
	UINT64_C(0xdbfbb797daf23755),
	UINT64_C(0xe0ccdeec2a94e111),
	UINT64_C(0xe5b906e77c8348a8),
	UINT64_C(0xeac0c6e7dd24392e),
	UINT64_C(0xefe4b99bdcdaf5cb),
	UINT64_C(0xf5257d152486cc2c),
	UINT64_C(0xfa83b2db722a033a),
};

/* (log 2)^j/j! in units of 2^-64, j = 1 to 9. */
static const uint64_t gs_pow_exp_term[9] = {
	UINT64_C(0xb17217f7d1cf79ab), UINT64_C(0x3d7f7bff058b1d50), UINT64_C(0x0e35846b82505fc5),
	UINT64_C(0x0276556df749cee5), UINT64_C(0x005761ff9e299cc4), UINT64_C(0x000a184897c363c3),
	UINT64_C(0x0000ffe5fe2c4586), UINT64_C(0x0000162c0223a5c8), UINT64_C(0x000001b5253d395e),
};

/* log 2 in units of 2^-256 and 1/log 2 in units of 2^-255, lowest word first. */
static const uint64_t gs_pow_wide_log2[4] = {UINT64_C(0x8a0d175b8baafa2b), UINT64_C(0x40f343267298b62d),
                                             UINT64_C(0xc9e3b39803f2f6af), UINT64_C(0xb17217f7d1cf79ab)};
static const uint64_t gs_pow_wide_inverse_log2[4] = {UINT64_C(0x8b25166cd1a13247), UINT64_C(0xeb577aa8dd695a58),
                                                     UINT64_C(0xbe87fed0691d3e88), UINT64_C(0xb8aa3b295c17f0bb)};

#endif
