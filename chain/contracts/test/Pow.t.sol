// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {VectorTest} from "./Scalar.t.sol";
import {Pow} from "../src/judge/Pow.sol";

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
}
