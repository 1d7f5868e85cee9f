// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {World} from "./World.sol";
import {Descriptor as D} from "./Descriptor.sol";
import {Body, Header, Terms} from "../src/Types.sol";

/// Traces of one and of two chunks, where nothing is left to descend: the raw chunks come with the commit.
contract ShallowTest is World {
    bytes private only; // the descriptor
    bytes[2] private chunks;
    bytes32 private id;

    function setUp() public {
        deploy();
    }

    /// One instruction, n elements of i64: a map of 3 * p, or a fold of K = 0 with init 3 * p.
    function make(uint256 n, bool fold) private {
        bytes memory value = D.iota(D.line(0, 3, 0));
        uint8 depth_ = n > 16 ? 1 : 0;
        uint32 span = uint32(1) << depth_;
        if (fold) {
            only = abi.encodePacked(
                D.head(2, 0x82, 7, 7, 0, 0, span, uint64(n)), D.box2(n, 0), value, D.iota(D.line(0, 0, 1))
            );
        } else {
            only = abi.encodePacked(D.head(1, 0x81, 7, 0, 0, 0, span, uint64(n)), D.box1(n), value);
        }
        for (uint256 c = 0; c < 2; ++c) {
            chunks[c] = "";
            for (uint256 i = 16 * c; i < 16 * c + 16; ++i) {
                chunks[c] = abi.encodePacked(chunks[c], little(i < n ? uint64(3 * i) : 0));
            }
        }
        vm.prank(carol);
        id = models.register(
            Header({
                domain: keccak256("gainsay.model"),
                law: 1,
                lowering: 0,
                onnxHash: 0,
                programRoot: D.leaf(only),
                instructions: 1,
                weightsRoot: 0,
                weightsChunks: 0,
                inputsChunks: 0,
                traceDepth: depth_,
                outputChunk: 0,
                outputDepth: depth_,
                outputs: 1,
                cost: uint64(n),
                toleranceAbs: 0,
                toleranceRel: 0,
                ioHash: 0
            }),
            ""
        );
        depth = depth_;
    }

    /// Both sides around one element. damage: the claimant's element is wrong.
    function play(uint256 element, bool damage) private {
        if (damage) chunks[element / 16][(element % 16) * 8] ^= 0x01;
        bytes32 root = leafOf(chunks[0]);
        bytes memory raw = chunks[0];
        if (depth == 1) {
            root = nodeOf(root, leafOf(chunks[1]));
            raw = abi.encodePacked(raw, chunks[1]);
        }
        challenge(post(Body(0, uint256(element) << 128, alice, id, 0, root)), bob);
        Terms memory t = words();
        uint256 a = claimants();
        vm.prank(alice);
        disputes.commitTrace(now_.claimId, a, now_.b, raw);
        hear();
        assertEq(committed, root, "the trace is the output");
        assertEq(phase(), 4, "raw chunks at once");
        uint256 c = element / 16;
        bytes32[] memory siblings = new bytes32[](depth);
        if (depth == 1) siblings[0] = leafOf(chunks[c ^ 1]);
        uint256 b = challengers();
        vm.prank(bob);
        disputes.selectElement(
            t, now_.a, b, (element % 16) << 32 | c, chunks[c], siblings, only, new bytes32[](0)
        );
        hear();
        if (phase() == 5) {
            // K = 0: s_0 and then the stored value
            assertEq(high(), 1, "two states");
            bytes memory init = abi.encodePacked(uint64(3 * element));
            sendStates(init);
            hear();
            sendSegment(1, init);
            hear();
            assertEq(low(), 1, "the final step");
        }
        sendProof(alice, only, "");
        hear();
        assertEq(outcome, damage ? 3 : 2, "outcome");
        checkMoney();
    }

    function testOneChunk() public {
        make(8, false);
        play(5, false);
    }

    function testOneChunkWrong() public {
        make(8, false);
        play(5, true);
    }

    function testOneChunkPadding() public {
        make(8, false);
        play(12, true);
    }

    function testTwoChunks() public {
        make(20, false);
        play(17, false);
    }

    function testTwoChunksWrong() public {
        make(20, false);
        play(17, true);
    }

    function testEmptyFold() public {
        make(20, true);
        play(3, false);
    }

    function testEmptyFoldWrong() public {
        make(20, true);
        play(3, true);
    }

    function testEmptyFoldPadding() public {
        make(20, true);
        play(31, true);
    }
}
