// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {VectorTest} from "./Scalar.t.sol";
import {Elementary} from "../src/judge/Elementary.sol";
import {Scalar} from "../src/judge/Scalar.sol";
import {SoftFloat} from "../src/judge/SoftFloat.sol";

contract ElementaryTest is VectorTest {
    address private elementary;

    function setUp() public {
        elementary = make("Elementary.sol:Elementary", "");
    }

    function testExp() public view {
        runScalar(0x11, elementary);
    }

    function testLog() public view {
        runScalar(0x12, elementary);
    }

    function testTanh() public view {
        runScalar(0x13, elementary);
    }

    function testErf() public view {
        runScalar(0x14, elementary);
    }

    function testSin() public view {
        runScalar(0x19, elementary);
    }

    function testCos() public view {
        runScalar(0x1a, elementary);
    }

    function testExpm1() public view {
        runScalar(0x1b, elementary);
    }

    function testLog1p() public view {
        runScalar(0x1c, elementary);
    }

    function testAtan() public view {
        runScalar(0x1d, elementary);
    }

    function testTan() public view {
        runScalar(0x20, elementary);
    }

    function testAsin() public view {
        runScalar(0x21, elementary);
    }

    function testAcos() public view {
        runScalar(0x22, elementary);
    }

    function testSinh() public view {
        runScalar(0x23, elementary);
    }

    function testCosh() public view {
        runScalar(0x24, elementary);
    }

    function testAsinh() public view {
        runScalar(0x25, elementary);
    }

    function testAcosh() public view {
        runScalar(0x26, elementary);
    }

    function testAtanh() public view {
        runScalar(0x27, elementary);
    }

    /// tests/vectors/elementary/*.txt: special values, edges, and the inputs of all 2^32 that come nearest to a rounding
    /// boundary; lines "input output" of eight hex digits each.
    function runText(string memory name, uint256 fn) private view {
        bytes memory text = bytes(vm.readFile(string.concat("../../tests/vectors/elementary/", name, ".txt")));
        uint256 lines;
        for (uint256 offset = 0; offset + 18 <= text.length; offset += 18) {
            assertTrue(text[offset + 8] == " " && text[offset + 17] == "\n", "form of a line");
            uint256 x = word(text, offset);
            uint256 want = word(text, offset + 9);
            uint256 got = Scalar.apply_(fn, x, 0, 0, elementary);
            if (got != want) revert VectorMismatch(fn, x, 0, 0, got, want);
            ++lines;
        }
        assertTrue(lines >= 1000 && text.length == 18 * lines, "whole file read");
    }

    function word(bytes memory text, uint256 offset) private pure returns (uint256 v) {
        for (uint256 i = 0; i < 8; ++i) {
            uint256 digit = uint8(text[offset + i]);
            v = v << 4 | (digit < 0x3a ? digit - 0x30 : digit - 0x57);
        }
    }

    function testNearBoundaries() public view {
        runText("exp", 0x11);
        runText("log", 0x12);
        runText("tanh", 0x13);
        runText("erf", 0x14);
        runText("floor", 0x15);
        runText("ceil", 0x16);
        runText("trunc", 0x17);
        runText("round", 0x18);
        runText("sin", 0x19);
        runText("cos", 0x1a);
        runText("expm1", 0x1b);
        runText("log1p", 0x1c);
        runText("atan", 0x1d);
        runText("tan", 0x20);
        runText("asin", 0x21);
        runText("acos", 0x22);
        runText("sinh", 0x23);
        runText("cosh", 0x24);
        runText("asinh", 0x25);
        runText("acosh", 0x26);
        runText("atanh", 0x27);
    }

    /// Where each reduction changes: a few hundred inputs on either side keep their order (of functions that increase
    /// wherever they are numbers), both signs.
    function testMonotonicAtSeams() public view {
        uint32[25] memory seams = [
            0x00000000,
            0x00800000,
            0x22800000,
            0x23000000,
            0x33800000,
            0x39000000,
            0x39800000,
            0x3e4bafaf,
            0x3e9df37c,
            0x3eb17218,
            0x3f2b0dc1,
            0x3f3504f3,
            0x3f800000,
            0x3fb504f3,
            0x40000000,
            0x40400000,
            0x40800000,
            0x41102cb3,
            0x41200000,
            0x42b17218,
            0x42b2d4fc,
            0x43000000,
            0x47000000,
            0x4c800000,
            0x7f7fff00
        ];
        // exp, log, tanh, erf, expm1, log1p, atan, asin, sinh, asinh, acosh, atanh
        bytes memory codes = hex"111213141b1c1d2123252627";
        for (uint256 i = 0; i < codes.length; ++i) {
            uint256 fn = uint8(codes[i]);
            for (uint256 s = 0; s < seams.length; ++s) {
                uint256 start = seams[s] < 256 ? 0 : seams[s] - 256;
                uint256 last = SoftFloat.SIGN | SoftFloat.INF;
                uint256 lastNegative = SoftFloat.INF;
                for (uint256 x = start; x < start + 512 && x <= SoftFloat.INF; ++x) {
                    uint256 y = Scalar.apply_(fn, x, 0, 0, elementary);
                    // Beyond the domain: acosh below 1, asin and atanh above it.
                    if (y == SoftFloat.NAN && (fn == 0x26 ? x < 0x3f800000 : fn == 0x21 || fn == 0x27)) continue;
                    if (SoftFloat.le(last, y) == 0) revert VectorMismatch(fn, x, 0, 0, y, last);
                    last = y;
                    if (fn == 0x12 || fn == 0x1c || fn == 0x26) continue;
                    y = Scalar.apply_(fn, x | SoftFloat.SIGN, 0, 0, elementary);
                    if (SoftFloat.le(y, lastNegative) == 0) revert VectorMismatch(fn, x, 0, 0, y, lastNegative);
                    lastNegative = y;
                }
            }
        }
    }

    function applyExp(address target) external view returns (uint256) {
        return Scalar.apply_(0x11, 0x3f800000, 0, 0, target);
    }

    /// An address without the contract, or a call without enough gas, is an error and never a value.
    function testNoContractOrNoGas() public {
        assertEq(this.applyExp(elementary), 0x402df854, "e");
        vm.expectRevert(Scalar.ElementaryFailed.selector);
        this.applyExp(address(0x1234));
        try this.applyExp{gas: 1600}(elementary) returns (uint256) {
            revert Failed("a value without gas");
        } catch {}
    }

    /// Odd and even functions; every NaN gives the one NaN.
    function testFuzzSymmetry(uint32 x) public view {
        uint256 signBit = SoftFloat.SIGN;
        for (uint256 fn = 0x1a; fn <= 0x24; fn += 0x0a) {
            assertEq(
                Scalar.apply_(fn, x ^ signBit, 0, 0, elementary), Scalar.apply_(fn, x, 0, 0, elementary), "even"
            );
        }
        bytes memory odd = hex"1314191d2021232527";
        for (uint256 i = 0; i < odd.length; ++i) {
            uint256 fn = uint8(odd[i]);
            uint256 y = Scalar.apply_(fn, x, 0, 0, elementary);
            uint256 mirrored = Scalar.apply_(fn, x ^ signBit, 0, 0, elementary);
            assertEq(mirrored, SoftFloat.neg(y), "odd");
        }
        for (uint256 fn = 0x11; fn <= 0x27; ++fn) {
            if (fn == 0x1e) fn = 0x20;
            assertEq(Scalar.apply_(fn, x | 0x7f800001, 0, 0, elementary), SoftFloat.NAN, "NaN");
        }
    }
}
