// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Descriptor as D} from "./Descriptor.sol";
import {World} from "./World.sol";
import {Claims} from "../src/Claims.sol";
import {Body, State, Terms} from "../src/Types.sol";
import {Payouts} from "../src/game/Payouts.sol";
import {Judge} from "../src/judge/Judge.sol";

/// What the moves show must belong to what was said before.
contract DisputesShownTest is World {
    function setUp() public {
        deploy();
        makeModel(12, 200);
        faults[1].on = true; // wrong from term 113 of element 17 on
        faults[1].element = 17;
        faults[1].term = 113;
        faults[1].delta = 1;
    }

    function testWhatACommitmentShows() public {
        challenge(claim(1), bob);
        uint256 a = claimants();
        bytes32 claimId = now_.claimId;
        bytes memory nodes = revealed(1);
        assertEq(nodes.length, 32 * 32, "five levels");
        refusedCommit(Payouts.WrongLength.selector, claimId, a, abi.encodePacked(nodes, bytes32(0)));
        refusedCommit(Payouts.WrongLength.selector, claimId, a, new bytes(16 * 32));
        refusedCommit(Payouts.WrongLength.selector, claimId, a, "");
        refusedCommit(Payouts.StaleState.selector, claimId, a ^ 1 << 40, nodes); // another depth, as many levels
        refusedCommit(Payouts.StaleState.selector, keccak256("another claim"), a, nodes);
        vm.prank(alice);
        disputes.commitTrace(claimId, a, now_.b, nodes);
        hear();
        assertEq(now_.n, traceNode(1, depth, 0), "the trace root");
    }

    function refusedCommit(bytes4 why, bytes32 claimId, uint256 a, bytes memory nodes) private {
        vm.expectRevert(why);
        vm.prank(alice);
        disputes.commitTrace(claimId, a, now_.b, nodes);
    }

    function testOneTraceForAllGamesOfAClaim() public {
        faults[2] = faults[1]; // the same output, and damage elsewhere
        faults[2].raw = true;
        faults[2].chunk = 100;
        bytes32 claimId = claim(1);
        challenge(claimId, bob);
        State memory bobs = now_;
        challenge(claimId, carol);
        commit(1);
        assertEq(claims.slotOf(claimId) >> 96, uint160(uint256(committed)), "bound");
        now_ = bobs;
        uint256 a = claimants();
        bytes memory nodes = revealed(2);
        refusedCommit(Claims.WrongTraceRoot.selector, claimId, a, nodes);
        commit(1);
        assertEq(phase(), 2, "the same root is fine");
    }

    function testRevealsHashToTheNode() public {
        challenge(claim(1), bob);
        playTo(3, 0, 1);
        uint256 a = claimants();
        bytes memory nodes = revealed(1);
        refusedReveal(Payouts.WrongLength.selector, a, abi.encodePacked(nodes, bytes32(0)));
        refusedReveal(Payouts.WrongLength.selector, a, "");
        nodes[3] ^= 0x01;
        refusedReveal(Payouts.StaleState.selector, a, nodes);
        // Behind the last round, what is left are chunks.
        while (phase() != 3 || levels(round()) != 0) move(0, 1);
        a = claimants();
        nodes = revealed(1);
        refusedReveal(Payouts.WrongLength.selector, a, new bytes(128));
        nodes[500] ^= 0x01;
        refusedReveal(Payouts.StaleState.selector, a, nodes);
        nodes[500] ^= 0x01;
        vm.prank(alice);
        disputes.reveal(now_.claimId, a, now_.b, nodes);
    }

    function refusedReveal(bytes4 why, uint256 a, bytes memory nodes) private {
        vm.expectRevert(why);
        vm.prank(alice);
        disputes.reveal(now_.claimId, a, now_.b, nodes);
    }

    function testSelections() public {
        challenge(claim(1), bob);
        commit(1);
        bytes32 hash = traceNode(1, depth - 5, 31); // the only one that is not all zeros, beside 0
        bytes32[] memory path = tracePath(1, depth - 5, 31, depth);
        refusedSelect(Payouts.StaleState.selector, 30, hash, path); // it is number 31
        refusedSelect(Payouts.OutOfRange.selector, 32 + 31, hash, path);
        refusedSelect(Payouts.OutOfRange.selector, 1 << 255 | 31, hash, path);
        refusedSelect(Payouts.WrongLength.selector, 0, traceNode(1, depth - 4, 0), tracePath(1, depth - 4, 0, depth));
        refusedSelect(Payouts.WrongLength.selector, 0, traceNode(1, depth - 6, 0), tracePath(1, depth - 6, 0, depth));
        refusedSelect(Payouts.StaleState.selector, 31, keccak256("a node"), path);
        selectChild(1, 31);
        assertEq(now_.n, hash, "node");
        assertEq(position(), 31, "position");
        assertEq(round(), 1, "round");
        assertEq(made(), 2, "moves");
    }

    function refusedSelect(bytes4 why, uint256 child, bytes32 hash, bytes32[] memory path) private {
        uint256 b = challengers();
        vm.expectRevert(why);
        vm.prank(bob);
        disputes.select(now_.claimId, now_.a, b, child, hash, path);
    }

    function testElements() public {
        challenge(claim(1), bob);
        playTo(4, 0, 1);
        Pick memory p = pickOf(1, 1, 1);
        uint256 right = p.pick;
        p.pick = right | 4;
        refusedPick(Payouts.OutOfRange.selector, p); // child 5 of 4
        p.pick = right & ~uint256(1);
        refusedPick(Payouts.StaleState.selector, p); // the chunk is child 1
        p.pick = right | 2 << 64;
        refusedPick(Payouts.OutOfRange.selector, p); // instruction 2 of 2, whose low bit is instruction 0's
        p.pick = right | 1 << 255;
        refusedPick(Payouts.OutOfRange.selector, p);
        p.pick = right | 16 << 32;
        refusedPick(Payouts.OutOfRange.selector, p); // slot 17 of 16
        p.pick = right;
        p.chunk[8] ^= 0x01;
        refusedPick(Payouts.StaleState.selector, p);
        p.chunk[8] ^= 0x01;
        p.chunk = abi.encodePacked(p.chunk, uint8(0));
        refusedPick(Payouts.WrongLength.selector, p);
        p = pickOf(1, 1, 1);
        p.siblings = new bytes32[](1);
        refusedPick(Payouts.WrongLength.selector, p);
        p = pickOf(1, 1, 1);
        p.path = new bytes32[](2);
        refusedPick(Payouts.WrongLength.selector, p);
        p = pickOf(1, 1, 1);
        p.descriptor = abi.encodePacked(p.descriptor, uint8(0)); // one that the program does not have
        refusedPick(Payouts.WrongDescriptor.selector, p);
        // The other instruction, properly opened, does not cover the chunk.
        p.descriptor = descriptor[1];
        p.path = programPath(1);
        p.pick = right | 1 << 64;
        refusedPick(Payouts.OutOfRange.selector, p);
        p = pickOf(1, 1, 1);
        sendPick(p);
        hear();
        assertEq(element(), 17, "16 elements a chunk");
        assertEq(now_.n, D.leaf(descriptor[0]), "the descriptor");
        assertEq(low(), 0, "nothing is agreed");
        assertEq(high(), 201, "the stored value is in question");
        assertEq(now_.c & type(uint64).max, stateOf(1, 17, 201), "it");
    }

    function refusedPick(bytes4 why, Pick memory p) private {
        Terms memory t = words();
        uint256 b = challengers();
        vm.expectRevert(why);
        vm.prank(bob);
        disputes.selectElement(t, now_.a, b, p.pick, p.chunk, p.siblings, p.descriptor, p.path);
    }

    /// A node's children are not a chunk, and a chunk is not a node: the tags differ.
    function testNodeIsNoLeafAndLeafNoNode() public {
        challenge(claim(1), bob);
        playTo(4, 0, 1);
        uint256 base = position() << 2;
        Pick memory p = pickOf(1, 0, 0);
        // The node of the last round, over its own four chunks' leaves, as one 128-byte chunk.
        p.chunk = "";
        for (uint256 i = 0; i < 4; ++i) {
            p.chunk = abi.encodePacked(p.chunk, traceNode(1, 0, base + i));
        }
        refusedPick(Payouts.StaleState.selector, p);
        // The program's leaf is tagged too: two leaf hashes side by side are no descriptor.
        p = pickOf(1, 0, 0);
        p.descriptor = abi.encodePacked(D.leaf(descriptor[0]), D.leaf(descriptor[1]));
        p.path = new bytes32[](0);
        refusedPick(Payouts.WrongLength.selector, p);
    }

    function testStatesAndSegments() public {
        challenge(claim(1), bob);
        playTo(5, 0, 1);
        bytes memory values = states(1);
        assertEq(values.length, 8 * 50, "201 states, every fourth");
        uint256 a = claimants();
        for (uint256 i = 0; i < 4; ++i) {
            uint256 n = [uint256(8 * 51), 8 * 49, 8 * 50 - 1, 0][i];
            vm.expectRevert(Payouts.WrongLength.selector);
            vm.prank(alice);
            disputes.revealStates(now_.claimId, a, now_.b, now_.n, now_.c, new bytes(n));
        }
        revealStateValues(1);
        refusedSegment(Payouts.OutOfRange.selector, 51, values);
        refusedSegment(Payouts.OutOfRange.selector, 1 << 255, values);
        refusedSegment(Payouts.StaleState.selector, 0, states(0));
        refusedSegment(Payouts.StaleState.selector, 0, "");
        uint256 undo = snapshot();
        pickSegment(0);
        // s_3, s_7, ... are shown; s_111 is agreed, s_115 is the first that differs.
        assertEq(low(), 112, "low");
        assertEq(high(), 115, "high");
        assertEq(now_.c >> 64 & type(uint64).max, stateOf(0, 17, 111), "low value");
        assertEq(now_.c & type(uint64).max, stateOf(1, 17, 115), "high value");
        assertEq(element(), 17, "element");
        assertEq(now_.v, bytes32(0), "no values");
        assertEq(phase(), 5, "once more");
        play(0, 1);
        assertEq(outcome, 3, "");
        restore(undo);
        sendSegment(0, values); // before the first that is shown: nothing is agreed
        hear();
        assertEq(now_.c >> 64, uint256(17) << 112 | 0 << 88 | 3 << 64, "element, low, high, low value");
        restore(undo);
        sendSegment(50, values); // behind the last: the stored value stays in question
        hear();
        assertEq(low(), 200, "low");
        assertEq(high(), 201, "high");
        assertEq(now_.c & type(uint64).max, stateOf(1, 17, 201), "stored");
        assertEq(now_.c >> 64 & type(uint64).max, stateOf(1, 17, 199), "the last that was shown");
    }

    function refusedSegment(bytes4 why, uint256 segment, bytes memory values) private {
        uint256 b = challengers();
        vm.expectRevert(why);
        vm.prank(bob);
        disputes.selectSegment(now_.claimId, now_.a, b, now_.n, now_.c, segment, values);
    }

    /// Registers of four bytes are shown in four.
    function testNarrowStates() public {
        challenge(claim(1), bob);
        playTo(5, 0, 1);
        bytes memory values;
        for (uint256 i = 1; i <= 50; ++i) {
            values = abi.encodePacked(values, uint32(0x1000 * i + 7));
        }
        sendStates(values);
        hear();
        sendSegment(3, values);
        hear();
        assertEq(low(), 12, "low");
        assertEq(high(), 15, "high");
        assertEq(now_.c >> 64 & type(uint64).max, 0x3007, "low value");
        assertEq(now_.c & type(uint64).max, 0x4007, "high value");
    }

    function testWrongProofs() public {
        challenge(claim(1), bob);
        playTo(7, 0, 1);
        assertEq(high(), 113, "the step");
        (bytes memory d, bytes memory o) = openings(1);
        o[140] ^= 0x80;
        refusedProof(Judge.WrongOpening.selector, committed, d, o);
        o[140] ^= 0x80;
        refusedProof(Judge.WrongOpeningsLength.selector, committed, d, abi.encodePacked(o, uint8(0)));
        refusedProof(Payouts.WrongTraceRoot.selector, bytes32(uint256(committed) ^ 1), d, o);
        refusedProof(Payouts.StaleState.selector, committed, descriptor[1], o);
        prove(bob, 1);
        assertEq(outcome, 3, "the challenger may prove it wrong at once");
        assertEq(computed, stateOf(0, 17, 113), "what is right");
    }

    function refusedProof(bytes4 why, bytes32 root, bytes memory d, bytes memory o) private {
        Terms memory t = words();
        vm.expectRevert(why);
        vm.prank(bob);
        disputes.proveStep(t, now_.a, now_.b, now_.c, root, d, o);
    }

    // ---- the last selection and the proof in one call ----

    function testSelectSegmentAndProve() public {
        challenge(claim(1), bob);
        playTo(6, 0, 1);
        bytes memory d = descriptor[0];
        bytes memory o = flatOpening(2, 1);
        refusedBoth(Payouts.WrongPhase.selector, segmentOf(0), d, o); // more than a step is left
        pickSegment(0);
        playTo(6, 0, 1);
        uint256 segment = segmentOf(0);
        refusedBoth(Payouts.StaleState.selector, segment, descriptor[1], o);
        refusedBoth(Payouts.OutOfRange.selector, 4, d, o);
        refusedBoth(Judge.WrongOpeningsLength.selector, segment, d, "");
        Terms memory t = words();
        uint256 b = challengers();
        vm.prank(bob);
        disputes.selectSegmentAndProve(t, now_.a, b, now_.c, segment, shown, committed, d, o);
        hear();
        assertEq(outcome, 3, "the claimant was wrong");
        assertEq(reason, 1, "by a step");
        assertEq(computed, stateOf(0, 17, 113), "what is right");
        checkMoney();
    }

    function refusedBoth(bytes4 why, uint256 segment, bytes memory d, bytes memory o) private {
        Terms memory t = words();
        uint256 b = challengers();
        vm.expectRevert(why);
        vm.prank(bob);
        disputes.selectSegmentAndProve(t, now_.a, b, now_.c, segment, shown, committed, d, o);
    }

    function testSelectElementAndProve() public {
        faults[1].instruction = 1; // the map's output alone
        challenge(claim(1), bob);
        playTo(4, 0, 1);
        (uint256 child, uint256 slot) = firstDifference(0, 1);
        Pick memory p = pickOf(1, child, slot);
        (, bytes memory o) = openingsOf(1, outputChunk() + 1, 17, 0);
        Terms memory t = words();
        uint256 b = challengers();
        vm.expectRevert(Judge.WrongOpening.selector); // of an array with that root there is no such chunk
        vm.prank(bob);
        disputes.selectElementAndProve(
            t, now_.a, b, p.pick, p.chunk, p.siblings, p.descriptor, p.path, bytes32(0), o
        );
        vm.prank(bob);
        disputes.selectElementAndProve(t, now_.a, b, p.pick, p.chunk, p.siblings, p.descriptor, p.path, committed, o);
        hear();
        assertEq(outcome, 3, "the claimant was wrong");
        assertEq(computed, outputOf(0, 17), "what is right");
        checkMoney();
        // An element of a fold is not proven yet.
        faults[1].instruction = 0;
        challenge(claim(1), bob);
        playTo(4, 0, 1);
        (child, slot) = firstDifference(0, 1);
        p = pickOf(1, child, slot);
        b = challengers();
        t = words();
        vm.expectRevert(Payouts.WrongPhase.selector);
        vm.prank(bob);
        disputes.selectElementAndProve(t, now_.a, b, p.pick, p.chunk, p.siblings, p.descriptor, p.path, committed, o);
    }
}
