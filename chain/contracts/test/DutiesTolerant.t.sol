// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {DutiesWorld} from "./DutiesWorld.sol";
import {Claims} from "../src/Claims.sol";
import {Duties} from "../src/Duties.sol";
import {Body, Header} from "../src/Types.sol";

/// Duties of claims about a tolerant model: the output that is owed is the array that was claimed, here of 70 chunks, and
/// the trace that is published ends in a chunk which says that the claim holds (docs/protocol.md, 5.6 and 6).
contract DutiesTolerantTest is DutiesWorld {
    uint256 private constant CHUNKS = 70;
    uint256 private constant DEPTH = 7;

    mapping(uint256 => bytes) private hidden; // what a claimant hides behind the array's end

    function header() internal pure override returns (Header memory h) {
        h = super.header();
        h.outputChunk = 31;
        h.outputDepth = 0;
        h.toleranceAbs = 0x3a83126f;
        h.toleranceRel = uint64(CHUNKS << 32 | 0x3f800000);
    }

    function claimedBytes(uint256 i) private view returns (bytes memory) {
        if (hidden[i].length != 0) return hidden[i];
        return i < CHUNKS ? bytesOf(2000 + i) : new bytes(128);
    }

    function claimedNode(uint256 level, uint256 index) private view returns (bytes32) {
        if (level == 0) return keccak256(abi.encodePacked(uint8(0), claimedBytes(index)));
        return node(claimedNode(level - 1, 2 * index), claimedNode(level - 1, 2 * index + 1));
    }

    function block_(uint256 i) private view returns (bytes memory r, bytes32[] memory path) {
        for (uint256 k = 0; k < 32; ++k) {
            r = abi.encodePacked(r, claimedBytes(32 * i + k));
        }
        path = new bytes32[](2);
        path[0] = claimedNode(5, i ^ 1);
        path[1] = claimedNode(6, i >> 1 ^ 1);
    }

    function claim(bytes32 outputRoot) private returns (Body memory b) {
        b = body(1);
        b.outputRoot = outputRoot;
        vm.prank(alice);
        claims.post(b.modelId, b.inputRoot, b.outputRoot, b.lot, "", "");
    }

    function testTheClaimedOutputIsGiven() public {
        Body memory b = claim(claimedNode(DEPTH, 0));
        for (uint256 i = 0; i < 3; ++i) {
            ask(b, 1);
            assertEq(locked(bob), BASE + 32 * PER_CHUNK, "a block of 32");
            (bytes memory data, bytes32[] memory path) = block_(i);
            vm.expectEmit();
            emit Duties.Answered(claims.idOf(b), 1, uint32(i), data);
            duties.answer(b, data, path);
        }
        vm.expectRevert(Duties.AllGiven.selector); // the fourth block has none of the 70
        ask(b, 1);
        conserved();
    }

    function cannotAnswer(Body memory b, uint256 first) private {
        for (uint256 i = 0; i <= first; ++i) {
            ask(b, 1);
            (bytes memory data, bytes32[] memory path) = block_(i);
            if (i == first) vm.expectRevert(Duties.WrongPath.selector);
            duties.answer(b, data, path);
        }
        vm.warp(block.timestamp + DEMAND + 1);
        duties.unanswered(b);
        assertEq(status(b), 2, "lost");
        conserved();
    }

    /// One bit in a chunk behind the last one, in the last block: nobody who takes it for zero could show a path.
    function testNothingHidesInTheLastBlock() public {
        hidden[CHUNKS] = new bytes(128);
        hidden[CHUNKS][127] = 0x80;
        cannotAnswer(claim(claimedNode(DEPTH, 0)), 2);
    }

    /// The same in a block that is never demanded.
    function testNothingHidesBehindTheLastBlock() public {
        hidden[127] = new bytes(128);
        hidden[127][0] = 0x01;
        cannotAnswer(claim(claimedNode(DEPTH, 0)), 2);
    }

    /// The root of a tree of another depth has no answer at all: its nodes at the leaves' level are no leaves, or its leaves
    /// lie above.
    function testALongerOrShorterArrayHasNoAnswer() public {
        bytes32 whole = claimedNode(DEPTH, 0);
        cannotAnswer(claim(node(whole, whole)), 0);
        deploy(5000, address(0));
        cannotAnswer(claim(claimedNode(DEPTH - 1, 0)), 0);
    }

    function traceOf(bytes1 first) private view returns (bytes32 root) {
        root = keccak256(abi.encodePacked(uint8(0), first, new bytes(127)));
        for (uint256 i = 0; i < 5; ++i) {
            root = node(keccak256(abi.encode("level", i)), root); // chunk 31 of 32
        }
    }

    /// The trace does not hold the claimed output: it holds that the claim holds.
    function testWhatIsPublishedEndsInOne() public {
        Body memory b = claim(claimedNode(DEPTH, 0));
        bytes32[] memory path = new bytes32[](5);
        for (uint256 i = 0; i < 5; ++i) {
            path[i] = keccak256(abi.encode("level", i));
        }
        vm.warp(block.timestamp + EPOCH);
        uint256 e = recordFor(b, true);
        duties.draw(b, e);
        bytes32 fails = traceOf(0x00);
        bytes32 two = traceOf(0x02);
        bytes32 over = b.outputRoot;
        for (uint256 i = 0; i < 5; ++i) {
            over = node(path[i], over);
        }
        vm.startPrank(alice);
        vm.expectRevert(Duties.WrongPath.selector);
        duties.publish(b, fails, path);
        vm.expectRevert(Duties.WrongPath.selector);
        duties.publish(b, two, path);
        vm.expectRevert(Duties.WrongPath.selector); // as an exact claim would be published
        duties.publish(b, over, path);
        vm.expectEmit();
        emit Duties.Published(claims.idOf(b), traceOf(0x01));
        duties.publish(b, traceOf(0x01), path);
        vm.stopPrank();
        vm.warp(windowEnd(b) + 1);
        claims.finalize(b, e);
        assertEq(status(b), 3, "final");
        conserved();
    }
}
