// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {VectorTest} from "./Scalar.t.sol";
import {Elementary} from "../src/judge/Elementary.sol";
import {Pow} from "../src/judge/Pow.sol";
import {Scalar} from "../src/judge/Scalar.sol";
import {SoftFloat} from "../src/judge/SoftFloat.sol";

/// f32.pow against the pairs of tests/vectors/gen_pow.c: special values, exact powers and ties, the pairs nearest to a
/// tie that a search found, thresholds, and random ones.
contract PowTest is VectorTest {
    event Gas(string name, uint256 least, uint256 mean, uint256 most);

    function testPow() public {
        bytes memory data = vectors("scalar", 0x28);
        uint256 n = data.length / 32;
        assertTrue(n >= 100_000, "at least 100,000 pairs");
        uint256 least = type(uint256).max;
        uint256 most;
        uint256 total;
        for (uint256 i = 0; i < n; ++i) {
            (uint256 a, uint256 b, uint256 c, uint256 want) = record(data, i);
            uint256 before = gasleft();
            uint256 got = Pow.pow(a, b);
            uint256 used = before - gasleft();
            if (got != want) revert VectorMismatch(0x28, a, b, c, got, want);
            total += used;
            if (used < least) least = used;
            if (used > most) most = used;
        }
        emit Gas("pow", least, total / n, most);
        assertTrue(most < 30_000, "gas of one power");
    }

    function applyPow(address target) external view returns (uint256) {
        return Scalar.apply_(0x28, 0x40000000, 0x40400000, 0, target);
    }

    /// Through the table and the contract, for every 64th pair; no contract is no value.
    function testTable() public {
        address elementary = make("Elementary.sol:Elementary", "");
        bytes memory data = vectors("scalar", 0x28);
        for (uint256 i = 0; i < data.length / 32; i += 64) {
            (uint256 a, uint256 b, uint256 c, uint256 want) = record(data, i);
            uint256 got = Scalar.apply_(0x28, a, b, c, elementary);
            if (got != want) revert VectorMismatch(0x28, a, b, c, got, want);
        }
        assertEq(this.applyPow(elementary), 0x41000000, "two cubed");
        vm.expectRevert(Scalar.ElementaryFailed.selector);
        this.applyPow(address(0x1234));
    }

    /// a^1, a^2, a^-1 and a^(1/2) are the table's own products, quotients and roots, which are rounded once, too.
    function testFuzzKnownExponents(uint32 x) public pure {
        uint256 a = x;
        if (SoftFloat.isNan(a)) return;
        assertEq(Pow.pow(a, 0x3f800000), a, "first power");
        assertEq(Pow.pow(a, 0x40000000), SoftFloat.mul(a, a), "square");
        assertEq(Pow.pow(a, 0xbf800000), SoftFloat.div(0x3f800000, a), "inverse");
        if (a < SoftFloat.SIGN) assertEq(Pow.pow(a, 0x3f000000), SoftFloat.sqrt(a), "root");
    }
}
