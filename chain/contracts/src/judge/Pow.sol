// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {SoftFloat} from "./SoftFloat.sol";

/// a to the power b in binary32, rounded once: f32.pow of the law (docs/machine.md, section 2.1).
///
/// Special values as in IEEE 754-2019. A power with at most 25 significant bits is computed as the integer it is; any
/// other cannot be a tie, and its rounding is that of the law's algorithm W: 2^(b log2 a) by two plain series in words of
/// 256 bits, off by less than 2^-191 of itself. Every step of W is an exact integer or a floor, so that what it gives is
/// the same everywhere, whatever may be true of numbers nearer to a tie than that.
///
/// Unchecked and assembly arithmetic: each word has its bound beside it, docs/elementary-onchain.md has the table.
library Pow {
    uint256 private constant ONE = 0x3f800000;
    /// log 2 in units of 2^-256, 1/log 2 in units of 2^-255, both rounded down.
    uint256 private constant LOG2 = 0xb17217f7d1cf79abc9e3b39803f2f6af40f343267298b62d8a0d175b8baafa2b;
    uint256 private constant INVERSE_LOG2 = 0xb8aa3b295c17f0bbbe87fed0691d3e88eb577aa8dd695a588b25166cd1a13247;

    function pow(uint256 a, uint256 b) internal pure returns (uint256) {
        uint256 x = a & SoftFloat.MAGNITUDE;
        uint256 y = b & SoftFloat.MAGNITUDE;
        if (y == 0 || a == ONE) return ONE;
        if (x > SoftFloat.INF || y > SoftFloat.INF) return SoftFloat.NAN;
        bool down = b != y;
        if (y == SoftFloat.INF) {
            if (x == ONE) return ONE;
            return (x > ONE) != down ? SoftFloat.INF : 0;
        }
        (bool integer, bool odd) = _kind(y);
        uint256 sign = odd ? a & SoftFloat.SIGN : 0;
        if (x == 0 || x == SoftFloat.INF) return sign | ((x == 0) == down ? SoftFloat.INF : 0);
        if (a != x && !integer) return SoftFloat.NAN;
        if (x == ONE) return sign | ONE;
        (uint256 m, int256 e) = SoftFloat.parts(x);
        (uint256 n, int256 f) = SoftFloat.parts(y);
        (bool exact, uint256 r) = _exact(m, e, n, f, down);
        return sign | (exact ? r : _wide(m, e, n, f, down));
    }

    /// Whether a finite y > 0 is an integer, and an odd one.
    function _kind(uint256 y) private pure returns (bool integer, bool odd) {
        (uint256 n, int256 f) = SoftFloat.parts(y);
        assembly ("memory-safe") {
            // What n 2^f has below its point, f < 0; a shift by 256 or more, as a negative count is, leaves nothing.
            let point := sub(0, f)
            let above := shr(point, n)
            integer := or(iszero(slt(f, 0)), eq(shl(point, above), n))
            odd := and(integer, and(or(above, mul(n, iszero(f))), 1))
        }
    }

    /// (m 2^e)^(n 2^f), or of the negative exponent, where that has at most 25 significant bits, rounded.
    function _exact(uint256 m, int256 e, uint256 n, int256 f, bool down) private pure returns (bool, uint256) {
        unchecked {
            (m, e) = _odd(m, e);
            if (down && m != 1) return (false, 0); // 1/m^... has no end
            (n, f) = _odd(n, f);
            for (; f < 0; ++f) {
                // m 2^e must be a square -f times over. An odd square is 1 modulo 8.
                if (e & 1 != 0 || m & 7 != 1) return (false, 0);
                if (m != 1) {
                    uint256 r = _root(m);
                    if (r * r != m) return (false, 0);
                    m = r;
                }
                e /= 2;
            }
            uint256 s = 1;
            if (m != 1) {
                if (n > 15 || f > 3) return (false, 0);
                n <<= uint256(f);
                if (n > 15) return (false, 0); // 3^16 > 2^25
                for (uint256 i = 0; i < n; ++i) {
                    s *= m; // below 2^49
                    if (s >> 25 != 0) return (false, 0);
                }
                e *= int256(n);
            } else {
                e *= int256(n << uint256(f)); // below 2^136
                if (down) e = -e;
            }
            if (e < -176) return (true, 0); // s 2^e < 2^-150
            return (true, SoftFloat.round(0, s, e));
        }
    }

    function _odd(uint256 m, int256 e) private pure returns (uint256, int256) {
        unchecked {
            uint256 zeros = SoftFloat.bitLength(m & (0 - m)) - 1;
            return (m >> zeros, e + int256(zeros));
        }
    }

    /// floor(sqrt(n)), n < 2^24.
    function _root(uint256 n) private pure returns (uint256 r) {
        assembly ("memory-safe") {
            for { let bit := 0x800 } bit { bit := shr(1, bit) } {
                let t := or(r, bit)
                if iszero(gt(mul(t, t), n)) { r := t }
            }
        }
    }

    /// Algorithm W: x = m 2^e to the power y = n 2^f (-y when `down`), rounded; x is not 1, neither is 0.
    function _wide(uint256 m, int256 e, uint256 n, int256 f, bool down) private pure returns (uint256) {
        unchecked {
            uint256 shift = 24 - SoftFloat.bitLength(m); // a subnormal: 1 .. 23
            int256 t = _log2(m << shift, e - int256(shift));
            if (t < 0) {
                t = -t;
                down = !down;
            }
            t *= int256(n); // t < 2^230, n < 2^24
            if (f > 0) {
                if (t >> uint256(230 - f) != 0) return down ? 0 : SoftFloat.INF;
                t <<= uint256(f);
                if (down) t = -t;
            } else {
                if (down) t = -t;
                t >>= uint256(-f); // the floor, below zero too
            }
            int256 k = t >> 222;
            if (k > 127) return SoftFloat.INF;
            if (k < -150) return 0;
            return SoftFloat.round(0, _exp2(uint256(t) << 34), k - 254);
        }
    }

    /// T: log2(m 2^e) in units of 2^-222, for 2^23 <= m < 2^24; |T| < 2^230.
    function _log2(uint256 m, int256 e) private pure returns (int256 t) {
        assembly ("memory-safe") {
            // m/d within (sqrt(1/2), sqrt(2))
            let turn := gt(m, 0xb504f3)
            let d := shl(turn, 0x800000)
            let below := lt(m, d)
            let u := sub(m, d)
            if below { u := sub(0, u) }
            // s = |m - d|/(m + d) <= 0.171573 and z = s^2 in units of 2^-256; u < 2^23
            let s := shl(24, div(shl(232, u), add(m, d)))
            let v := mul(s, s)
            let z := mulmod(s, s, not(0))
            z := sub(sub(z, v), lt(z, v))
            // p = atanh(s)/s = sum of z^j/(2j + 1), j < 45, in units of 2^-255: below 1.011 2^255
            let p := 0
            for { let j := 89 } lt(j, 90) { j := sub(j, 2) } {
                let w := mulmod(p, z, not(0))
                v := mul(p, z)
                p := add(sub(sub(w, v), lt(w, v)), div(shl(255, 1), j))
            }
            v := mul(s, p)
            p := mulmod(s, p, not(0))
            p := sub(sub(p, v), lt(p, v))
            v := mul(p, INVERSE_LOG2)
            p := mulmod(p, INVERSE_LOG2, not(0))
            p := shr(31, sub(sub(p, v), lt(p, v))) // log2(m/d)
            if below { p := sub(0, p) }
            t := add(shl(222, add(e, add(turn, 23))), p)
        }
    }

    /// 2^r in units of 2^-254, r < 1 in units of 2^-256: from 2^254 to below 2^255.
    function _exp2(uint256 r) private pure returns (uint256 q) {
        assembly ("memory-safe") {
            // r log 2
            let v := mul(r, LOG2)
            r := mulmod(r, LOG2, not(0))
            r := sub(sub(r, v), lt(r, v))
            // sum of (r log 2)^j/j!, j <= 45
            let one := shl(254, 1)
            q := one
            for { let j := 45 } j { j := sub(j, 1) } {
                let w := mulmod(q, r, not(0))
                v := mul(q, r)
                q := add(one, div(sub(sub(w, v), lt(w, v)), j))
            }
        }
    }
}
