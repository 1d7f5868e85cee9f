// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Test} from "./Test.sol";
import {Descriptor as D} from "./Descriptor.sol";
import {Description, Roots} from "../src/Types.sol";
import {Judge} from "../src/judge/Judge.sol";
import {Merkle} from "../src/judge/Merkle.sol";
import {Signature} from "../src/judge/Signature.sol";
import {Wire} from "../src/judge/Wire.sol";

/// The judge on descriptors written by hand, and on bytes that are none.
contract JudgeTest is Test {
    Judge private judge = Judge(make("Judge.sol", abi.encode(make("Elementary.sol:Elementary", ""))));
    Roots private roots;
    bytes[4] private chunk; // each array is one chunk, or two: chunk and zeros
    bytes32 private zero;

    function setUp() public {
        zero = keccak256(abi.encodePacked(uint8(0), new bytes(128)));
        for (uint256 s = 0; s < 4; ++s) {
            chunk[s] = new bytes(128);
            for (uint256 i = 0; i < 128; ++i) {
                chunk[s][i] = bytes1(uint8(16 * s + i));
            }
            roots.root[s] = keccak256(abi.encodePacked(uint8(0), chunk[s]));
        }
    }

    function opened(uint256 space) private view returns (bytes memory) {
        return chunk[space];
    }

    function map(uint8 fn, uint8 store, bytes memory operands) private pure returns (bytes memory) {
        return abi.encodePacked(D.head(1, fn, store, 0, 0, 10, 2, 0), D.box1(8), operands);
    }

    function on(uint8 space, uint8 dtype, bytes memory pad, uint256 extent, int256 offset)
        private
        pure
        returns (bytes memory)
    {
        return D.view_(space, dtype, pad, 1, 0, extent, D.row(extent, 1, D.line(offset, 1, 0)));
    }

    function run(bytes memory d, uint256 element, uint256 t, uint256 prev, bytes memory o)
        private
        view
        returns (uint256)
    {
        return judge.judge(d, element, t, prev, roots, o);
    }

    // ---- reads ----

    function testReadsAreLittleEndian() public view {
        bytes memory d = map(0x41, 6, D.tensor(on(1, 6, hex"00", 32, 2)));
        // element 3 of the map reads element 5: bytes 36.. of the weights
        assertEq(run(d, 3, 0, 0, opened(1)), 0x27262524, "i32");
        d = map(0x41, 6, D.tensor(on(1, 5, hex"00", 64, 0)));
        assertEq(run(d, 3, 0, 0, opened(1)), 0x1716, "i16");
        d = map(0x81, 7, D.tensor(on(2, 7, hex"00", 16, 0)));
        assertEq(run(d, 7, 0, 0, opened(2)), 0x5f5e5d5c5b5a5958, "i64");
    }

    /// The comparison of a tolerant model: claimed value 3 of the fourth array against canonical value 3 of the trace. With
    /// tolerances 0 and 2^-2 it is one of bytes 0x3c.. and of 0x0c..; a fifth array is none.
    function testClaimedOutputs() public {
        bytes memory operands = abi.encodePacked(
            D.tensor(on(3, 1, hex"00", 32, 0)), D.tensor(on(0, 1, hex"00", 32, 0)), D.const64(0x3e800000)
        );
        bytes memory both = abi.encodePacked(opened(3), opened(0));
        assertEq(run(map(0xf1, 6, operands), 3, 0, 0, both), 0, "far from it");
        (chunk[3], roots.root[3]) = (chunk[0], roots.root[0]);
        both = abi.encodePacked(opened(3), opened(0));
        assertEq(run(map(0xf1, 6, operands), 3, 0, 0, both), 1, "the same bits");
        chunk[3][14] ^= 0x10; // a bit of weight 2^-3
        roots.root[3] = keccak256(abi.encodePacked(uint8(0), chunk[3]));
        assertEq(run(map(0xf1, 6, operands), 3, 0, 0, abi.encodePacked(opened(3), opened(0))), 1, "an eighth off");
        chunk[3][14] ^= 0x70; // instead, those of 2^-2 and 2^-1
        roots.root[3] = keccak256(abi.encodePacked(uint8(0), chunk[3]));
        assertEq(run(map(0xf1, 6, operands), 3, 0, 0, abi.encodePacked(opened(3), opened(0))), 0, "more");
        vm.expectRevert(Judge.WrongOpening.selector);
        run(map(0xf1, 6, operands), 3, 0, 0, both);
        operands = D.tensor(on(4, 6, hex"00", 32, 0));
        vm.expectRevert();
        run(map(0x41, 6, operands), 3, 0, 0, opened(3));
    }

    function testPadRules() public view {
        // reads p - 3: out of range for p < 3
        bytes memory d = map(0x41, 6, D.tensor(on(1, 6, hex"00", 32, -3)));
        assertEq(run(d, 2, 0, 0, ""), 0, "zero");
        assertEq(run(d, 3, 0, 0, opened(1)), 0x13121110, "in range");
        d = map(0x41, 6, D.tensor(on(1, 6, hex"0200000063", 32, -3)));
        assertEq(run(d, 2, 0, 0, ""), 99, "value");
        // behind the end: the row allows it, the element count does not
        bytes memory v = D.view_(1, 6, hex"0200000063", 1, 0, 4, D.row(32, 1, D.line(0, 1, 0)));
        d = map(0x41, 6, D.tensor(v));
        assertEq(run(d, 4, 0, 0, ""), 99, "flat index");
        assertEq(run(d, 3, 0, 0, opened(1)), 0x1f1e1d1c, "the last");
    }

    function testNoRowsReadElementZero() public view {
        bytes memory d = map(0x41, 6, D.tensor(D.view_(1, 6, hex"00", 0, 0, 7, "")));
        assertEq(run(d, 6, 0, 0, opened(1)), 0x13121110, "element 0");
    }

    function testFirst() public view {
        bytes memory operands =
            abi.encodePacked(D.tensor(on(1, 6, hex"01", 2, 0)), D.tensor(on(2, 6, hex"01", 3, -3)), D.const32(77));
        bytes memory d = map(0x5f, 6, operands);
        assertEq(run(d, 1, 0, 0, opened(1)), 0x17161514, "the first");
        assertEq(run(d, 4, 0, 0, opened(2)), 0x27262524, "the second");
        assertEq(run(d, 2, 0, 0, ""), 77, "the third");
        assertEq(run(d, 7, 0, 0, ""), 77, "the third");
        operands = abi.encodePacked(
            D.tensor(on(1, 6, hex"01", 2, 0)), D.tensor(on(2, 6, hex"01", 3, -3)), D.tensor(on(0, 6, hex"01", 1, -7))
        );
        d = map(0x5f, 6, operands);
        assertEq(run(d, 2, 0, 0, ""), 0, "none");
        // both are in range: both are opened, the first is taken
        operands = abi.encodePacked(D.tensor(on(1, 6, hex"01", 8, 0)), D.tensor(on(2, 6, hex"01", 8, 0)), D.const32(0));
        d = map(0x5f, 6, operands);
        assertEq(run(d, 0, 0, 0, abi.encodePacked(opened(1), opened(2))), 0x13121110, "in order");
    }

    function testSkipLeavesTheAccumulator() public view {
        // s + x0 * x1 over 4 terms, x1 skipped from term 2 on
        bytes memory x1 = D.view_(2, 6, hex"01", 1, 0, 2, D.row(2, 1, D.line(0, 0, 1)));
        bytes memory d =
            abi.encodePacked(D.head(2, 0x56, 6, 6, 0, 0, 1, 0), D.box2(1, 4), D.const32(5), D.const32(3), D.tensor(x1));
        assertEq(run(d, 0, 0, 0, ""), 5, "init");
        assertEq(run(d, 0, 1, 5, opened(2)), 5 + 3 * uint256(0x23222120), "a term");
        assertEq(run(d, 0, 3, 1234, ""), 1234, "a skipped term");
        assertEq(run(d, 0, 5, 1234, ""), 1234, "final");
    }

    function testIndirect() public view {
        // x[index[p] + 1] with i8 indexes: the weights' bytes 0x10.. are the indexes, read modulo their sign
        bytes memory index = on(1, 3, hex"00", 128, 0);
        bytes memory x = D.view_(2, 2, hex"020000002a", 1, 0, 128, D.row(24, 1, D.line(1, 0, 0)));
        bytes memory d = map(0x41, 6, D.indirect(1, x, index));
        bytes memory both = abi.encodePacked(opened(1), opened(2));
        assertEq(run(d, 2, 0, 0, both), 0x20 + 0x12 + 1, "the index is opened first");
        assertEq(run(d, 7, 0, 0, opened(1)), 42, "beyond the row: only the index is read");
        // an index out of range has its own pad value, here -5
        index = D.view_(1, 6, hex"02fffffffb", 1, 0, 2, D.row(2, 1, D.line(0, 1, 0)));
        x = D.view_(2, 2, hex"00", 1, 0, 128, D.row(64, 1, D.line(9, 0, 0)));
        d = map(0x41, 6, D.indirect(1, x, index));
        assertEq(run(d, 4, 0, 0, opened(2)), 0x20 + 9 - 5, "the padded index");
    }

    function testIotaWraps() public view {
        bytes memory d = map(0x41, 6, D.iota(D.line(-2, 1, 0)));
        assertEq(run(d, 0, 0, 0, ""), 0xfffffffe, "i32");
        d = map(0x81, 7, D.iota(D.line(-2, 1, 0)));
        assertEq(run(d, 1, 0, 0, ""), type(uint64).max, "i64");
        d = map(0x41, 6, D.iota(D.line((1 << 32) + 5, 1, 0)));
        assertEq(run(d, 2, 0, 0, ""), 7, "modulo 2^32");
    }

    function testEpilogueAndStore() public view {
        // clip(i32) to [-3, 40] with the value in the middle place: min(max(-100, x), 40)
        bytes memory d = abi.encodePacked(
            D.head(1, 0x41, 3, 0, 0x55, 0, 1, 0),
            D.box1(8),
            uint8(1),
            uint32(0xffffff9c),
            uint32(40),
            D.iota(D.line(-3, 20, 0))
        );
        assertEq(run(d, 0, 0, 0, ""), 0xfd, "-3 as i8");
        assertEq(run(d, 7, 0, 0, ""), 40, "clipped");
        // f32.exp with an f16 store
        d = abi.encodePacked(D.head(1, 0x01, 10, 0, 0x11, 0, 1, 0), D.box1(8), uint8(0), D.const32(0x3f800000));
        assertEq(run(d, 0, 0, 0, ""), 0x4170, "e in half precision");
    }

    function testPadding() public view {
        bytes memory d = map(0x41, 6, D.tensor(on(1, 6, hex"00", 32, 0)));
        assertEq(run(d, 8, 0, 0, ""), 0, "the rest of the chunk");
        assertEq(run(d, 63, 0, 0, ""), 0, "the gap");
    }

    // ---- openings ----

    function testOpeningsAreExact() public {
        bytes memory d = map(0x41, 6, D.tensor(on(1, 6, hex"00", 32, 0)));
        vm.expectRevert(Judge.WrongOpeningsLength.selector);
        run(d, 0, 0, 0, "");
        vm.expectRevert(Judge.WrongOpeningsLength.selector);
        run(d, 0, 0, 0, abi.encodePacked(opened(1), uint8(0)));
        vm.expectRevert(Judge.WrongOpening.selector);
        run(d, 0, 0, 0, opened(2));
        vm.expectRevert(Judge.WrongOpeningsLength.selector);
        run(d, 8, 0, 0, opened(1)); // padding reads nothing
    }

    function testChunksBeyondTheArrayDoNotAlias() public {
        // an array of depth 1: chunk 2 would climb like chunk 0
        roots.depth[1] = 1;
        roots.root[1] = keccak256(abi.encodePacked(uint8(1), keccak256(abi.encodePacked(uint8(0), chunk[1])), zero));
        bytes memory o = abi.encodePacked(chunk[1], zero);
        bytes memory d = map(0x41, 6, D.tensor(D.view_(1, 6, hex"00", 1, 0, 32, D.row(32, 1, D.line(0, 1, 0)))));
        assertEq(run(d, 0, 0, 0, o), 0x13121110, "chunk 0");
        d = map(0x41, 6, D.tensor(D.view_(1, 6, hex"00", 1, 2, 32, D.row(32, 1, D.line(0, 1, 0)))));
        vm.expectRevert(Judge.WrongOpening.selector);
        run(d, 0, 0, 0, o);
        // the zero chunk beside it is chunk 1, not 0
        o = abi.encodePacked(new bytes(128), keccak256(abi.encodePacked(uint8(0), chunk[1])));
        d = map(0x41, 6, D.tensor(D.view_(1, 6, hex"00", 1, 1, 32, D.row(32, 1, D.line(0, 1, 0)))));
        assertEq(run(d, 0, 0, 0, o), 0, "chunk 1");
    }

    // ---- bytes that are no descriptor ----

    function testEveryTruncationIsRefused() public view {
        bytes memory x1 = D.view_(2, 6, hex"01", 1, 0, 200, D.row(200, 300, D.line(-1000, 0, 1)));
        bytes memory d = abi.encodePacked(
            D.head(2, 0x56, 6, 6, 0, 0, 1, 0), D.box2(1, 400), D.const32(5), D.const32(3), D.tensor(x1)
        );
        assertEq(run(d, 0, 1, 9, ""), 9, "whole");
        for (uint256 n = 0; n < d.length; ++n) {
            bytes memory part = new bytes(n);
            for (uint256 i = 0; i < n; ++i) {
                part[i] = d[i];
            }
            try judge.judge(part, 0, 1, 9, roots, "") {
                revert Failed("a descriptor cut short was read");
            } catch {}
        }
        try judge.judge(abi.encodePacked(d, uint8(0)), 0, 1, 9, roots, "") {
            revert Failed("a trailing byte was read over");
        } catch {}
    }

    function testOnlyOneEncoding() public {
        Wires wires = new Wires();
        (uint256 v, uint256 n) = wires.read(hex"7f");
        assertEq(v * 10 + n, 1271, "127");
        (v, n) = wires.read(hex"8180");
        assertEq(v * 10 + n, 1282, "128");
        (v, n) = wires.read(hex"88ffffffffffffffff");
        assertEq(v, type(uint64).max, "the largest");
        assertEq(n, 9, "");
        bytes[6] memory bad = [bytes(hex"80"), hex"8101", hex"817f", hex"820080", hex"89010000000000000000", hex"ff"];
        for (uint256 i = 0; i < bad.length; ++i) {
            try wires.read(bad[i]) {
                revert Failed("another spelling");
            } catch {}
        }
        assertEq(uint256(wires.signed(hex"00")), 0, "");
        assertEq(uint256(wires.signed(hex"01")), type(uint256).max, "-1");
        assertEq(uint256(wires.signed(hex"02")), 1, "1");
        assertEq(uint256(wires.signed(hex"88ffffffffffffffff")), uint256(-int256(1 << 63)), "the least");
    }

    function testRandomBytesNeverCrash(bytes calldata d, uint64 element, uint32 t) public view {
        try judge.describe(d) returns (Description memory k) {
            assertTrue(k.terms <= 1 << 18 && k.elements <= 1 << 31, "limits");
        } catch {}
        try judge.judge(d, element, t, 0, roots, "") {} catch {}
    }

    function testDescribe() public {
        bytes memory d = abi.encodePacked(D.head(2, 0x56, 6, 6, 0, 100, 20, 0), D.box2(130, 1 << 18));
        Description memory k = judge.describe(d);
        assertEq(k.firstChunk, 100, "first chunk");
        assertEq(k.span, 20, "span");
        assertEq(k.elementBytes, 4, "bytes");
        assertEq(k.elements, 130, "elements");
        assertEq(k.terms, 1 << 18, "terms");
        assertTrue(k.fold, "fold");
        k = judge.describe(abi.encodePacked(D.head(2, 0x56, 6, 6, 0, 100, 20, 0), D.box2(130, 0)));
        assertEq(k.terms, 0, "an empty fold");
        k = judge.describe(abi.encodePacked(D.head(2, 0x56, 6, 6, 0, 100, 20, 0), D.box1(130)));
        assertEq(k.terms, 1, "a fold of one");
        k = judge.describe(abi.encodePacked(D.head(1, 0x41, 7, 0, 0, 0, 20, 0), D.box1(130)));
        assertEq(k.terms, 0, "a map");
        vm.expectRevert();
        judge.describe(abi.encodePacked(D.head(2, 0x56, 6, 6, 0, 100, 20, 0), D.box2(130, (1 << 18) + 1)));
        vm.expectRevert();
        judge.describe(abi.encodePacked(D.head(1, 0x41, 7, 0, 0, 0, 20, 0), D.box1((1 << 31) + 1)));
        vm.expectRevert();
        judge.describe(abi.encodePacked(D.head(1, 0x41, 7, 0, 0, 0, 20, 0), D.box1(0)));
    }

    function testUnknownFunctions() public {
        Wires wires = new Wires();
        uint256 known;
        for (uint256 fn = 0; fn < 256; ++fn) {
            try wires.operands(fn) returns (uint256 n) {
                assertTrue(n >= 1 && n <= 3, "operands");
                ++known;
            } catch {}
        }
        assertEq(known, 40 + 23 + 29 + 10 + 1, "functions in the table");
    }
}

contract Wires {
    function read(bytes calldata b) external pure returns (uint256 v, uint256 n) {
        uint256 start;
        assembly {
            start := b.offset
        }
        (v, n) = Wire.uint_(start);
        n -= start;
        Wire.within(start + n, start + b.length);
    }

    function signed(bytes calldata b) external pure returns (int256 v) {
        uint256 start;
        assembly {
            start := b.offset
        }
        (v,) = Wire.sint(start);
    }

    function operands(uint256 fn) external pure returns (uint256) {
        return Signature.operands(fn);
    }

    function depth(uint256 n) external pure returns (uint256) {
        return Merkle.depth(n);
    }
}
