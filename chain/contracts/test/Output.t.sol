// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {World} from "./World.sol";
import {Body, State, Terms} from "../src/Types.sol";
import {Payouts} from "../src/game/Payouts.sol";

/// A trace that does not end in the output that was claimed, and challengers who say so of one that does.
contract OutputTest is World {
    function setUp() public {
        deploy();
        makeModel(12, 200);
        faults[1].on = true; // wrong from term 113 of element 17 on, and so the output
        faults[1].element = 17;
        faults[1].term = 113;
        faults[1].delta = 1;
    }

    function refused(bytes4 why, bytes32[] memory path) private {
        Terms memory t = words();
        uint256 a = claimants();
        vm.expectRevert(why);
        vm.prank(claimant());
        disputes.proveOutput(t, a, now_.b, path);
    }

    /// alice claims a wrong output, and commits to the true trace, in which bob finds nothing wrong. He asks for the output.
    function testATraceThatDoesNotEndInTheClaimedOutput() public {
        for (uint256 d = 2; d <= 14; d += 3) {
            makeModel(d, 200);
            uint256[2] memory before = [free(alice), free(bob)];
            bytes32 claimId = claim(1);
            challenge(claimId, bob);
            commit(0);
            challengeOutput();
            assertEq(phase(), 9, "phase Output");
            assertEq(now_.n, committed, "under the trace root");
            assertEq(made(), 2, "a move");
            // Whatever she has: the path of the true output, of the claimed one in the trace that ends in it, and no path.
            refused(Payouts.StaleState.selector, outputPath(0));
            refused(Payouts.StaleState.selector, outputPath(1));
            refused(Payouts.WrongLength.selector, new bytes32[](0));
            vm.warp(deadline() + 1);
            timeout();
            assertEq(outcome, 3, "bob wins");
            assertEq(reason, 2, "by time");
            assertEq(statusOf(claimId), 2, "the claim is lost");
            assertEq(free(bob), before[1] + CLAIM_BOND - CLAIM_BOND * BURN_BPS / 10000, "the prize");
            assertEq(free(alice), before[0] - CLAIM_BOND - CLAIM_FEE, "the bond");
            checkMoney();
        }
    }

    /// Who asks an honest claimant for the output loses the game to it, and nothing else happens to the claim.
    function testAnHonestClaimantShowsTheOutput() public {
        for (uint256 d = 2; d <= 26; d += 4) {
            makeModel(d, 200);
            bytes32 claimId = claim(0);
            uint256 initial = free(alice);
            uint256 challengers_ = free(bob);
            challenge(claimId, bob);
            commit(0);
            challengeOutput();
            move(1, 0);
            assertEq(outcome, 2, "alice wins");
            assertEq(reason, 5, "by the output");
            assertEq(computed, 0, "no step");
            assertEq(statusOf(claimId), 1, "open to others");
            assertEq(openGames(claimId), 0, "no game is left");
            assertEq(free(bob), challengers_ - CHALLENGER_BOND, "bob's bond");
            uint256 gain = uint256(CHALLENGER_BOND) - uint256(CHALLENGER_BOND) * BURN_BPS / 10000;
            assertEq(free(alice), initial + gain, "is alice's, but for what burns");
            checkMoney();
        }
    }

    /// In time, by the claimant, of the game's own claim, with a path of the right length, once.
    function testWhatProvesTheOutput() public {
        bytes32 other = claim(0);
        challenge(claim(0), bob);
        commit(0);
        challengeOutput();
        bytes32[] memory path = outputPath(0);
        bytes32[] memory longer = new bytes32[](path.length + 1);
        bytes32[] memory shorter = new bytes32[](path.length - 1);
        for (uint256 i = 0; i < path.length; ++i) {
            longer[i] = path[i];
            if (i + 1 < path.length) shorter[i] = path[i + 1];
        }
        refused(Payouts.WrongLength.selector, longer);
        refused(Payouts.WrongLength.selector, shorter);
        for (uint256 i = 0; i < path.length; ++i) {
            path[i] ^= bytes32(uint256(1));
            refused(Payouts.StaleState.selector, path);
            path[i] ^= bytes32(uint256(1));
        }
        Terms memory t = words();
        uint256 a = claimants();
        vm.expectRevert(Payouts.StaleState.selector);
        vm.prank(bob); // not his to prove
        disputes.proveOutput(t, a, now_.b, path);
        t.outputRoot = traceNode(0, 1, 0); // a block of the trace, but not what was claimed
        vm.expectRevert(Payouts.StaleState.selector);
        vm.prank(alice);
        disputes.proveOutput(t, a, now_.b, tracePath(0, 1, 0, depth));
        t = wordsOf(other);
        vm.expectRevert(Payouts.StaleState.selector); // the same output, of another claim
        vm.prank(alice);
        disputes.proveOutput(t, a, now_.b, path);
        uint256 undo = snapshot();
        vm.warp(deadline() + 1);
        refused(Payouts.TooLate.selector, path);
        restore(undo);
        vm.warp(deadline());
        sendOutput(path);
        refused(Payouts.StaleState.selector, path);
    }

    /// Another block of the trace with the very bytes that were claimed is not where the output belongs.
    function testTheOutputOfAnotherPlace() public {
        Body memory b = Body(0, 7 << 128, alice, modelId, inputRoot, traceNode(0, 1, 1)); // chunks 2 and 3, both zero
        challenge(post(b), bob);
        commit(0);
        challengeOutput();
        refused(Payouts.StaleState.selector, tracePath(0, 1, 1, depth));
        refused(Payouts.StaleState.selector, outputPath(0));
        vm.warp(deadline() + 1);
        timeout();
        assertEq(outcome, 3, "not the output");
    }

    /// Blocks that lie above, below and at the level of the nodes that a commitment shows; the whole trace as the output.
    function testBlocksOfEverySize() public {
        for (uint256 level_ = 0; level_ <= depth; ++level_) {
            header.lowering = 9; // another model, at every level
            header.outputDepth = uint32(level_);
            header.outputChunk = uint32((1 << depth) - (1 << level_));
            vm.prank(carol);
            modelId = models.register(header, "another block");
            uint256 index = (1 << (depth - level_)) - 1;
            challenge(post(Body(0, level_ << 128, alice, modelId, inputRoot, traceNode(0, level_, index))), bob);
            commit(0);
            challengeOutput();
            sendOutput(tracePath(0, level_, index, depth));
            hear();
            assertEq(outcome, 2, "alice wins");
            challenge(post(Body(0, level_ << 128, alice, modelId, inputRoot, traceNode(1, level_, index))), bob);
            commit(0);
            challengeOutput();
            refused(Payouts.StaleState.selector, tracePath(0, level_, index, depth));
        }
    }

    /// A trace of a tolerant model ends in the verdict 1, whatever was claimed: that is what the claimant shows.
    function testTheVerdictOfATolerantModel() public {
        makeModel(2, 1); // four chunks, which come raw with the commitment
        header.outputDepth = 0;
        header.outputChunk = 3;
        header.toleranceAbs = 0x3a83126f;
        header.toleranceRel = 5 << 32;
        vm.prank(carol);
        modelId = models.register(header, "a tolerant model");
        for (uint256 verdict = 0; verdict < 3; ++verdict) {
            challenge(post(Body(0, verdict << 128, alice, modelId, inputRoot, keccak256("claimed outputs"))), bob);
            bytes memory last = new bytes(128);
            last[0] = bytes1(uint8(verdict));
            bytes memory raw = abi.encodePacked(new bytes(3 * 128), last);
            uint256 a = claimants();
            vm.prank(alice);
            disputes.commitTrace(now_.claimId, a, now_.b, raw);
            hear();
            assertEq(phase(), 4, "raw chunks");
            challengeOutput();
            bytes32[] memory path = new bytes32[](2);
            (path[0], path[1]) = (zeros[0], zeros[1]);
            if (verdict != 1) {
                refused(Payouts.StaleState.selector, path);
                continue;
            }
            (path[0], path[1]) = (path[1], path[0]);
            refused(Payouts.StaleState.selector, path);
            (path[0], path[1]) = (path[1], path[0]);
            sendOutput(path);
            hear();
            assertEq(outcome, 2, "it holds");
            assertEq(reason, 5, "by the output");
        }
    }

    /// Only of the root, before any selection, by the challenger.
    function testWhenTheOutputIsAskedFor() public {
        challenge(claim(1), bob);
        uint256 b = challengers();
        vm.expectRevert(Payouts.WrongPhase.selector);
        vm.prank(bob);
        disputes.challengeOutput(now_.claimId, now_.a, b, now_.n); // nothing is committed to
        commit(1);
        b = challengers();
        vm.expectRevert(Payouts.StaleState.selector);
        vm.prank(alice);
        disputes.challengeOutput(now_.claimId, now_.a, b, now_.n);
        vm.expectRevert(Payouts.StaleState.selector);
        vm.prank(bob);
        disputes.challengeOutput(now_.claimId, now_.a, b, bytes32(uint256(now_.n) ^ 1));
        uint256 undo = snapshot();
        vm.warp(deadline() + 1);
        vm.expectRevert(Payouts.TooLate.selector);
        vm.prank(bob);
        disputes.challengeOutput(now_.claimId, now_.a, b, now_.n);
        restore(undo);
        for (uint256 p = 3; p <= 7; ++p) {
            playTo(p, 0, 1);
            while (p == 4 && round() == 0) move(0, 1);
            b = challengers();
            vm.expectRevert(Payouts.WrongPhase.selector);
            vm.prank(bob);
            disputes.challengeOutput(now_.claimId, now_.a, b, now_.n);
        }
        // In a later round neither.
        challenge(claim(1), bob);
        commit(1);
        move(0, 1);
        move(0, 1);
        assertEq(phase(), 2, "Select again");
        assertEq(round(), 1, "below the root");
        b = challengers();
        vm.expectRevert(Payouts.WrongPhase.selector);
        vm.prank(bob);
        disputes.challengeOutput(now_.claimId, now_.a, b, now_.n);
    }

    /// Both can give up while the output is asked for; the challenger costs itself the conceded share.
    function testConcedingWhileTheOutputIsAskedFor() public {
        challenge(claim(0), bob);
        commit(0);
        challengeOutput();
        uint256 undo = snapshot();
        uint256 before = free(bob);
        concede(bob);
        assertEq(outcome, 2, "bob gives up");
        assertEq(free(bob), before + CHALLENGER_BOND - uint256(CHALLENGER_BOND) * CONCEDE_BPS / 10000, "the rest of it");
        checkMoney();
        restore(undo);
        concede(alice);
        assertEq(outcome, 3, "alice gives up");
        checkMoney();
    }

    /// Games of one claim share a trace root: one asks for the output, the other selects, and each ends as it must.
    function testOneRootTwoQuestions() public {
        bytes32 claimId = claim(1);
        challenge(claimId, bob);
        State memory asked = now_;
        challenge(claimId, carol);
        State memory played = now_;
        now_ = asked;
        commit(1);
        challengeOutput();
        asked = now_;
        now_ = played;
        commit(1);
        selectNode(0, 1);
        played = now_;
        now_ = asked;
        move(0, 1); // the wrong trace does end in the wrong output: bob asked the wrong question
        assertEq(outcome, 2, "bob loses");
        outcome = 0;
        now_ = played;
        play(0, 1);
        assertEq(outcome, 3, "carol selects what differs");
        assertEq(statusOf(claimId), 2, "invalid");
        checkMoney();
    }

    /// Asked for the output of a claim that an earlier game has won meanwhile: the game is closed, proven or not, and the moves
    /// of the challenger are refunded: its challenge and the question.
    function testOvertakenWhileTheOutputIsAskedFor() public {
        bytes32 claimId = claim(1);
        challenge(claimId, bob);
        State memory first = now_;
        challenge(claimId, carol);
        commit(1);
        challengeOutput();
        State memory second = now_;
        now_ = first;
        play(0, 1);
        assertEq(outcome, 3, "bob wins");
        now_ = second;
        outcome = 0;
        uint256 undo = snapshot();
        uint256 carols = free(carol);
        for (uint256 way = 0; way < 3; ++way) {
            if (way == 0) {
                move(0, 1);
            } else if (way == 1) {
                vm.warp(deadline() + 1);
                timeout();
            } else {
                close();
            }
            assertEq(outcome, 4, "closed");
            assertEq(free(carol), carols + 2 * CHALLENGER_BOND + 2 * REFUND_PER_MOVE, "bond and refunds");
            checkMoney();
            restore(undo);
            outcome = 0;
        }
    }
}
