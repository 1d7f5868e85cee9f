// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Descriptor} from "./Descriptor.sol";
import {Test} from "./Test.sol";
import {Inspector} from "../src/Inspector.sol";
import {Header} from "../src/Types.sol";

/// Descriptors of random programs and damaged ones: the contract must call well formed what the C reader calls well formed,
/// and read the same out of it. The records are written by tests/vectors/gen_inspect.c (`make vectors`).
contract InspectorTest is Test {
    Inspector private inspector = Inspector(make("Inspector.sol", ""));

    function testAgreesWithTheCReader() external view {
        string memory path = vm.envOr("GAINSAY_INSPECT_VECTORS", string("../../build/vectors/inspect/descriptors.bin"));
        bytes memory data = vm.readFileBinary(path);
        uint256 offset;
        uint256 number;
        uint256[4] memory tally;
        uint256 kept;
        assembly {
            kept := mload(0x40)
        }
        while (offset < data.length) {
            assembly {
                mstore(0x40, kept) // a record's memory is not needed after it
            }
            uint256 kind;
            (offset, kind) = _record(data, offset, number++);
            tally[kind] += 1;
        }
        for (uint256 kind = 0; kind < 4; ++kind) {
            assertTrue(tally[kind] > 1000, "too few descriptors of one kind to say anything");
        }
    }

    /// kind: 1 well formed, and 2 more in a tolerant program.
    function _record(bytes memory data, uint256 offset, uint256 number) private view returns (uint256, uint256 kind) {
        uint256 length = _uint(data, offset, 2);
        bytes memory descriptor = new bytes(length);
        assembly {
            mcopy(add(descriptor, 32), add(add(data, 34), offset), length)
        }
        offset += 2 + length;
        uint256 claimedChunks = _uint(data, offset, 4);
        uint256 tolerance = _uint(data, offset + 4, 8);
        bool good = _uint(data, offset + 12, 1) == 1;
        offset += 13;
        kind = (good ? 1 : 0) + (claimedChunks != 0 ? 2 : 0);
        string memory name = string.concat("record ", vm.toString(number), " ", vm.toString(descriptor));
        (bool called, bytes memory result) = address(inspector)
            .staticcall(abi.encodeCall(inspector.check, (descriptor, 1 << 26, 1 << 26, claimedChunks, tolerance)));
        if (!good) {
            assertTrue(!called, string.concat(name, ": taken for well formed"));
            assertTrue(
                result.length == 36 && bytes4(result) == Inspector.Violation.selector,
                string.concat(name, ": refused without a rule")
            );
            return (offset, kind);
        }
        assertTrue(called, string.concat(name, ": refused"));
        Inspector.Digest memory d = abi.decode(result, (Inspector.Digest));
        assertEq(d.firstChunk, _uint(data, offset, 4), name);
        assertEq(d.span, _uint(data, offset + 4, 4), name);
        assertEq(d.cost, _uint(data, offset + 8, 8), name);
        assertEq(d.own, _uint(data, offset + 16, 8), name);
        assertEq(d.dtype, _uint(data, offset + 24, 1), name);
        assertEq(d.elements, _uint(data, offset + 25, 8), name);
        return (offset + 33, kind);
    }

    function _uint(bytes memory data, uint256 offset, uint256 n) private pure returns (uint256 v) {
        assembly {
            v := shr(sub(256, shl(3, n)), mload(add(add(data, 32), offset)))
        }
    }
}

