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
        uint256[2] memory tally;
        uint256 kept;
        assembly {
            kept := mload(0x40)
        }
        while (offset < data.length) {
            assembly {
                mstore(0x40, kept) // a record's memory is not needed after it
            }
            bool good;
            (offset, good) = _record(data, offset, number++);
            tally[good ? 1 : 0] += 1;
        }
        assertTrue(tally[0] > 1000 && tally[1] > 1000, "too few descriptors of one kind to say anything");
    }

    function _record(bytes memory data, uint256 offset, uint256 number) private view returns (uint256, bool) {
        uint256 length = _uint(data, offset, 2);
        bytes memory descriptor = new bytes(length);
        assembly {
            mcopy(add(descriptor, 32), add(add(data, 34), offset), length)
        }
        offset += 2 + length;
        bool good = _uint(data, offset, 1) == 1;
        offset += 1;
        string memory name = string.concat("record ", vm.toString(number), " ", vm.toString(descriptor));
        (bool called, bytes memory result) =
            address(inspector).staticcall(abi.encodeCall(inspector.check, (descriptor, 1 << 26, 1 << 26)));
        if (!good) {
            assertTrue(!called, string.concat(name, ": taken for well formed"));
            assertTrue(
                result.length == 36 && bytes4(result) == Inspector.Violation.selector,
                string.concat(name, ": refused without a rule")
            );
            return (offset, false);
        }
        assertTrue(called, string.concat(name, ": refused"));
        Inspector.Digest memory d = abi.decode(result, (Inspector.Digest));
        assertEq(d.firstChunk, _uint(data, offset, 4), name);
        assertEq(d.span, _uint(data, offset + 4, 4), name);
        assertEq(d.cost, _uint(data, offset + 8, 8), name);
        assertEq(d.own, _uint(data, offset + 16, 8), name);
        assertEq(d.dtype, _uint(data, offset + 24, 1), name);
        assertEq(d.elements, _uint(data, offset + 25, 8), name);
        return (offset + 33, true);
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
