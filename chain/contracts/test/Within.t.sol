// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Test} from "./Test.sol";
import {Scalar} from "../src/judge/Scalar.sol";

/// `within` against the plainest arithmetic there is: integers of twenty digits of 32 bits, in units of 2^-298.
contract WithinTest is Test {
    uint256 private constant DIGITS = 20; // 640 bits; the largest sum is below 2^556
    uint256 private constant ONE = 0x3f800000;
    uint256 private constant INF = 0x7f800000;

    function within(uint256 a, uint256 b, uint256 absolute, uint256 relative) private view returns (bool) {
        uint256 r = Scalar.apply_(0xf1, a, b, absolute << 32 | relative, address(0));
        assertTrue(r < 2, "0 or 1");
        return r == 1;
    }

    // ---- the oracle ----

    /// m * 2^shift, digit by digit.
    function scaled(uint256 m, uint256 shift) private pure returns (uint256[DIGITS] memory r) {
        for (uint256 bit = 0; m >> bit != 0; ++bit) {
            if (m >> bit & 1 != 0) r[(shift + bit) / 32] |= 1 << ((shift + bit) % 32);
        }
    }

    function sum(uint256[DIGITS] memory x, uint256[DIGITS] memory y) private pure returns (uint256[DIGITS] memory r) {
        uint256 carry;
        for (uint256 i = 0; i < DIGITS; ++i) {
            carry += x[i] + y[i];
            r[i] = carry % 2 ** 32;
            carry /= 2 ** 32;
        }
    }

    function compare(uint256[DIGITS] memory x, uint256[DIGITS] memory y) private pure returns (int256) {
        for (uint256 i = DIGITS; i > 0;) {
            --i;
            if (x[i] != y[i]) return x[i] < y[i] ? int256(-1) : int256(1);
        }
        return 0;
    }

    /// |x| = m * 2^(e - 149).
    function parts(uint256 x) private pure returns (uint256 m, uint256 e) {
        m = x % 2 ** 23;
        e = x / 2 ** 23 % 256;
        if (e == 0) return (m, 0);
        return (m + 2 ** 23, e - 1);
    }

    function magnitude(uint256 x) private pure returns (uint256[DIGITS] memory) {
        (uint256 m, uint256 e) = parts(x);
        return scaled(m, e + 149);
    }

    /// Of |a - b| and A + R|b|, all four finite: -1 the first is smaller, 0 they are equal, 1 it is greater.
    function order(uint256 a, uint256 b, uint256 absolute, uint256 relative) private pure returns (int256) {
        (uint256 m, uint256 e) = parts(relative);
        (uint256 n, uint256 f) = parts(b);
        uint256[DIGITS] memory allowed = sum(magnitude(absolute), scaled(m * n, e + f));
        uint256[DIGITS] memory x = magnitude(a);
        uint256[DIGITS] memory y = magnitude(b);
        if (a >> 31 != b >> 31) return compare(sum(x, y), allowed);
        // |x - y| is more than what is allowed when the larger is more than the smaller and that together.
        return compare(x, y) > 0 ? compare(x, sum(y, allowed)) : compare(y, sum(x, allowed));
    }

    // ---- drawn at random, and near the boundary ----

    function finite(uint256 random) private pure returns (uint256 x) {
        x = random % 2 ** 32;
        if (x & INF == INF) x ^= 0x40000000;
    }

    function draw(uint256 random) private pure returns (uint256 a, uint256 b, uint256 absolute, uint256 relative) {
        uint256 kind = random & 7;
        b = finite(random >> 8);
        absolute = finite(random >> 40) & 0x7fffffff;
        relative = finite(random >> 72) & 0x7fffffff;
        uint256 k = (random >> 104) % 64;
        if (kind < 2) return (finite(random >> 136), b, absolute, relative);
        if (kind == 2) b = b & 0x80000000 | b % 2 ** 25; // subnormals and the least normals
        if (kind == 3) b = b & 0xff800000; // powers of two
        a = near(b, k, random >> 255 == 1);
        if (kind == 7) return (a ^ 0x80000000, b, absolute, 0x40000000 - k / 16); // R near 2: across zero
        // A: as many units of b's last place as a is away, or one unit of its own less or more
        (, uint256 e) = parts(b);
        absolute = near(float(k, e), random >> 168 & 3, random >> 170 & 1 == 1);
        if (random >> 171 & 1 == 1) relative = 0;
        else relative = relative % (32 * 2 ** 23); // so small that it moves the boundary by less than a unit
        if (kind == 6) {
            // R alone: 2^-j of a power of two
            b &= 0xff800000;
            uint256 j = (random >> 176) % 24;
            a = near(b, 2 ** j, true);
            return (near(a, random >> 168 & 1, random >> 170 & 1 == 1), b, 0, (127 - 23 + j) << 23);
        }
    }

    /// k patterns up or down in magnitude, as far as there are finite ones.
    function near(uint256 x, uint256 k, bool up) private pure returns (uint256) {
        uint256 size = x & 0x7fffffff;
        if (up) size = size + k < INF ? size + k : INF - 1;
        else size = size > k ? size - k : 0;
        return x & 0x80000000 | size;
    }

    /// k * 2^(e - 149) for a small k: exact, or the greatest finite number.
    function float(uint256 k, uint256 e) private pure returns (uint256) {
        if (k == 0) return 0;
        while (k < 2 ** 23 && e > 0) {
            k *= 2;
            --e;
        }
        if (k < 2 ** 23) return k;
        return e < 254 ? (e + 1) << 23 | k % 2 ** 23 : INF - 1;
    }

    function testAgreesWithExactArithmetic() public view {
        uint256 runs = vm.envOr("GAINSAY_WITHIN_RUNS", uint256(100000));
        uint256[3] memory tally;
        uint256 kept;
        assembly {
            kept := mload(0x40)
        }
        for (uint256 i = 0; i < runs; ++i) {
            assembly {
                mstore(0x40, kept)
            }
            (uint256 a, uint256 b, uint256 absolute, uint256 relative) = draw(uint256(keccak256(abi.encode(i))));
            int256 right = order(a, b, absolute, relative);
            ++tally[uint256(right + 1)];
            if (within(a, b, absolute, relative) != (right <= 0)) {
                revert Failed(string.concat("draw ", vm.toString(i)));
            }
        }
        assertTrue(tally[1] > runs / 20, "too few on the boundary itself");
        assertTrue(tally[0] > runs / 5 && tally[2] > runs / 5, "too few on one side");
    }

    // ---- at the edges, by hand ----

    function testOnTheBoundary() public view {
        uint256 next = ONE + 1; // 1 + 2^-23
        uint256 ulp = (127 - 23) << 23;
        assertTrue(within(next, ONE, ulp, 0), "as far as allowed");
        assertTrue(!within(next, ONE, ulp - 1, 0), "the tolerance a little less");
        assertTrue(!within(next + 1, ONE, ulp, 0), "a unit further");
        assertTrue(within(next, ONE, 0, ulp), "the same, relative");
        assertTrue(!within(next, ONE, 0, ulp - 1), "a little less");
        assertTrue(within(ONE, next, 0, ulp), "of the canonical value, which is larger here");
        assertTrue(!within(ONE, next, 0, ulp - 2), "and not by more");
        // A smallest subnormal decides, 2^-149 beside 2^127, and a product of 2^-298.
        uint256 large = 254 << 23; // 2^127
        assertTrue(!within(0, large, 0, ONE - 1), "R a little below 1");
        assertTrue(within(0, large, 0, ONE), "|0 - b| = 1 * |b|");
        assertTrue(!within(0x80000001, large, 0, ONE), "one subnormal across zero");
        assertTrue(within(0x80000001, large, 1, ONE), "which A allows");
        assertTrue(within(1, 1, 0, 1), "equal");
        assertTrue(!within(0, 1, 0, ONE - 1), "2^-149 is more than almost all of itself");
        assertTrue(!within(2, 1, 0, 1), "2^-149 is more than 2^-298");
        assertTrue(within(2, 1, 1, 0), "the least tolerance");
        // The largest of all.
        assertTrue(within(INF - 1, 0x80000000 | (INF - 1), 0, 0x40000000), "2 * max");
        assertTrue(!within(INF - 1, 0x80000000 | (INF - 1), 0, 0x3fffffff), "less than that");
        assertTrue(within(INF - 1, 0x80000000 | (INF - 1), INF - 1, INF - 1), "no overflow");
    }

    function testZeros() public view {
        assertTrue(within(0x80000000, 0, 0, 0) && within(0, 0x80000000, 0, 0), "both zeros are 0");
        assertTrue(within(0x80000000, 0, 0x80000000, 0x80000000), "as tolerances, too");
        assertTrue(!within(1, 0, 0x80000000, ONE), "of nothing, nothing");
    }

    function testWhatIsNotFinite() public view {
        uint256[4] memory odd = [INF, 0xff800000, 0x7fc00000, uint256(0x7fffffff)];
        for (uint256 i = 0; i < 4; ++i) {
            for (uint256 j = 0; j < 4; ++j) {
                bool same = i == j || (i > 1 && j > 1); // NaN is one register
                assertTrue(within(odd[i], odd[j], INF - 1, INF - 1) == same, "equal bits, or not");
            }
            assertTrue(!within(odd[i], INF - 1, INF - 1, INF - 1), "claimed");
            assertTrue(!within(INF - 1, odd[i], INF - 1, INF - 1), "canonical");
            // A tolerance that is none allows nothing, and even the zeros differ.
            assertTrue(within(ONE, ONE, odd[i], 0) && within(ONE, ONE, 0, odd[i]), "equal");
            assertTrue(!within(ONE, ONE + 1, odd[i], 0) && !within(ONE, ONE + 1, 0, odd[i]), "a unit");
            assertTrue(!within(0, 0x80000000, odd[i], 0), "zeros");
        }
        assertTrue(!within(ONE, ONE + 1, 0x80000001, INF - 1), "below zero");
        assertTrue(!within(ONE, ONE + 1, INF - 1, 0xbf800000), "below zero");
        assertTrue(within(ONE + 1, ONE + 1, 0xbf800000, 0xbf800000), "equal");
    }

    /// Bits above an operand's width never reach the result.
    function testDirtyOperands(uint256 a, uint256 b, uint256 c) public view {
        assertEq(
            Scalar.apply_(0xf1, a, b, c, address(0)),
            Scalar.apply_(0xf1, a & 0xffffffff, b & 0xffffffff, c & 0xffffffffffffffff, address(0)),
            "dirty"
        );
    }
}
