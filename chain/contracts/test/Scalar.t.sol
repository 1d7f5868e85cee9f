// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Test} from "./Test.sol";
import {Scalar} from "../src/judge/Scalar.sol";

/// Gives the library's internal functions an address, so that a revert can be caught and gas measured from outside.
contract ScalarCaller {
    function apply_(uint256 fn, uint256 a, uint256 b, uint256 c, address elementary) external view returns (uint256) {
        return Scalar.apply_(fn, a, b, c, elementary);
    }
}

/// Runs the vector files of tests/vectors/gen_softfloat.c (`make vectors`) through the table.
///
/// GAINSAY_VECTORS names another folder of them, for a longer run.
abstract contract VectorTest is Test {
    error VectorMismatch(uint256 code, uint256 a, uint256 b, uint256 c, uint256 got, uint256 want);

    function vectors(string memory kind, uint256 code) internal view returns (bytes memory data) {
        bytes memory digits = "0123456789abcdef";
        bytes memory hexCode = new bytes(2);
        hexCode[0] = digits[code >> 4];
        hexCode[1] = digits[code & 15];
        string memory folder = vm.envOr("GAINSAY_VECTORS", "../../build/vectors/scalar");
        data = vm.readFileBinary(string.concat(folder, "/", kind, "-", string(hexCode), ".bin"));
        assertTrue(data.length >= 32 * 20 && data.length % 32 == 0, "vector file too short");
    }

    /// The i-th record: four 64-bit fields in one word.
    function record(bytes memory data, uint256 i)
        internal
        pure
        returns (uint256 a, uint256 b, uint256 c, uint256 want)
    {
        assembly ("memory-safe") {
            let w := mload(add(add(data, 32), shl(5, i)))
            a := shr(192, w)
            b := and(shr(128, w), 0xffffffffffffffff)
            c := and(shr(64, w), 0xffffffffffffffff)
            want := and(w, 0xffffffffffffffff)
        }
    }

    function runScalar(uint256 fn, address elementary) internal view {
        bytes memory data = vectors("scalar", fn);
        uint256 n = data.length / 32;
        for (uint256 i = 0; i < n; ++i) {
            (uint256 a, uint256 b, uint256 c, uint256 want) = record(data, i);
            uint256 got = Scalar.apply_(fn, a, b, c, elementary);
            if (got != want) revert VectorMismatch(fn, a, b, c, got, want);
        }
    }
}