/// Programs of four instructions, one chunk each, the last of them the output: each kind of proof against each kind of fault.
contract InspectorProofTest is Test {
    Inspector private inspector = Inspector(make("Inspector.sol", ""));
    bytes[4] private d;
    Header private header;

    function setUp() public {
        header.instructions = 4;
        header.weightsChunks = 1;
        header.inputsChunks = 1;
        header.traceDepth = 2;
        header.outputChunk = 3;
        header.outputs = 1;
        header.cost = 128;
        for (uint256 i = 0; i < 4; ++i) {
            d[i] = _copy(uint32(i), 1, uint64(32 * (i + 1)), i == 0 ? 1 : 0, i == 0 ? 0 : i - 1, 32);
        }
    }

    /// 32 elements copied from a chunk of the space.
    function _copy(uint32 first, uint32 span, uint64 cost, uint8 space, uint256 chunk, uint256 count)
        private
        pure
        returns (bytes memory)
    {
        bytes memory rows = Descriptor.row(32, 1, Descriptor.line(0, 1, 0));
        return abi.encodePacked(
            Descriptor.head(1, 1, 1, 0, 0, first, span, cost),
            Descriptor.box1(32),
            Descriptor.tensor(Descriptor.view_(space, 1, hex"00", 1, chunk, count, rows))
        );
    }

    function _node(bytes32 a, bytes32 b) private pure returns (bytes32) {
        return keccak256(abi.encodePacked(uint8(1), a, b));
    }

    function _open(uint256 i) private view returns (Inspector.Opened memory o) {
        o.index = i;
        o.descriptor = d[i];
        o.path = new bytes32[](2);
        o.path[0] = Descriptor.leaf(d[i ^ 1]);
        o.path[1] = _node(Descriptor.leaf(d[(i ^ 2) & 2]), Descriptor.leaf(d[(i ^ 2) & 2 | 1]));
    }

    function _prove(uint256 kind, uint256 a, uint256 b, uint256 which) private returns (uint256) {
        header.programRoot = _node(
            _node(Descriptor.leaf(d[0]), Descriptor.leaf(d[1])), _node(Descriptor.leaf(d[2]), Descriptor.leaf(d[3]))
        );
        Inspector.Opened[] memory o = new Inspector.Opened[](kind == 2 || kind == 3 ? 2 : 1);
        o[0] = _open(a);
        if (o.length == 2) o[1] = _open(b);
        return inspector.prove(header, kind, o, which);
    }

    function _nothing(uint256 kind, uint256 a, uint256 b, uint256 which) private {
        try this.proveFrom(kind, a, b, which) {
            revert Failed("a proof of nothing was accepted");
        } catch (bytes memory reason) {
            assertTrue(bytes4(reason) == Inspector.NotViolated.selector, "not violated");
        }
    }

    function proveFrom(uint256 kind, uint256 a, uint256 b, uint256 which) external returns (uint256) {
        return _prove(kind, a, b, which);
    }

    function testNothingCanBeShownOfARightProgram() public {
        for (uint256 i = 0; i < 4; ++i) {
            _nothing(1, i, 0, 0);
            _nothing(4, i, 0, 0);
            if (i < 3) _nothing(2, i, i + 1, 0);
            for (uint256 j = 0; j < 4; ++j) {
                for (uint256 which = 0; which < 6; ++which) {
                    _nothing(3, i, j, which);
                }
            }
        }
    }

    function testLocalFaults() public {
        d[1] = abi.encodePacked(d[1], uint8(0)); // a byte left over
        assertEq(_prove(1, 1, 0, 0), 1, "W1");
        d[1] = _copy(1, 0, 64, 0, 0, 32); // no room for the elements
        assertEq(_prove(1, 1, 0, 0), 4, "W4: span");
        d[1] = _copy(1, 1, 64, 0, 1, 32); // reads itself
        assertEq(_prove(1, 1, 0, 0), 4, "W4: forward reference");
        d[1] = _copy(1, 1, 64, 1, 1, 32); // beyond the weights
        assertEq(_prove(1, 1, 0, 0), 4, "W4: weights");
        d[1] = _copy(1, 1, 64, 2, 0, 33); // beyond the inputs
        assertEq(_prove(1, 1, 0, 0), 4, "W4: inputs");
        _nothing(1, 2, 0, 0);
    }

    function testEdges() public {
        bytes memory right = d[0];
        d[0] = _copy(0, 1, 33, 1, 0, 32);
        assertEq(_prove(1, 0, 0, 0), 6, "first cost");
        d[0] = _copy(1, 1, 32, 1, 0, 32);
        assertEq(_prove(1, 0, 0, 0), 6, "first chunk");
        d[0] = right;
        right = d[3];
        d[3] = _copy(3, 2, 128, 0, 2, 32);
        assertEq(_prove(1, 3, 0, 0), 6, "end of the trace");
        d[3] = right;
        header.cost = 127;
        assertEq(_prove(1, 3, 0, 0), 6, "total cost");
    }

    function testNeighbours() public {
        d[2] = _copy(2, 1, 97, 0, 1, 32);
        assertEq(_prove(2, 1, 2, 0), 6, "cost");
        d[2] = _copy(3, 1, 96, 0, 1, 32);
        assertEq(_prove(2, 1, 2, 0), 6, "gap");
        try this.proveFrom(2, 0, 2, 0) {
            revert Failed("two that are no neighbours");
        } catch (bytes memory reason) {
            assertTrue(bytes4(reason) == Inspector.WrongKind.selector, "kind");
        }
    }

    function testProducers() public {
        d[2] = _copy(2, 1, 96, 0, 1, 31); // the producer writes 32
        assertEq(_prove(3, 2, 1, 0), 7, "count");
        _nothing(3, 2, 0, 0); // not what it reads
        _nothing(3, 2, 1, 1); // no indirect view there
        d[2] = abi.encodePacked(
            Descriptor.head(1, 0x41, 6, 0, 0, 2, 1, 96),
            Descriptor.box1(32),
            Descriptor.tensor(
                Descriptor.view_(0, 6, hex"00", 1, 1, 32, Descriptor.row(32, 1, Descriptor.line(0, 1, 0)))
            )
        );
        assertEq(_prove(3, 2, 1, 0), 7, "dtype");
    }

    function testOutputs() public {
        header.outputChunk = 2;
        assertEq(_prove(4, 3, 0, 0), 8, "place");
        header.outputChunk = 3;
        header.outputDepth = 1;
        assertEq(_prove(4, 3, 0, 0), 8, "depth");
        header.outputs = 2;
        header.outputChunk = 2;
        _nothing(4, 2, 0, 0);
        d[2] = _copy(2, 2, 96, 0, 1, 32);
        assertEq(_prove(4, 2, 0, 0), 8, "gap between outputs");
    }

    // ---- tolerant programs ----

    uint64 private constant TOLERANCE = 0x3a83126f_3f000000;

    /// The last instruction compares: one i32 from 32 claimed values, which the test takes the first of.
    function _tolerant() private {
        header.toleranceAbs = uint32(TOLERANCE >> 32);
        header.toleranceRel = 2 << 32 | uint32(TOLERANCE);
        header.cost = 97;
        d[3] = _within(3, 1, 32, 1, Descriptor.const64(TOLERANCE));
    }

    /// `count` elements of the claimed array from `chunk` on, compared with what instruction 2 wrote, which has 32.
    function _within(uint8 space, uint256 chunk, uint256 count, uint256 extent, bytes memory last)
        private
        pure
        returns (bytes memory)
    {
        bytes memory rows = Descriptor.row(32, 1, Descriptor.line(0, extent == 1 ? int256(0) : int256(1), 0));
        return abi.encodePacked(
            Descriptor.head(1, 0xf1, 6, 0, 0, 3, 1, uint64(96 + extent)),
            Descriptor.box1(extent),
            Descriptor.tensor(Descriptor.view_(space, 1, hex"00", 1, chunk, count, rows)),
            Descriptor.tensor(Descriptor.view_(0, 1, hex"00", 1, 2, 32, rows)),
            last
        );
    }

    function testNothingCanBeShownOfARightTolerantProgram() public {
        _tolerant();
        for (uint256 i = 0; i < 4; ++i) {
            _nothing(1, i, 0, 0);
            _nothing(4, i, 0, 0);
            if (i < 3) _nothing(2, i, i + 1, 0);
        }
        _nothing(3, 3, 2, 0);
        _nothing(3, 3, 2, 2);
        d[3] = _within(3, 0, 64, 1, Descriptor.const64(TOLERANCE)); // both chunks
        _nothing(1, 3, 0, 0);
    }

    /// Claimed outputs are read in a tolerant program alone, and within their chunks.
    function testTheClaimedArrayHasItsPlace() public {
        _tolerant();
        d[3] = _within(3, 1, 33, 1, Descriptor.const64(TOLERANCE));
        assertEq(_prove(1, 3, 0, 0), 4, "one element too many");
        d[3] = _within(3, 2, 1, 1, Descriptor.const64(TOLERANCE));
        assertEq(_prove(1, 3, 0, 0), 4, "behind its end");
        d[3] = _within(4, 0, 1, 1, Descriptor.const64(TOLERANCE));
        assertEq(_prove(1, 3, 0, 0), 1, "no such array");
        setUp();
        header.toleranceAbs = 0;
        header.toleranceRel = 0;
        d[2] = _copy(2, 1, 96, 3, 0, 32);
        assertEq(_prove(1, 2, 0, 0), 4, "an exact program has none");
        d[2] = _copy(2, 1, 96, 3, 0, 1);
        assertEq(_prove(1, 2, 0, 0), 4, "not one element");
    }

    /// The comparison is the header's, wherever it stands.
    function testTheComparisonIsTheHeaders() public {
        _tolerant();
        d[3] = _within(3, 0, 32, 1, Descriptor.const64(TOLERANCE + 1));
        assertEq(_prove(1, 3, 0, 0), 2, "another tolerance");
        d[3] = _within(3, 0, 32, 1, Descriptor.const64(TOLERANCE ^ 1 << 32));
        assertEq(_prove(1, 3, 0, 0), 2, "another absolute one");
        d[3] = _within(3, 0, 32, 1, Descriptor.iota(Descriptor.line(int256(uint256(TOLERANCE >> 25)), 0, 0)));
        assertEq(_prove(1, 3, 0, 0), 2, "not a constant");
        d[3] = _epilogue(0, abi.encodePacked(uint32(5), TOLERANCE));
        _nothing(1, 3, 0, 0);
        d[3] = _epilogue(1, abi.encodePacked(uint32(5), TOLERANCE - 1));
        assertEq(_prove(1, 3, 0, 0), 2, "in an epilogue");
        d[3] = _epilogue(2, abi.encodePacked(uint32(5), uint32(5)));
        assertEq(_prove(1, 3, 0, 0), 2, "a computed tolerance");
        header.toleranceAbs = 0;
        header.toleranceRel = 0;
        d[3] = _epilogue(0, abi.encodePacked(uint32(5), TOLERANCE));
        assertEq(_prove(1, 3, 0, 0), 2, "in an exact program");
        d[3] = _within(2, 0, 32, 1, Descriptor.const64(0));
        assertEq(_prove(1, 3, 0, 0), 2, "in an exact program, with its tolerance");
    }

    /// One f32 that is compared with constants, or (place 2) an i64 that would be their tolerance.
    function _epilogue(uint8 place, bytes memory constants) private pure returns (bytes memory) {
        uint8 fn = place == 2 ? 0x81 : 0x01;
        return abi.encodePacked(
            Descriptor.head(1, fn, 6, 0, 0xf1, 3, 1, 97),
            Descriptor.box1(1),
            place,
            constants,
            place == 2 ? Descriptor.const64(TOLERANCE) : Descriptor.const32(5)
        );
    }

    /// A fold of `within` has no accumulator: its result is no F32.
    function testTheComparisonIsNoFold() public {
        _tolerant();
        d[3] = abi.encodePacked(
            Descriptor.head(2, 0xf1, 6, 6, 0, 3, 1, 99),
            Descriptor.box2(1, 2),
            Descriptor.const32(0),
            Descriptor.const32(0),
            Descriptor.const64(TOLERANCE)
        );
        assertEq(_prove(1, 3, 0, 0), 2, "W2");
    }

    /// W8 of a tolerant program: it says one thing.
    function testATolerantProgramHasOneAnswer() public {
        _tolerant();
        header.cost = 98;
        d[3] = _within(3, 0, 32, 2, Descriptor.const64(TOLERANCE));
        assertEq(_prove(4, 3, 0, 0), 8, "two");
        _tolerant();
        d[3] = abi.encodePacked(
            Descriptor.head(1, 1, 1, 0, 0, 3, 1, 97), Descriptor.box1(1), Descriptor.const32(0x3f800000)
        );
        assertEq(_prove(4, 3, 0, 0), 8, "an f32");
        _nothing(4, 2, 0, 0);
        header.toleranceAbs = 0;
        header.toleranceRel = 0;
        _nothing(4, 3, 0, 0); // an exact program may end in any
    }

    function testForeignDescriptor() public {
        _prove2(0, 1);
        _prove2(4, 0);
    }

    /// A descriptor that is not at its index, and an index outside the program.
    function _prove2(uint256 index, uint256 from) private {
        Inspector.Opened[] memory o = new Inspector.Opened[](1);
        o[0] = _open(from);
        o[0].index = index;
        header.programRoot = _node(
            _node(Descriptor.leaf(d[0]), Descriptor.leaf(d[1])), _node(Descriptor.leaf(d[2]), Descriptor.leaf(d[3]))
        );
        vm.expectRevert(Inspector.WrongDescriptor.selector);
        inspector.prove(header, 1, o, 0);
    }

    /// Whoever starves the inner call of gas has shown nothing.
    function testTooLittleGasProvesNothing() public {
        _nothing(1, 1, 0, 0);
        for (uint256 gas_ = 4000; gas_ < 250000; gas_ += 1000) {
            try this.starved{gas: gas_}() {
                revert Failed("a right program was voided for want of gas");
            } catch {}
        }
    }

    function starved() external {
        _prove(1, 1, 0, 0);
    }
}
