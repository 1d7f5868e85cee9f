// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// IEEE-754 binary32 on raw bits, round to nearest even, subnormals kept, every NaN result 0x7fc00000.
///
/// A finite number is taken apart into sign, integer mantissa m and exponent e with |x| = m * 2^e, where e is at least
/// -149 and m below 2^24, so a zero is (0, -149) and a subnormal needs no case of its own. An operation then computes
/// its exact result as an integer of at most 255 bits times a power of two, or that integer with its lowest bit set
/// where something was cut off ("sticky"), and `round` brings it back. 256-bit words make that exact for add, sub, mul
/// and fma without any normalisation.
///
/// Callers pass words whose bits above the format's width are zero. Where arithmetic is unchecked the comment beside
/// it says why nothing overflows.
library SoftFloat {
    uint256 internal constant NAN = 0x7fc00000;
    uint256 internal constant INF = 0x7f800000;
    uint256 internal constant SIGN = 0x80000000;
    uint256 internal constant MAGNITUDE = 0x7fffffff;
    uint256 internal constant FRACTION = 0x007fffff;
    uint256 internal constant NAN16 = 0x7e00;
    uint256 internal constant NANB16 = 0x7fc0;

    // ---------------------------------------------------------------------------------------------- parts

    function isNan(uint256 x) internal pure returns (bool) {
        return x & MAGNITUDE > INF;
    }

    /// True for NaN and both infinities.
    function isSpecial(uint256 x) internal pure returns (bool) {
        return x & INF == INF;
    }

    /// x itself, or the one NaN.
    function canonical(uint256 x) internal pure returns (uint256) {
        return isNan(x) ? NAN : x;
    }

    /// Mantissa and exponent of a finite x: |x| = m * 2^e, m < 2^24, -149 <= e <= 104; e = -149 when m < 2^23.
    function parts(uint256 x) internal pure returns (uint256 m, int256 e) {
        assembly ("memory-safe") {
            let biased := and(shr(23, x), 0xff)
            m := or(and(x, 0x7fffff), shl(23, iszero(iszero(biased))))
            e := sub(add(biased, iszero(biased)), 150)
        }
    }

    /// Number of bits of x: 0 for 0, else 1 + floor(log2 x).
    function bitLength(uint256 x) internal pure returns (uint256 n) {
        assembly ("memory-safe") {
            n := shl(7, lt(0xffffffffffffffffffffffffffffffff, x))
            n := or(n, shl(6, lt(0xffffffffffffffff, shr(n, x))))
            n := or(n, shl(5, lt(0xffffffff, shr(n, x))))
            n := or(n, shl(4, lt(0xffff, shr(n, x))))
            n := or(n, shl(3, lt(0xff, shr(n, x))))
            n := or(n, shl(2, lt(0xf, shr(n, x))))
            // The last four bits: a nibble for each value, the length of it.
            n := add(n, and(shr(shl(2, shr(n, x)), 0x4444444433332210), 0xf))
        }
    }

    /// The value magnitude * 2^e rounded to `precision` bits with least exponent `least`, as bits without a sign.
    /// A magnitude of zero with e <= least gives zero. The caller compares the answer with the format's infinity: an
    /// overflow shows as a number at or above it. Requires magnitude < 2^255, e < 2^200 and least - e <= 255.
    function roundTo(uint256 magnitude, int256 e, uint256 precision, int256 least)
        internal
        pure
        returns (uint256 bits)
    {
        uint256 length = bitLength(magnitude);
        assembly ("memory-safe") {
            // q: exponent of the last bit kept, floored at that of the subnormals.
            let q := sub(add(e, length), precision)
            if slt(q, least) { q := least }
            let cut := sub(q, e)
            switch sgt(cut, 0)
            case 0 { bits := shl(sub(e, q), magnitude) }
            default {
                // Half an ulp less one, plus the bit that would be odd: carries exactly when RNE rounds up.
                // Below 2^255 + 2^254 (cut <= 255), so the addition does not wrap.
                bits := shr(cut, add(magnitude, add(sub(shl(sub(cut, 1), 1), 1), and(shr(cut, magnitude), 1))))
            }
            // The hidden bit adds one to the exponent field, and so does a carry out of the mantissa.
            bits := add(bits, shl(sub(precision, 1), sub(q, least)))
        }
    }

    /// The binary32 nearest to (-1)^sign * magnitude * 2^e; `sign` is 0 or SIGN. Limits as for roundTo.
    function round(uint256 sign, uint256 magnitude, int256 e) internal pure returns (uint256 bits) {
        if (magnitude == 0) return sign;
        bits = roundTo(magnitude, e, 24, -149);
        assembly ("memory-safe") {
            if gt(bits, 0x7f7fffff) { bits := 0x7f800000 }
            bits := or(bits, sign)
        }
    }

    /// `round` for a magnitude from 2^64 to below 2^128 whose value rounds to a normal number: no zero, no subnormal, no
    /// infinity to look after.
    function roundNormal(uint256 sign, uint256 magnitude, int256 e) internal pure returns (uint256 bits) {
        assembly ("memory-safe") {
            // bitLength's steps for 64 of its bits, less 24: at least 41 are cut off.
            let cut := or(64, shl(5, lt(0xffffffff, shr(64, magnitude))))
            cut := or(cut, shl(4, lt(0xffff, shr(cut, magnitude))))
            cut := or(cut, shl(3, lt(0xff, shr(cut, magnitude))))
            cut := or(cut, shl(2, lt(0xf, shr(cut, magnitude))))
            cut := sub(add(cut, and(shr(shl(2, shr(cut, magnitude)), 0x4444444433332210), 0xf)), 24)
            bits := shr(cut, add(magnitude, add(sub(shl(sub(cut, 1), 1), 1), and(shr(cut, magnitude), 1))))
            bits := or(sign, add(bits, shl(23, add(add(e, cut), 149))))
        }
    }

    // ---------------------------------------------------------------------------------------------- arithmetic

    function sub(uint256 a, uint256 b) internal pure returns (uint256) {
        // A NaN stays one under the flipped sign.
        return add(a, b ^ SIGN);
    }

    function add(uint256 a, uint256 b) internal pure returns (uint256) {
        if (isSpecial(a) || isSpecial(b)) {
            if (isNan(a) || isNan(b)) return NAN;
            if (!isSpecial(a)) return b;
            if (!isSpecial(b) || a == b) return a;
            return NAN; // inf - inf
        }
        (uint256 ma, int256 ea) = parts(a);
        (uint256 mb, int256 eb) = parts(b);
        return _sum(a & SIGN, ma, ea, b & SIGN, mb, eb);
    }

    /// a + b * c, rounded once.
    function fma(uint256 a, uint256 b, uint256 c) internal pure returns (uint256) {
        uint256 sign = (b ^ c) & SIGN;
        if (isSpecial(b) || isSpecial(c) || isSpecial(a)) {
            if (isNan(a) || isNan(b) || isNan(c)) return NAN;
            if (!isSpecial(b) && !isSpecial(c)) return a;
            if (b & MAGNITUDE == 0 || c & MAGNITUDE == 0) return NAN; // 0 * inf
            uint256 product = sign | INF;
            return !isSpecial(a) || a == product ? product : NAN;
        }
        (uint256 mb, int256 eb) = parts(b);
        (uint256 mc, int256 ec) = parts(c);
        (uint256 ma, int256 ea) = parts(a);
        unchecked {
            // mb * mc < 2^48; exponents lie within -298 .. 208.
            uint256 mp = mb * mc;
            return _sum(a & SIGN, ma, ea, sign, mp, mp == 0 ? ea : eb + ec);
        }
    }

    /// Exact or sticky sum of two finite numbers, rounded. Mantissas are below 2^48.
    ///
    /// The number with the larger exponent is moved up by 100 bits, the other down by the difference d less 100. While
    /// d <= 100 that is exact. Beyond it bits of the lower number fall off; where they are not all zero its lowest bit is
    /// set, so that it stays on the same side of every even integer. That is enough: the higher number then is at least
    /// 2^123 in these units or (a subnormal, or zero, against a product) its unit 2^100 is already 2^-149, so the
    /// rounding decision is made at 2^75 or above. A zero addend has exponent -149 (or the other's, in fma), which makes
    /// the same argument hold: a product so far below it is under 2^-200 and rounds to zero.
    function _sum(uint256 sa, uint256 ma, int256 ea, uint256 sb, uint256 mb, int256 eb) private pure returns (uint256) {
        assembly ("memory-safe") {
            if slt(ea, eb) {
                let t := ea
                ea := eb
                eb := t
                t := ma
                ma := mb
                mb := t
                t := sa
                sa := sb
                sb := t
            }
            let d := sub(ea, eb)
            ma := shl(100, ma) // < 2^148
            let high := shl(100, mb)
            mb := shr(d, high)
            mb := or(mb, iszero(eq(shl(d, mb), high)))
            switch eq(sa, sb)
            case 1 { ma := add(ma, mb) }
            default {
                switch lt(ma, mb)
                case 1 {
                    ma := sub(mb, ma)
                    sa := sb
                }
                default {
                    ma := sub(ma, mb)
                    // x + (-x) = +0 in round to nearest; 0 + (-0) too.
                    if iszero(ma) { sa := 0 }
                }
            }
        }
        unchecked {
            return round(sa, ma, ea - 100);
        }
    }

    function mul(uint256 a, uint256 b) internal pure returns (uint256) {
        uint256 sign = (a ^ b) & SIGN;
        if (isSpecial(a) || isSpecial(b)) {
            if (isNan(a) || isNan(b)) return NAN;
            if (a & MAGNITUDE == 0 || b & MAGNITUDE == 0) return NAN; // 0 * inf
            return sign | INF;
        }
        (uint256 ma, int256 ea) = parts(a);
        (uint256 mb, int256 eb) = parts(b);
        unchecked {
            return round(sign, ma * mb, ea + eb);
        }
    }

    function div(uint256 a, uint256 b) internal pure returns (uint256) {
        uint256 sign = (a ^ b) & SIGN;
        if (isSpecial(a) || isSpecial(b)) {
            if (isNan(a) || isNan(b)) return NAN;
            if (!isSpecial(a)) return sign; // finite / inf
            if (!isSpecial(b)) return sign | INF;
            return NAN; // inf / inf
        }
        (uint256 ma, int256 ea) = parts(a);
        (uint256 mb, int256 eb) = parts(b);
        if (mb == 0) return ma == 0 ? NAN : sign | INF;
        unchecked {
            // A quotient of at least 56 bits and a sticky bit: below the 24 kept and the one that decides.
            uint256 n = ma << 80;
            uint256 q = n / mb;
            if (q * mb != n) q |= 1;
            return round(sign, q, ea - eb - 80);
        }
    }

    /// The remainder of a / b truncated toward zero, with a's sign. It is below |b| and a multiple of the smaller unit of
    /// the two, so it is exact.
    function mod(uint256 a, uint256 b) internal pure returns (uint256) {
        if (isNan(b) || isSpecial(a) || b & MAGNITUDE == 0) return NAN;
        if (a & MAGNITUDE < b & MAGNITUDE) return a; // b infinite, too
        (uint256 ma, int256 ea) = parts(a);
        (uint256 mb, int256 eb) = parts(b);
        unchecked {
            // |a| >= |b|, so 0 <= ea - eb <= 253: the power of two fits a word, and mulmod's product is exact.
            return round(a & SIGN, mulmod(ma, 1 << uint256(ea - eb), mb), eb);
        }
    }

    function sqrt(uint256 a) internal pure returns (uint256) {
        if (a & MAGNITUDE == 0) return a;
        if (isNan(a) || a & SIGN != 0) return NAN;
        if (a == INF) return a;
        (uint256 m, int256 e) = parts(a);
        unchecked {
            // An even exponent: (m << 80) * 2^(e - 80) = n * 4^h, or one bit more. n < 2^105, root of at least 40 bits.
            uint256 n = m << (80 + (uint256(e) & 1));
            uint256 r = _isqrt(n);
            if (r * r != n) r |= 1;
            return round(0, r, ((e - int256(uint256(e) & 1)) >> 1) - 40);
        }
    }

    /// floor(sqrt(n)) for 2^80 <= n < 2^105.
    function _isqrt(uint256 n) private pure returns (uint256 r) {
        uint256 length = bitLength(n);
        assembly ("memory-safe") {
            // First guess a power of two between 0.70 and 1.42 of the root. A Newton step makes e^2/2 of the relative
            // error e and lands above: 2^-4 -> 2^-9 -> 2^-19 -> 2^-39 -> 2^-80, so five leave the floor or one more.
            r := shl(shr(1, length), 1)
            r := shr(1, add(r, div(n, r)))
            r := shr(1, add(r, div(n, r)))
            r := shr(1, add(r, div(n, r)))
            r := shr(1, add(r, div(n, r)))
            r := shr(1, add(r, div(n, r)))
            r := sub(r, gt(mul(r, r), n))
        }
    }

    // ---------------------------------------------------------------------------------------------- to integers

    // Which way toIntegral goes from between two integers.
    uint256 internal constant FLOOR = 0;
    uint256 internal constant CEIL = 1;
    uint256 internal constant TRUNC = 2;
    uint256 internal constant ROUND = 3; // half to even

    /// The integer beside a as a binary32: exact, and the sign stays where it is zero.
    function toIntegral(uint256 a, uint256 way) internal pure returns (uint256) {
        if (isNan(a)) return NAN;
        if (a & MAGNITUDE >= 0x4b000000) return a; // 2^23 and more, infinities
        uint256 sign = a & SIGN;
        (uint256 m, int256 e) = parts(a);
        unchecked {
            uint256 n = uint256(-e); // 1 .. 149
            uint256 q = m >> n;
            uint256 rest = m - (q << n); // below 2^24
            uint256 half = 1 << (n - 1);
            bool away;
            if (way == FLOOR) away = sign != 0 && rest != 0;
            else if (way == CEIL) away = sign == 0 && rest != 0;
            else if (way == ROUND) away = rest > half || (rest == half && q & 1 != 0);
            return round(sign, away ? q + 1 : q, 0);
        }
    }

    // ---------------------------------------------------------------------------------------------- order, signs

    /// An unsigned key that orders like the numbers do, -0 just below +0. Not for NaN.
    function _key(uint256 x) private pure returns (uint256 k) {
        assembly ("memory-safe") {
            // Negative: all 32 bits flipped; positive: the sign bit alone.
            k := xor(x, or(0x80000000, mul(shr(31, x), 0x7fffffff)))
        }
    }

    function min(uint256 a, uint256 b) internal pure returns (uint256) {
        if (isNan(a) || isNan(b)) return NAN;
        return _key(a) < _key(b) ? a : b;
    }

    function max(uint256 a, uint256 b) internal pure returns (uint256) {
        if (isNan(a) || isNan(b)) return NAN;
        return _key(a) > _key(b) ? a : b;
    }

    function neg(uint256 a) internal pure returns (uint256) {
        return isNan(a) ? NAN : a ^ SIGN;
    }

    function abs(uint256 a) internal pure returns (uint256) {
        return isNan(a) ? NAN : a & MAGNITUDE;
    }

    /// 1 or 0; NaN equals nothing, the two zeros are equal.
    function eq(uint256 a, uint256 b) internal pure returns (uint256 r) {
        if (isNan(a) || isNan(b)) return 0;
        assembly ("memory-safe") {
            r := or(eq(a, b), iszero(and(or(a, b), 0x7fffffff)))
        }
    }

    function lt(uint256 a, uint256 b) internal pure returns (uint256 r) {
        if (isNan(a) || isNan(b)) return 0;
        uint256 ka = _key(a);
        uint256 kb = _key(b);
        assembly ("memory-safe") {
            r := and(lt(ka, kb), iszero(iszero(and(or(a, b), 0x7fffffff))))
        }
    }

    function le(uint256 a, uint256 b) internal pure returns (uint256 r) {
        if (isNan(a) || isNan(b)) return 0;
        uint256 ka = _key(a);
        uint256 kb = _key(b);
        assembly ("memory-safe") {
            r := or(iszero(gt(ka, kb)), iszero(and(or(a, b), 0x7fffffff)))
        }
    }

    // ---------------------------------------------------------------------------------------------- integers

    /// Two's complement of 32 bits to binary32.
    function fromI32(uint256 a) internal pure returns (uint256) {
        assembly ("memory-safe") {
            a := signextend(3, a)
        }
        return _fromSigned(int256(a));
    }

    /// Two's complement of 64 bits to binary32.
    function fromI64(uint256 a) internal pure returns (uint256) {
        assembly ("memory-safe") {
            a := signextend(7, a)
        }
        return _fromSigned(int256(a));
    }

    function _fromSigned(int256 a) private pure returns (uint256) {
        unchecked {
            return a < 0 ? round(SIGN, uint256(-a), 0) : round(0, uint256(a), 0);
        }
    }

    /// A number of 64 bits to binary32.
    function fromU64(uint256 a) internal pure returns (uint256) {
        return round(0, a & 0xffffffffffffffff, 0);
    }

    /// Truncates toward zero; out of range saturates (below zero to 0), NaN is 0.
    function toU64(uint256 a) internal pure returns (uint256) {
        if (isNan(a) || a & SIGN != 0) return 0;
        if (a >= 0x5f800000) return 0xffffffffffffffff; // 2^64 and more, infinity
        (uint256 m, int256 e) = parts(a);
        unchecked {
            return e < 0 ? m >> uint256(-e) : m << uint256(e); // e <= 40
        }
    }

    /// Truncates toward zero; out of range saturates, NaN is 0.
    function toI32(uint256 a) internal pure returns (uint256) {
        return _toSigned(a, 0x80000000) & 0xffffffff;
    }

    function toI64(uint256 a) internal pure returns (uint256) {
        return _toSigned(a, 0x8000000000000000) & 0xffffffffffffffff;
    }

    /// `limit` is 2^(n-1): the magnitude of the least value, one more than the greatest.
    function _toSigned(uint256 a, uint256 limit) private pure returns (uint256) {
        if (isNan(a)) return 0;
        unchecked {
            uint256 t;
            if (isSpecial(a)) {
                t = limit;
            } else {
                (uint256 m, int256 e) = parts(a);
                t = e < 0 ? m >> uint256(-e) : m << uint256(e); // e <= 104, m < 2^24
            }
            if (a & SIGN != 0) return 0 - (t > limit ? limit : t);
            return t >= limit ? limit - 1 : t;
        }
    }

    // ---------------------------------------------------------------------------------------------- 16-bit formats

    /// binary16 to binary32, exact.
    function fromF16(uint256 h) internal pure returns (uint256) {
        uint256 biased = (h >> 10) & 0x1f;
        uint256 fraction = h & 0x3ff;
        uint256 sign = (h & 0x8000) << 16;
        unchecked {
            if (biased == 0x1f) return fraction == 0 ? sign | INF : NAN;
            if (biased == 0) return round(sign, fraction, -24);
            return sign | ((biased + 112) << 23) | (fraction << 13); // bias 127 - 15
        }
    }

    /// binary32 to binary16, to nearest even.
    function toF16(uint256 a) internal pure returns (uint256) {
        if (isNan(a)) return NAN16;
        uint256 sign = (a & SIGN) >> 16;
        if (isSpecial(a)) return sign | 0x7c00;
        (uint256 m, int256 e) = parts(a);
        uint256 bits = roundTo(m, e, 11, -24);
        return sign | (bits > 0x7c00 ? 0x7c00 : bits);
    }

    /// bfloat16 is the upper half of binary32: widening is exact.
    function fromBf16(uint256 h) internal pure returns (uint256) {
        return canonical(h << 16);
    }

    /// binary32 to bfloat16, to nearest even. The carry walks up through the exponent to infinity by itself.
    function toBf16(uint256 a) internal pure returns (uint256) {
        if (isNan(a)) return NANB16;
        unchecked {
            return (a + 0x7fff + ((a >> 16) & 1)) >> 16;
        }
    }
}
