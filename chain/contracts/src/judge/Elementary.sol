// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Pow} from "./Pow.sol";
import {SoftFloat} from "./SoftFloat.sol";

/// The elementary functions of binary32, correctly rounded: the nearest binary32, ties to even, to the value of the real
/// function. Raw bits in and out; a contract of its own, so that the judge that calls it stays under the code limit.
///
/// Each function is reduced to a polynomial on a short interval, in signed fixed point of 112 fractional bits inside
/// 256-bit words. The answer before its one rounding is off by less than 2^-66 of its value, and no binary32 input has
/// a result closer than 2^-58 of its value to a point where the rounding turns, so the rounding cannot go wrong.
/// docs/elementary-onchain.md has both halves of that argument.
///
/// Unchecked arithmetic: polynomial values, variables and reduced arguments are below 2^114 in magnitude, so a product
/// of two stays below 2^228; the few larger words have their bound beside them.
///
/// The polynomial lines are printed by script/elementary.sollya, together with the certified bounds quoted here.
contract Elementary {
    error UnknownFunction(uint256 code);

    /// 1 in fixed point.
    uint256 private constant ONE = 1 << 112;
    /// log 2 in units of 2^-112, to nearest.
    uint256 private constant LOG2 = 3599025928123676973540407451845619;
    /// pi and pi/2 in the same units.
    uint256 private constant PI = 16312081666030376401667486162748272;
    uint256 private constant HALF_PI = 8156040833015188200833743081374136;

    /// sqrt(2) in the same units.
    uint256 private constant ROOT2 = 7343016637207168931428032607349397;

    /// The function of this code (docs/machine.md, section 2) of a, and of b where it takes two.
    function evaluate(uint256 fn, uint256 a, uint256 b) external pure returns (uint256) {
        if (SoftFloat.isNan(a)) return fn == 0x28 ? Pow.pow(a, b) : SoftFloat.NAN; // of a NaN only pow may have a value
        if (fn < 0x20) {
            if (fn < 0x19) {
                if (fn == 0x11) return _exp(a);
                if (fn == 0x12) return _log(a);
                if (fn == 0x13) return _tanh(a);
                if (fn == 0x14) return _erf(a);
            } else if (fn < 0x1b) {
                return fn == 0x19 ? _sin(a) : _cos(a);
            } else {
                if (fn == 0x1b) return _expm1(a);
                if (fn == 0x1c) return _log1p(a);
                if (fn == 0x1d) return _atan(a);
            }
        } else if (fn < 0x23) {
            if (fn == 0x20) return _tan(a);
            return fn == 0x21 ? _asin(a) : _acos(a);
        } else if (fn < 0x26) {
            if (fn == 0x25) return _asinh(a);
            return _hyperbolic(a, fn == 0x24);
        } else {
            if (fn == 0x26) return _acosh(a);
            if (fn == 0x27) return _atanh(a);
            if (fn == 0x28) return Pow.pow(a, b);
        }
        revert UnknownFunction(fn);
    }

    function _exp(uint256 x) private pure returns (uint256) {
        // |x| >= 128, infinities too: beyond the largest finite result, below half the least subnormal.
        if (x & SoftFloat.MAGNITUDE >= 0x43000000) return x & SoftFloat.SIGN != 0 ? 0 : SoftFloat.INF;
        unchecked {
            uint256 t = _fixed(x);
            if (x & SoftFloat.SIGN != 0) t = 0 - t;
            (uint256 p, int256 k) = _exp2k(t);
            return SoftFloat.round(0, p, k - 112);
        }
    }

    function _log(uint256 x) private pure returns (uint256) {
        if (x & SoftFloat.MAGNITUDE == 0) return SoftFloat.SIGN | SoftFloat.INF;
        if (x & SoftFloat.SIGN != 0) return SoftFloat.NAN;
        if (x == SoftFloat.INF) return x;
        (uint256 m, int256 e) = SoftFloat.parts(x);
        if (m < 0x800000) {
            assembly ("memory-safe") {
                // A subnormal: 24 less the length of m, 1 .. 23.
                let shift := shl(4, lt(0xffff, m))
                shift := or(shift, shl(3, lt(0xff, shr(shift, m))))
                shift := or(shift, shl(2, lt(0xf, shr(shift, m))))
                shift := sub(24, add(shift, and(shr(shl(2, shr(shift, m)), 0x4444444433332210), 0xf)))
                m := shl(shift, m)
                e := sub(e, shift)
            }
        }
        unchecked {
            return _logOf(m, 0x800000, 0xb504f3, e + 23);
        }
    }

    /// log(2^k m/d), rounded: d a power of two up to 2^113, m/d from 0.8 to 2.8, `turn` about sqrt(2) d. log(1) is +0.
    function _logOf(uint256 m, uint256 d, uint256 turn, int256 k) private pure returns (uint256) {
        assembly ("memory-safe") {
            // Within [sqrt(1/2), sqrt(2)).
            if gt(m, turn) {
                d := shl(1, d)
                k := add(k, 1)
            }
        }
        uint256 r = _logRatio(m, d, k);
        if (r == 0) return 0;
        uint256 sign;
        assembly ("memory-safe") {
            let negative := sar(255, r) // 0 or all ones
            sign := and(0x80000000, negative)
            r := sub(xor(r, negative), negative)
        }
        return SoftFloat.roundNormal(sign, r, -112); // from 2^-26 (log1p, log) to 2^7
    }

    /// log(2^k m/d) in units of 2^-112, signed, below 2^119; m/d within [sqrt(1/2), sqrt(2)], both below 2^114.
    function _logRatio(uint256 m, uint256 d, int256 k) private pure returns (uint256 r) {
        assembly ("memory-safe") {
            // log(m/d) = 2 atanh(s), s = (m - d)/(m + d), |s| <= 0.171573.
            let s := sdiv(shl(112, sub(m, d)), add(m, d))
            let z := sar(112, mul(s, s))
            // 2 atanh(s)/s in z = s^2, z <= 0.02945: degree 9, error below 2^-73
            let p := 625409007852425179015809417791322
            p := add(sar(112, mul(p, z)), 605792711309077672060788169658871)
            p := add(sar(112, mul(p, z)), 692484116343084352999334921948173)
            p := add(sar(112, mul(p, z)), 798811146449617949245234878500081)
            p := add(sar(112, mul(p, z)), 944054023214391098987928609811405)
            p := add(sar(112, mul(p, z)), 1153843745953370146301812726913805)
            p := add(sar(112, mul(p, z)), 1483513388154570698222476941603130)
            p := add(sar(112, mul(p, z)), 2076918743413926983195881334746436)
            p := add(sar(112, mul(p, z)), 3461531239023218422661061775038553)
            p := add(sar(112, mul(p, z)), 10384593717069655257060455104899763)
            r := add(mul(k, LOG2), sar(112, mul(s, p)))
        }
    }

    function _log1p(uint256 x) private pure returns (uint256) {
        uint256 magnitude = x & SoftFloat.MAGNITUDE;
        // |x| < 2^-25: x - x^2/2 + ... is nearer to x than to any neighbour.
        if (magnitude < 0x33000000 || x == SoftFloat.INF) return x;
        if (x >= 0xbf800000) return x == 0xbf800000 ? SoftFloat.SIGN | SoftFloat.INF : SoftFloat.NAN;
        (uint256 m, int256 e) = SoftFloat.parts(magnitude);
        unchecked {
            // 1 + x, exact: e is at least -48 and at most 104, so m << (e + 112) < 2^240. Then into [1, 2): what is cut off
            // above 2 is below 2^-112 of it.
            m <<= uint256(e + 112);
            int256 k;
            if (x & SoftFloat.SIGN != 0) {
                assembly ("memory-safe") {
                    // From 2^-24 to 1: the bits of its 24 highest places, of 2^88 and more.
                    m := sub(ONE, m)
                    let high := shr(88, m)
                    k := shl(4, lt(0xffff, high))
                    k := or(k, shl(3, lt(0xff, shr(k, high))))
                    k := or(k, shl(2, lt(0xf, shr(k, high))))
                    k := sub(add(k, and(shr(shl(2, shr(k, high)), 0x4444444433332210), 0xf)), 25)
                    m := shl(sub(0, k), m)
                }
            } else {
                m += ONE;
                // x's own exponent, or one more where 1 + x passes a power of two.
                if (e > -23) k = e + 23;
                k += int256(m >> uint256(k + 113));
                m >>= uint256(k);
            }
            return _logOf(m, ONE, ROOT2, k);
        }
    }

    function _expm1(uint256 x) private pure returns (uint256) {
        uint256 magnitude = x & SoftFloat.MAGNITUDE;
        // |x| < 2^-25: x + x^2/2 + ... is nearer to x than to any neighbour.
        if (magnitude < 0x33000000) return x;
        // |x| >= 89: beyond the largest finite result, nearer to -1 than to its neighbour.
        if (magnitude >= 0x42b20000) return x & SoftFloat.SIGN != 0 ? 0xbf800000 : SoftFloat.INF;
        unchecked {
            uint256 t = _fixed(x);
            if (x & SoftFloat.SIGN != 0) t = 0 - t;
            (uint256 p, int256 k) = _exp2k(t);
            // k is at most 129: p << k < 2^242.
            p = k < 0 ? p >> uint256(-k) : p << uint256(k);
            return int256(t) < 0 ? SoftFloat.round(SoftFloat.SIGN, ONE - p, -112) : SoftFloat.round(0, p - ONE, -112);
        }
    }

    function _sin(uint256 x) private pure returns (uint256) {
        uint256 magnitude = x & SoftFloat.MAGNITUDE;
        if (magnitude == SoftFloat.INF) return SoftFloat.NAN;
        // |x| < 2^-12: x - x^3/6 + ... is nearer to x than to any neighbour.
        if (magnitude < 0x39800000) return x;
        return _circle(magnitude, x & SoftFloat.SIGN, 0);
    }

    function _cos(uint256 x) private pure returns (uint256) {
        uint256 magnitude = x & SoftFloat.MAGNITUDE;
        if (magnitude == SoftFloat.INF) return SoftFloat.NAN;
        // |x| < 2^-13: 1 - x^2/2 > 1 - 2^-27.
        if (magnitude < 0x39000000) return 0x3f800000;
        return _circle(magnitude, 0, 1);
    }

    /// sin(x + quadrants * pi/2) with its sign turned by `sign`, for 2^-13 <= x.
    function _circle(uint256 x, uint256 sign, uint256 quadrants) private pure returns (uint256) {
        (uint256 r, uint256 k) = _turns(x);
        unchecked {
            k += quadrants;
            uint256 z = uint256(int256(r * r) >> 112);
            uint256 y = k & 1 != 0 ? _cosOf(z) : uint256(int256(r * _sinOverR(z)) >> 112);
            if (int256(y) < 0) {
                y = 0 - y;
                sign ^= SoftFloat.SIGN;
            }
            return SoftFloat.roundNormal(sign ^ (k & 2) << 30, y, -112); // at least 2^-34
        }
    }

    function _tan(uint256 x) private pure returns (uint256) {
        uint256 magnitude = x & SoftFloat.MAGNITUDE;
        if (magnitude == SoftFloat.INF) return SoftFloat.NAN;
        // |x| < 2^-12: x + x^3/3 + ... is nearer to x than to any neighbour.
        if (magnitude < 0x39800000) return x;
        (uint256 r, uint256 k) = _turns(magnitude);
        uint256 sign = x & SoftFloat.SIGN;
        unchecked {
            uint256 z = uint256(int256(r * r) >> 112);
            uint256 n = uint256(int256(r * _sinOverR(z)) >> 112);
            uint256 d = _cosOf(z); // at least 0.7
            if (int256(n) < 0) {
                n = 0 - n; // at least 2^-33
                sign ^= SoftFloat.SIGN;
            }
            // tan(r + pi/2) = -1/tan(r)
            if (k & 1 != 0) (n, d, sign) = (d, n, sign ^ SoftFloat.SIGN);
            n = (n << 112) / d; // from 2^78 to 2^146
            return n < 1 << 128 ? SoftFloat.roundNormal(sign, n, -112) : SoftFloat.round(sign, n, -112);
        }
    }

    /// x = r + k pi/2 modulo whole turns, |r| <= pi/4 in signed fixed point, for 2^-13 <= x.
    function _turns(uint256 x) private pure returns (uint256 r, uint256 k) {
        (uint256 m, int256 e) = SoftFloat.parts(x);
        assembly ("memory-safe") {
            // 2/pi in units of 2^-254. A word counts modulo 4 quadrants, so whole turns drop out by themselves; what
            // 2/pi lacks is m 2^e 2^-254 < 2^-126 of a quadrant.
            let c := 18428883373056725475459024596439793651824491331936921676307065986443608256856
            switch slt(e, 0)
            case 1 { c := shr(sub(0, e), c) }
            default { c := shl(e, c) }
            c := mul(c, m)
            k := shr(254, add(c, shl(253, 1)))
            c := sub(c, shl(254, k)) // signed, |c| <= 2^253: half a quadrant
            r := sar(112, mul(sar(142, c), HALF_PI))
        }
    }

    function _sinOverR(uint256 z) private pure returns (uint256 q) {
        assembly ("memory-safe") {
            // sin(r)/r in z = r^2, z <= 0.61686: degree 8, error below 2^-80
            let p := 14479895983908765103
            p := sub(sar(112, mul(p, z)), 3970498092855331421686)
            p := add(sar(112, mul(p, z)), 833833143676745719039749)
            p := sub(sar(112, mul(p, z)), 130077983638527611125189069)
            p := add(sar(112, mul(p, z)), 14308578203627744550884797958)
            p := sub(sar(112, mul(p, z)), 1030217630661671358158305147629)
            p := add(sar(112, mul(p, z)), 43269140487790230190275327266906)
            p := sub(sar(112, mul(p, z)), 865382809755804604753984615957285)
            p := add(sar(112, mul(p, z)), 5192296858534827628530492148561231)
            q := p
        }
    }

    function _cosOf(uint256 z) private pure returns (uint256 q) {
        assembly ("memory-safe") {
            // cos(r) in z = r^2, z <= 0.61686: degree 8, error below 2^-75.75
            let p := 245923101042329462540
            p := sub(sar(112, mul(p, z)), 59556927495975169332815)
            p := add(sar(112, mul(p, z)), 10839830358957814212318547)
            p := sub(sar(112, mul(p, z)), 1430857819777189356007399945)
            p := add(sar(112, mul(p, z)), 128777203832583879455755951561)
            p := sub(sar(112, mul(p, z)), 7211523414631690033578001911922)
            p := add(sar(112, mul(p, z)), 216345702438951150287339199595063)
            p := sub(sar(112, mul(p, z)), 2596148429267413814244399931914238)
            p := add(sar(112, mul(p, z)), 5192296858534827628530416958119851)
            q := p
        }
    }

    function _atan(uint256 x) private pure returns (uint256) {
        uint256 magnitude = x & SoftFloat.MAGNITUDE;
        // |x| < 2^-12: x - x^3/3 + ... is nearer to x than to any neighbour.
        if (magnitude < 0x39800000) return x;
        // |x| >= 2^26: pi/2 - 1/x rounds to what pi/2 rounds to.
        if (magnitude >= 0x4c800000) return x & SoftFloat.SIGN | 0x3fc90fdb;
        return SoftFloat.roundNormal(x & SoftFloat.SIGN, _angle(_fixed(magnitude), ONE), -112);
    }

    function _asin(uint256 x) private pure returns (uint256) {
        uint256 magnitude = x & SoftFloat.MAGNITUDE;
        // |x| < 2^-12: x + x^3/6 + ... is nearer to x than to any neighbour.
        if (magnitude < 0x39800000) return x;
        if (magnitude > 0x3f800000) return SoftFloat.NAN;
        uint256 t = _fixed(magnitude);
        return SoftFloat.roundNormal(x & SoftFloat.SIGN, _angle(t, _leg(t)), -112);
    }

    function _acos(uint256 x) private pure returns (uint256) {
        uint256 magnitude = x & SoftFloat.MAGNITUDE;
        if (magnitude > 0x3f800000) return SoftFloat.NAN;
        uint256 t = _fixed(magnitude);
        uint256 a = _angle(_leg(t), t); // 0 or at least 2^-12
        unchecked {
            if (x & SoftFloat.SIGN != 0) a = PI - a;
            return a == 0 ? 0 : SoftFloat.roundNormal(0, a, -112);
        }
    }

    /// sqrt(1 - t^2) for t <= 1: the difference is exact for t >= 2^-89, and 0 or at least 2^-24.
    function _leg(uint256 t) private pure returns (uint256) {
        unchecked {
            return _root((1 << 224) - t * t);
        }
    }

    /// atan(n/d) in units of 2^-112, for n and d below 2^138, not both 0.
    function _angle(uint256 n, uint256 d) private pure returns (uint256 a) {
        assembly ("memory-safe") {
            let swapped := gt(n, d)
            if swapped {
                let m := n
                n := d
                d := m
            }
            let t := div(shl(112, n), d) // at most 1
            // Turned back by 0, pi/8 or pi/4, so that |t| <= tan(pi/16).
            if gt(t, 1032812060269123792132679967837347) {
                switch gt(t, 3469381842608455836220266414263975)
                case 0 {
                    let c := 2150719778672341302897536278129301 // tan(pi/8)
                    t := sdiv(shl(112, sub(t, c)), add(shl(112, 1), shr(112, mul(t, c))))
                    a := 2039010208253797050208435770343534
                }
                default {
                    t := sdiv(shl(112, sub(t, shl(112, 1))), add(shl(112, 1), t))
                    a := 4078020416507594100416871540687068
                }
            }
            let z := sar(112, mul(t, t))
            // atan(t)/t in z = t^2, z <= 0.0396: degree 9, error below 2^-70.25
            let p := sub(0, 229069925285164207304550922700790)
            p := add(sar(112, mul(p, z)), 301838239889845454667179476852439)
            p := sub(sar(112, mul(p, z)), 345988814329324514074259421838540)
            p := add(sar(112, mul(p, z)), 399402875851619430327834598682900)
            p := sub(sar(112, mul(p, z)), 472026908037769513094062913895850)
            p := add(sar(112, mul(p, z)), 576921872336336673642177746368795)
            p := sub(sar(112, mul(p, z)), 741756694071345489430806093017531)
            p := add(sar(112, mul(p, z)), 1038459371706949939074030844860518)
            p := sub(sar(112, mul(p, z)), 1730765619511609190875003458488101)
            p := add(sar(112, mul(p, z)), 5192296858534827628526819734882447)
            a := add(a, sar(112, mul(t, p)))
            if swapped { a := sub(HALF_PI, a) }
        }
    }

    /// The root of n in [2^200, 2^255), off by less than 2^-79 of itself; 0 of 0.
    function _root(uint256 n) private pure returns (uint256) {
        // A power of two between 0.70 and 1.42 of the root.
        return _newton(n, 1 << (SoftFloat.bitLength(n) >> 1));
    }

    /// The root of n from a guess between 0.70 and 1.42 of it: each step makes e^2/2/(1 + e) of the relative error e, so
    /// 0.061, 0.0018, 2^-19, 2^-39, 2^-80.
    function _newton(uint256 n, uint256 r) private pure returns (uint256) {
        assembly ("memory-safe") {
            // div(0, 0) is 0
            r := shr(1, add(r, div(n, r)))
            r := shr(1, add(r, div(n, r)))
            r := shr(1, add(r, div(n, r)))
            r := shr(1, add(r, div(n, r)))
            r := shr(1, add(r, div(n, r)))
        }
        return r;
    }

    /// sinh, or cosh.
    function _hyperbolic(uint256 x, bool even) private pure returns (uint256) {
        uint256 magnitude = x & SoftFloat.MAGNITUDE;
        // |x| < 2^-12: x + x^3/6 + ... is nearer to x than to any neighbour, 1 + x^2/2 to 1.
        if (magnitude < 0x39800000) return even ? 0x3f800000 : x;
        uint256 sign = even ? 0 : x & SoftFloat.SIGN;
        // |x| >= 90: beyond the largest finite result.
        if (magnitude >= 0x42b40000) return sign | SoftFloat.INF;
        unchecked {
            (uint256 p, int256 k) = _exp2k(_fixed(magnitude));
            // k is at most 130: p << k < 2^244.
            uint256 inverse = (1 << 224) / p >> uint256(k);
            p <<= uint256(k);
            return SoftFloat.round(sign, even ? p + inverse : p - inverse, -113);
        }
    }

    function _asinh(uint256 x) private pure returns (uint256) {
        uint256 magnitude = x & SoftFloat.MAGNITUDE;
        // |x| < 2^-12: x - x^3/6 + ... is nearer to x than to any neighbour.
        if (magnitude < 0x39800000 || magnitude == SoftFloat.INF) return x;
        return x & SoftFloat.SIGN | _logOfSum(magnitude, true);
    }

    function _acosh(uint256 x) private pure returns (uint256) {
        if (x < 0x3f800000 || x & SoftFloat.SIGN != 0) return SoftFloat.NAN;
        if (x == SoftFloat.INF) return x;
        if (x >= 0x40000000) return _logOfSum(x, false);
        unchecked {
            // x - 1 is 0 or at least 2^-23, so that x^2 - 1 is exact and the root good to 2^-79 of itself, and with it the
            // logarithm.
            uint256 t = x & 0x7fffff | 0x800000;
            t <<= 89;
            t += _root(t * t - (1 << 224)); // below 3.74
            uint256 k = t >> 113;
            return _logOf(t >> k, ONE, ROOT2, int256(k));
        }
    }

    /// log(x + sqrt(x^2 + 1)) for finite x >= 2^-12, or with - 1 for x >= 2, rounded.
    function _logOfSum(uint256 x, bool plus) private pure returns (uint256) {
        (uint256 m, int256 e) = SoftFloat.parts(x);
        unchecked {
            // In units of 2^-f: f = 112, or less where x would pass 2^127. 1 is nothing beside x^2 from 2^104 on.
            int256 f = e < -9 ? int256(112) : 103 - e;
            m <<= uint256(e + f);
            uint256 one = f < 0 ? 0 : 1 << uint256(f);
            // The greater of x and 1 is within 0.70 and 1.16 of the root.
            uint256 root = _newton(plus ? m * m + one * one : m * m - one * one, m > one ? m : one);
            // The sum is from 1 to 2.42, or of 2^(e + 24), half of which is in (x/2, x], from 0.93 to 2.42.
            int256 k = x < 0x3f800000 ? int256(0) : e + 24;
            return _logOf((m + root) >> uint256(k + f - 112), ONE, ROOT2, k);
        }
    }

    function _atanh(uint256 x) private pure returns (uint256) {
        uint256 magnitude = x & SoftFloat.MAGNITUDE;
        // |x| < 2^-12: x + x^3/3 + ... is nearer to x than to any neighbour.
        if (magnitude < 0x39800000) return x;
        if (magnitude >= 0x3f800000) return magnitude == 0x3f800000 ? x ^ 0x40000000 : SoftFloat.NAN;
        unchecked {
            // 2 atanh(x) = log((1 + x)/(1 - x)), both exact.
            uint256 n = _fixed(magnitude);
            uint256 d = ONE - n; // at least 2^-24
            n += ONE;
            uint256 k = 113 - SoftFloat.bitLength(d);
            d <<= k; // n/d in (1/2, 2)
            if (n * n > d * d << 1) {
                d <<= 1;
                ++k;
            } else if (n * n << 1 < d * d) {
                n <<= 1;
                --k; // k was at least 1
            }
            return SoftFloat.roundNormal(x & SoftFloat.SIGN, _logRatio(n, d, int256(k)), -113);
        }
    }

    function _tanh(uint256 x) private pure returns (uint256) {
        uint256 magnitude = x & SoftFloat.MAGNITUDE;
        // |x| < 2^-13: x - x^3/3 + ... is nearer to x than to any neighbour, by a factor of 4 and more.
        if (magnitude < 0x39000000) return x;
        uint256 sign = x & SoftFloat.SIGN;
        // |x| >= 10: 1 - tanh < 2^-27.
        if (magnitude >= 0x41200000) return sign | 0x3f800000;
        unchecked {
            // tanh = (e^2x - 1)/(e^2x + 1); e^20 < 2^29, so the numerator stays below 2^(112 + 29 + 100).
            (uint256 p, int256 k) = _exp2k(_fixed(magnitude) << 1);
            p <<= uint256(k);
            return SoftFloat.roundNormal(sign, ((p - ONE) << 100) / (p + ONE), -100); // at least 2^-14
        }
    }

    function _erf(uint256 x) private pure returns (uint256) {
        uint256 magnitude = x & SoftFloat.MAGNITUDE;
        uint256 sign = x & SoftFloat.SIGN;
        // |x| >= 4: 1 - erf < 2^-25.
        if (magnitude >= 0x40800000) return sign | 0x3f800000;
        unchecked {
            if (magnitude < 0x3f800000) {
                // x q(x^2) with x as its exact mantissa, so that the relative error does not depend on how small x is:
                // m q < 2^(24 + 113).
                (uint256 m, int256 e) = SoftFloat.parts(magnitude);
                uint256 u = m << uint256(e + 112) | m >> uint256(-e - 112); // _fixed of it
                return SoftFloat.round(sign, m * _erfOverX((u * u) >> 112), e - 112);
            }
            uint256 t = _fixed(magnitude);
            uint256 r;
            if (t < 2 * ONE) r = _erf15(t - (3 * ONE >> 1));
            else if (t < 3 * ONE) r = _erf25(t - (5 * ONE >> 1));
            else r = _erf35(t - (7 * ONE >> 1));
            return SoftFloat.roundNormal(sign, r, -112);
        }
    }

    /// |x| for |x| < 128 in fixed point, truncated: below 2^119. Exact where |x| >= 2^-89.
    function _fixed(uint256 x) private pure returns (uint256 t) {
        (uint256 m, int256 e) = SoftFloat.parts(x);
        assembly ("memory-safe") {
            e := add(e, 112)
            t := or(shl(e, m), shr(sub(0, e), m)) // a shift by 256 or more, as a negative count is, gives zero
        }
    }

    /// e^t = 2^k p/2^112 with p in about [sqrt(1/2), sqrt(2)] * 2^112, for |t| < 2^119.
    function _exp2k(uint256 t) private pure returns (uint256 q, int256 k) {
        assembly ("memory-safe") {
            // k = t/log 2 to nearest; 1/log 2 in units of 2^-60, product below 2^180.
            k := sar(172, add(mul(t, 1663314137230540311), shl(171, 1)))
            // |r| <= log(2)/2 + 2^-50.
            let r := sub(t, mul(k, LOG2))
            // (e^r - 1)/r, |r| <= 0.34658: degree 12, error below 2^-68.125
            let p := 835623568265763957717595
            p := add(sar(112, mul(p, r)), 10863106463608078740094089)
            p := add(sar(112, mul(p, r)), 130077664569700322696116868)
            p := add(sar(112, mul(p, r)), 1430854324591178770790887882)
            p := add(sar(112, mul(p, r)), 14308578232063198850295599028)
            p := add(sar(112, mul(p, r)), 128777204084693669761389810698)
            p := add(sar(112, mul(p, r)), 1030217630660359128005365258112)
            p := add(sar(112, mul(p, r)), 7211523414622876045443966313373)
            p := add(sar(112, mul(p, r)), 43269140487790259471690140940970)
            p := add(sar(112, mul(p, r)), 216345702438951283762295218038938)
            p := add(sar(112, mul(p, r)), 865382809755804604507165291729494)
            p := add(sar(112, mul(p, r)), 2596148429267413813696492508183625)
            p := add(sar(112, mul(p, r)), 5192296858534827628530846687218642)
            q := add(sar(112, mul(r, p)), shl(112, 1))
        }
    }

    function _erfOverX(uint256 z) private pure returns (uint256 q) {
        assembly ("memory-safe") {
            // erf(x)/x in z = x^2, z <= 1: degree 13, error below 2^-68.625
            let p := sub(0, 21979666485318935904327)
            p := add(sar(112, mul(p, z)), 452273204644601269738351)
            p := sub(sar(112, mul(p, z)), 6316412726011406727470774)
            p := add(sar(112, mul(p, z)), 76806893359132573381408494)
            p := sub(sar(112, mul(p, z)), 849701184091179434534884991)
            p := add(sar(112, mul(p, z)), 8547582962521095995220141519)
            p := sub(sar(112, mul(p, z)), 77498393116208037407831334902)
            p := add(sar(112, mul(p, z)), 625948671650448829799938811815)
            p := sub(sar(112, mul(p, z)), 4438545154183028845426652044333)
            p := add(sar(112, mul(p, z)), 27124442613543234392443125763556)
            p := sub(sar(112, mul(p, z)), 139497133441568417080563849868731)
            p := add(sar(112, mul(p, z)), 585887960454617248422698944955553)
            p := sub(sar(112, mul(p, z)), 1952959868182058421509616448150632)
            p := add(sar(112, mul(p, z)), 5858879604546175277350565291607334)
            q := p
        }
    }

    function _erf15(uint256 t) private pure returns (uint256 q) {
        assembly ("memory-safe") {
            // erf(1.5 + t), |t| <= 1/2: degree 19, error below 2^-67.125
            let p := 226308510444795967318751120
            p := sub(sar(112, mul(p, t)), 523869253603524141249196357)
            p := sub(sar(112, mul(p, t)), 1726339254505327799039904029)
            p := add(sar(112, mul(p, t)), 7947528191700252313340425377)
            p := add(sar(112, mul(p, t)), 3085568221461944787706797618)
            p := sub(sar(112, mul(p, t)), 73169094966191452952754126638)
            p := add(sar(112, mul(p, t)), 93230393510387115994727707280)
            p := add(sar(112, mul(p, t)), 403389148989776216488256072066)
            p := sub(sar(112, mul(p, t)), 1321171752739719764356181870221)
            p := sub(sar(112, mul(p, t)), 482438512954201921030247126505)
            p := add(sar(112, mul(p, t)), 8877890699176775179377177305475)
            p := sub(sar(112, mul(p, t)), 12267723591554939462930891369933)
            p := sub(sar(112, mul(p, t)), 24627340236976422795117408804120)
            p := add(sar(112, mul(p, t)), 100347222157219524362548330379004)
            p := sub(sar(112, mul(p, t)), 77190170890044393823357721696124)
            p := sub(sar(112, mul(p, t)), 231570512670186174120663793048440)
            p := add(sar(112, mul(p, t)), 720441594973903916930120858636550)
            p := sub(sar(112, mul(p, t)), 926282050680733854337921516289578)
            p := add(sar(112, mul(p, t)), 617521367120489250465696163629196)
            p := add(sar(112, mul(p, t)), 5016304717058085387099217230923485)
            q := p
        }
    }

    function _erf25(uint256 t) private pure returns (uint256 q) {
        assembly ("memory-safe") {
            // erf(2.5 + t), |t| <= 1/2: degree 19, error below 2^-68.5
            let p := 18586032987762773722579998
            p := sub(sar(112, mul(p, t)), 115710589645252115889805416)
            p := add(sar(112, mul(p, t)), 96165480858858732156712028)
            p := add(sar(112, mul(p, t)), 926540206536898048489587887)
            p := sub(sar(112, mul(p, t)), 3330375835509617835547343880)
            p := add(sar(112, mul(p, t)), 942921737322541473175275408)
            p := add(sar(112, mul(p, t)), 24356932536004745242501880507)
            p := sub(sar(112, mul(p, t)), 73107825256115472493279193327)
            p := add(sar(112, mul(p, t)), 26672830217962154333517507513)
            p := add(sar(112, mul(p, t)), 409159916021126934332902800934)
            p := sub(sar(112, mul(p, t)), 1299556023234566972942400618032)
            p := add(sar(112, mul(p, t)), 1353476923457013232096078336885)
            p := add(sar(112, mul(p, t)), 2816354057380009076808500561232)
            p := sub(sar(112, mul(p, t)), 14530591651032767133391558642062)
            p := add(sar(112, mul(p, t)), 31763087911905650174195795361790)
            p := sub(sar(112, mul(p, t)), 44769931033099149879740430263389)
            p := add(sar(112, mul(p, t)), 43356143737315898946350556210006)
            p := sub(sar(112, mul(p, t)), 28275745915640814839226189559695)
            p := add(sar(112, mul(p, t)), 11310298366256329616834551476114)
            p := add(sar(112, mul(p, t)), 5190183842853073757847122642389704)
            q := p
        }
    }

    function _erf35(uint256 t) private pure returns (uint256 q) {
        assembly ("memory-safe") {
            // erf(3.5 + t), |t| <= 1/2: degree 18, error below 2^-69.375
            let p := sub(0, 2878935467266882238686828)
            p := add(sar(112, mul(p, t)), 19972624196451095757385795)
            p := sub(sar(112, mul(p, t)), 43337723657219813953225810)
            p := sub(sar(112, mul(p, t)), 29252315398025041843176668)
            p := add(sar(112, mul(p, t)), 479462958751353155189047612)
            p := sub(sar(112, mul(p, t)), 1566499350017941330687302860)
            p := add(sar(112, mul(p, t)), 2304180961417808485617486765)
            p := add(sar(112, mul(p, t)), 2309056731120098958103529083)
            p := sub(sar(112, mul(p, t)), 24097538709849078985781730867)
            p := add(sar(112, mul(p, t)), 79601897632827412550789517774)
            p := sub(sar(112, mul(p, t)), 177883809133988755725115830759)
            p := add(sar(112, mul(p, t)), 302154036360380079824838030087)
            p := sub(sar(112, mul(p, t)), 403671206293684142419320741224)
            p := add(sar(112, mul(p, t)), 426372114302070371496715122150)
            p := sub(sar(112, mul(p, t)), 351610976455404677302008720140)
            p := add(sar(112, mul(p, t)), 219610842437204819443746589058)
            p := sub(sar(112, mul(p, t)), 98123993429361883389051051332)
            p := add(sar(112, mul(p, t)), 28035426694103592464461367320)
            p := add(sar(112, mul(p, t)), 5192293000147483337867336095318449)
            q := p
        }
    }
}