contract ScalarTest is VectorTest {
    function runScalars(uint256 first, uint256 last) private view {
        for (uint256 fn = first; fn <= last; ++fn) {
            runScalar(fn, address(0));
        }
    }

    function testI32() public view {
        runScalars(0x41, 0x56);
        runScalar(0x5f, address(0));
    }

    function testI64() public view {
        runScalars(0x81, 0x9c);
        runScalar(0x9f, address(0));
    }

    function testCasts() public view {
        runScalars(0xc1, 0xca);
    }

    function testWithin() public view {
        runScalar(0xf1, address(0));
    }

    function testLoad() public view {
        for (uint256 dtype = 1; dtype <= 16; ++dtype) {
            if (dtype == 8 || dtype == 11 || dtype == 14 || dtype == 15) continue;
            bytes memory data = vectors("load", dtype);
            for (uint256 i = 0; i < data.length / 32; ++i) {
                (uint256 bits,,, uint256 want) = record(data, i);
                uint256 got = Scalar.load(dtype, bits);
                if (got != want) revert VectorMismatch(dtype, bits, 0, 0, got, want);
            }
        }
    }

    function testStore() public view {
        for (uint256 dtype = 1; dtype <= 16; ++dtype) {
            if (dtype == 8 || dtype == 11 || dtype == 14 || dtype == 15) continue;
            bytes memory data = vectors("store", dtype);
            for (uint256 i = 0; i < data.length / 32; ++i) {
                (uint256 value,,, uint256 want) = record(data, i);
                uint256 got = Scalar.store(dtype, value);
                if (got != want) revert VectorMismatch(dtype, value, 0, 0, got, want);
            }
        }
    }

    /// Storing what was loaded gives the same bits back, but for NaN and bool, which have one form each.
    function testFuzzLoadStore(uint256 bits, uint8 pick) public pure {
        uint8[12] memory dtypes = [1, 2, 3, 4, 5, 6, 7, 9, 10, 12, 13, 16];
        uint256 dtype = dtypes[pick % 12];
        uint256 w = Scalar.width(dtype);
        uint256 register = Scalar.load(dtype, bits);
        uint256 stored = Scalar.store(dtype, register);
        assertEq(Scalar.load(dtype, stored), register, "load(store(load))");
        assertEq(register >> (Scalar.classOf(dtype) == Scalar.I64 ? 64 : 32), 0, "register width");
        uint256 element = bits & ((1 << (8 * w)) - 1);
        bool single = dtype == 9 || (dtype == 1 && element & 0x7fffffff > 0x7f800000)
            || (dtype == 10 && element & 0x7fff > 0x7c00) || (dtype == 16 && element & 0x7fff > 0x7f80);
        if (!single) assertEq(stored, element, "store(load)");
    }

    /// Bits above an operand's width never reach the result.
    function testFuzzDirtyOperands(uint256 code, uint256 a, uint256 b, uint256 c) public pure {
        // Pure subset: the elementary functions need an address.
        uint256 fn = code % 0xcb;
        if (!known(fn) || isElementary(fn)) return;
        uint256 class_ = fn >> 6;
        uint256 mask = class_ == 2 || fn == 0xc4 || fn == 0xc6 || fn == 0xc8 ? 0xffffffffffffffff : 0xffffffff;
        uint256 maskA = fn == 0x94 ? 0xffffffff : mask;
        function(uint256, uint256, uint256, uint256, address) internal pure returns (uint256) f = asPure(Scalar.apply_);
        uint256 r = f(fn, a, b, c, address(0));
        assertEq(r, f(fn, a & maskA, b & mask, c & mask, address(0)), "dirty operands");
        assertEq(r >> (class_ == 2 || fn == 0xc2 || fn == 0xc5 || fn == 0xc7 ? 64 : 32), 0, "result width");
    }

    function asPure(function(uint256, uint256, uint256, uint256, address) internal view returns (uint256) f)
        private
        pure
        returns (function(uint256, uint256, uint256, uint256, address) internal pure returns (uint256) g)
    {
        assembly {
            g := f
        }
    }

    function isElementary(uint256 fn) private pure returns (bool) {
        return (fn >= 0x11 && fn <= 0x14) || (fn >= 0x19 && fn <= 0x1d) || (fn >= 0x20 && fn <= 0x28);
    }

    function known(uint256 fn) private pure returns (bool) {
        uint256 op = fn & 0x3f;
        if (fn < 0x40) return op >= 1 && op <= 0x28;
        if (fn < 0xc0) return (op >= 1 && op <= (fn < 0x80 ? 0x16 : 0x1c)) || op == 0x1f;
        return (fn >= 0xc1 && fn <= 0xca) || fn == 0xf1;
    }

    function testUnknownFunctionsRevert() public {
        ScalarCaller caller = new ScalarCaller();
        uint256 refused;
        for (uint256 fn = 0; fn < 600; ++fn) {
            if (fn < 256 && known(fn)) continue;
            try caller.apply_(fn, 1, 2, 3, address(0)) returns (uint256) {
                revert Failed(string.concat("accepted function ", vm.toString(fn)));
            } catch (bytes memory reason) {
                assertEq(
                    keccak256(reason), keccak256(abi.encodeWithSelector(Scalar.UnknownFunction.selector, fn)), "reason"
                );
            }
            ++refused;
        }
        assertEq(refused, 600 - 40 - 23 - 29 - 10 - 1, "number refused");
    }

    function widthOf(uint256 dtype) external pure returns (uint256) {
        return Scalar.width(dtype);
    }

    function testUnknownDtypesRevert() public view {
        uint256 refused;
        for (uint256 i = 0; i < 70; ++i) {
            uint256 dtype = i < 64 ? i : i < 66 ? (1 << 254) + i - 63 : type(uint256).max - (i - 66);
            try this.widthOf(dtype) returns (uint256) {}
            catch (bytes memory reason) {
                assertEq(
                    keccak256(reason), keccak256(abi.encodeWithSelector(Scalar.UnknownDtype.selector, dtype)), "reason"
                );
                ++refused;
            }
        }
        assertEq(refused, 70 - 12, "number refused");
    }
}
