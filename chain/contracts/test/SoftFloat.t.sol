// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {VectorTest} from "./Scalar.t.sol";
import {SoftFloat} from "../src/judge/SoftFloat.sol";

contract SoftFloatTest is VectorTest {
    function testCopy() public view {
        runScalar(0x01, address(0));
        runScalar(0x1f, address(0));
    }

    function testAdd() public view {
        runScalar(0x02, address(0));
    }

    function testSub() public view {
        runScalar(0x03, address(0));
    }

    function testMul() public view {
        runScalar(0x04, address(0));
    }

    function testDiv() public view {
        runScalar(0x05, address(0));
    }

    function testFma() public view {
        runScalar(0x06, address(0));
    }

    function testMod() public view {
        runScalar(0x1e, address(0));
    }

    function testSqrt() public view {
        runScalar(0x0b, address(0));
    }

    function testToIntegral() public view {
        for (uint256 fn = 0x15; fn <= 0x18; ++fn) {
            runScalar(fn, address(0));
        }
    }

    function testOrderAndSigns() public view {
        for (uint256 fn = 0x07; fn <= 0x0a; ++fn) {
            runScalar(fn, address(0));
        }
        for (uint256 fn = 0x0c; fn <= 0x10; ++fn) {
            runScalar(fn, address(0));
        }
    }

    /// bitLength against its definition.
    function testFuzzBitLength(uint256 x, uint8 shift) public pure {
        x >>= shift;
        uint256 n = SoftFloat.bitLength(x);
        assertTrue(n == 256 || x >> n == 0, "too short");
        assertTrue(n == 0 || x >> (n - 1) == 1, "too long");
    }

    function testBitLengthPowers() public pure {
        assertEq(SoftFloat.bitLength(0), 0);
        for (uint256 i = 0; i < 256; ++i) {
            assertEq(SoftFloat.bitLength(1 << i), i + 1);
            assertEq(SoftFloat.bitLength(type(uint256).max >> i), 256 - i);
        }
    }

    /// Where roundNormal may stand for round: every length from 65 bits to 128, ties and what lies beside them, exponents
    /// from the least normal number to where rounding up stays finite.
    function testFuzzRoundNormal(uint128 x, int16 e, bool negative, uint8 low) public pure {
        uint256 sign = negative ? SoftFloat.SIGN : 0;
        for (uint256 length = 65; length <= 128; ++length) {
            uint256 top = uint256(x) | 1 << 127;
            uint256 n = top >> 128 - length;
            int256 least = -126 - int256(length - 1);
            int256 exponent = least + int256(uint256(int256(e) + 32768)) % 253;
            uint256 unit = 1 << length - 24;
            uint256 tie = n / unit * unit + unit / 2;
            uint256[6] memory cases = [n, tie, tie - 1, tie + 1, n / unit * unit, n / unit * unit + low];
            for (uint256 i = 0; i < cases.length; ++i) {
                assertEq(
                    SoftFloat.roundNormal(sign, cases[i], exponent), SoftFloat.round(sign, cases[i], exponent), "round"
                );
            }
            // All ones: the carry makes the next power of two.
            n = (1 << length) - 1;
            assertEq(SoftFloat.roundNormal(sign, n, exponent), SoftFloat.round(sign, n, exponent), "carry");
        }
    }

    /// Sums and products do not depend on the order of their operands, and a difference is a negated difference, save
    /// that x - x is +0 both ways.
    function testFuzzSymmetry(uint32 a, uint32 b, uint32 c) public pure {
        assertEq(SoftFloat.add(a, b), SoftFloat.add(b, a), "a + b");
        assertEq(SoftFloat.mul(a, b), SoftFloat.mul(b, a), "a * b");
        assertEq(SoftFloat.fma(a, b, c), SoftFloat.fma(a, c, b), "a + b * c");
        uint256 d = SoftFloat.sub(a, b);
        if (d != 0) assertEq(SoftFloat.neg(d), SoftFloat.sub(b, a), "a - b");
        // b * c in one rounding, -0 the neutral addend.
        assertEq(SoftFloat.fma(0x80000000, b, c), SoftFloat.mul(b, c), "-0 + b * c");
        // 1.0 the neutral factor.
        assertEq(SoftFloat.fma(a, b, 0x3f800000), SoftFloat.add(a, b), "a + b * 1");
        assertEq(SoftFloat.div(a, 0x3f800000), SoftFloat.canonical(a), "a / 1");
    }

    /// Exactly one of <, ==, > holds between numbers, none with a NaN.
    function testFuzzTrichotomy(uint32 a, uint32 b) public pure {
        uint256 n = SoftFloat.lt(a, b) + SoftFloat.eq(a, b) + SoftFloat.lt(b, a);
        bool nan = SoftFloat.isNan(a) || SoftFloat.isNan(b);
        assertEq(n, nan ? 0 : 1, "trichotomy");
        assertEq(SoftFloat.le(a, b), SoftFloat.lt(a, b) | SoftFloat.eq(a, b), "le");
    }
}
