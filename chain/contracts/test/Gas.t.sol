// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {VectorTest} from "./Scalar.t.sol";
import {Elementary} from "../src/judge/Elementary.sol";
import {Scalar} from "../src/judge/Scalar.sol";

/// Gas of one evaluation inside the judge, dispatch included: least, mean and most over the vector file.
/// forge test --match-contract Gas -vv
contract GasTest is VectorTest {
    event Gas(string name, uint256 least, uint256 mean, uint256 most);

    /// exp, log, tanh, erf, sin, cos, expm1 and log1p (0x11 to 0x14, 0x19 to 0x1c) stay below it, whatever their operand.
    uint256 private constant ELEMENTARY_MAX = 2000;

    function measure(string memory name, uint256 fn, address elementary) private {
        bytes memory data = vectors("scalar", fn);
        uint256 n = data.length / 32;
        uint256 least = type(uint256).max;
        uint256 most;
        uint256 total;
        // The first call pays for a cold address, and for memory beyond the vectors.
        Scalar.apply_(fn, 0x3f800000, 0, 0, elementary);
        for (uint256 i = 0; i < n; ++i) {
            (uint256 a, uint256 b, uint256 c, uint256 want) = record(data, i);
            uint256 before = gasleft();
            uint256 got = Scalar.apply_(fn, a, b, c, elementary);
            uint256 used = before - gasleft();
            if (got != want) revert VectorMismatch(fn, a, b, c, got, want);
            total += used;
            if (used < least) least = used;
            if (used > most) most = used;
        }
        emit Gas(name, least, total / n, most);
        bool bounded = (fn >= 0x11 && fn <= 0x14) || (fn >= 0x19 && fn <= 0x1c);
        assertTrue(!bounded || most < ELEMENTARY_MAX, string.concat(name, " takes too much gas"));
    }

    function testGas() public {
        measure("add", 0x02, address(0));
        measure("mul", 0x04, address(0));
        measure("div", 0x05, address(0));
        measure("fma", 0x06, address(0));
        measure("max", 0x08, address(0));
        measure("sqrt", 0x0b, address(0));
        measure("le", 0x0e, address(0));
        measure("select", 0x0f, address(0));
        measure("clip", 0x10, address(0));
        address elementary = make("Elementary.sol:Elementary", "");
        measure("exp", 0x11, elementary);
        measure("log", 0x12, elementary);
        measure("tanh", 0x13, elementary);
        measure("erf", 0x14, elementary);
        measure("floor", 0x15, address(0));
        measure("ceil", 0x16, address(0));
        measure("trunc", 0x17, address(0));
        measure("round", 0x18, address(0));
        measure("sin", 0x19, elementary);
        measure("cos", 0x1a, elementary);
        measure("expm1", 0x1b, elementary);
        measure("log1p", 0x1c, elementary);
        measure("atan", 0x1d, elementary);
        measure("tan", 0x20, elementary);
        measure("asin", 0x21, elementary);
        measure("acos", 0x22, elementary);
        measure("sinh", 0x23, elementary);
        measure("cosh", 0x24, elementary);
        measure("asinh", 0x25, elementary);
        measure("acosh", 0x26, elementary);
        measure("atanh", 0x27, elementary);
        measure("pow", 0x28, elementary);
        measure("mod", 0x1e, address(0));
        measure("i32 add", 0x42, address(0));
        measure("i64 muladd", 0x96, address(0));
        measure("i64 ult", 0x97, address(0));
        measure("i64 umax", 0x9c, address(0));
        measure("f32 to i64", 0xc2, address(0));
        measure("i64 to f32", 0xc4, address(0));
        measure("f32 to u64", 0xc7, address(0));
        measure("u64 to f32", 0xc8, address(0));
        measure("f32 to bits", 0xc9, address(0));
    }
}
