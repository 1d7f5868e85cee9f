// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {World} from "./World.sol";
import {Claims} from "../src/Claims.sol";
import {Disputes} from "../src/Disputes.sol";
import {Body, State, Terms} from "../src/Types.sol";
import {Payouts} from "../src/game/Payouts.sol";

/// The rules around the moves: who, when, and on which state.
contract DisputesRulesTest is World {
    address internal dave = address(0xDA7E);

    function setUp() public {
        deploy();
        makeModel(12, 200);
        faults[1].on = true; // wrong from term 113 of element 17 on
        faults[1].element = 17;
        faults[1].term = 113;
        faults[1].delta = 1;
    }

    // ---- opening ----

    function testStateAfterTheChallenge() public {
        bytes32 claimId = claim(1);
        challenge(claimId, bob);
        assertEq(now_.claimId, claimId, "claim");
        assertEq(claimant(), alice, "claimant");
        assertEq(challenger(), bob, "challenger");
        assertEq(now_.a << 160 >> 160, 1 << 64 | 1 << 56 | 12 << 40, "ordinal 0, one unit, phase Commit, the model's depth, the rest 0");
        assertEq(deadline(), block.timestamp + BUDGET, "deadline");
        assertEq(claimantLeft(), BUDGET, "left");
        assertEq(challengerLeft(), BUDGET, "left");
        assertEq(now_.b & 0xff, 0, "unused");
        assertEq(locked(bob), CHALLENGER_BOND, "one bond");
    }

    function testBondsRiseWithOpenGames() public {
        bytes32 claimId = claim(1);
        challenge(claimId, bob);
        State memory first = now_;
        challenge(claimId, bob); // nothing forbids it: it pays two bonds
        assertEq(ordinal(), 1, "the second game");
        assertEq(units(), 2, "two units");
        assertEq(locked(bob), 3 * CHALLENGER_BOND, "one and two");
        now_ = first;
        concede(bob);
        challenge(claimId, carol);
        assertEq(ordinal(), 2, "ordinals are never used again");
        assertEq(units(), 2, "but one of two is over");
        assertEq(locked(carol) - 1 ether, 2 * CHALLENGER_BOND, "carol's");
    }

    function testNoGameIsReopened() public {
        bytes32 claimId = claim(0);
        challenge(claimId, bob);
        State memory opened = now_;
        play(1, 0);
        assertEq(outcome, 2, "bob lost");
        now_ = opened;
        vm.warp(deadline() + 1);
        Terms memory t = words();
        vm.expectRevert(Payouts.StaleState.selector);
        disputes.timeout(t, opened.a, opened.b, 0, 0, 0);
        vm.warp(deadline());
        vm.expectRevert(Payouts.StaleState.selector);
        vm.prank(bob);
        disputes.concede(t, opened.a, opened.b, 0, 0, 0);
        challenge(claimId, bob);
        assertTrue(keyOf(now_) != keyOf(opened), "another game, another bond");
    }

    function testNobodyChallengesItself() public {
        bytes32 claimId = claim(1);
        Body memory b = bodies[claimId];
        vm.expectRevert(Payouts.SelfChallenge.selector);
        vm.prank(alice);
        disputes.challenge(b);
    }

    function testWindowEdge() public {
        bytes32 claimId = claim(1);
        Body memory b = bodies[claimId];
        uint256 end = windowEnd(claimId);
        vm.warp(end);
        vm.expectRevert(Claims.WindowOpen.selector);
        claims.finalize(b, 0);
        challenge(claimId, bob); // the last second counts
        vm.warp(end + 1);
        vm.expectRevert(Claims.WindowOver.selector);
        vm.prank(carol);
        disputes.challenge(b);
        vm.expectRevert(Claims.GamesOpen.selector);
        claims.finalize(b, 0);
    }

    function testABodyThatNobodyClaimed() public {
        Body memory b = bodies[claim(1)];
        b.outputRoot = keccak256("another");
        vm.expectRevert(Claims.UnknownClaim.selector);
        vm.prank(bob);
        disputes.challenge(b);
        b = bodies[claim(1)];
        b.claimant = carol; // her name on alice's claim
        vm.expectRevert(Claims.UnknownClaim.selector);
        vm.prank(bob);
        disputes.challenge(b);
    }

    function testNoBondNoChallenge() public {
        Body memory b = bodies[claim(1)];
        vm.expectRevert(
            abi.encodeWithSelector(bytes4(keccak256("Insufficient(uint256,uint256)")), 0, CHALLENGER_BOND)
        );
        vm.prank(dave);
        disputes.challenge(b);
    }

    // ---- clocks ----

    function testTimeoutAtTheSecond() public {
        bytes32 claimId = claim(0);
        challenge(claimId, bob);
        State memory s = now_;
        Terms memory t = words();
        vm.warp(deadline());
        vm.expectRevert(Payouts.NotOver.selector);
        disputes.timeout(t, s.a, s.b, s.n, s.c, s.v);
        uint256 undo = snapshot();
        commit(0); // at the last second a move is good
        assertEq(claimantLeft(), 0, "nothing left");
        assertEq(deadline(), block.timestamp + BUDGET, "the challenger's clock");
        restore(undo);
        now_ = s;
        vm.warp(deadline() + 1);
        uint256 a = claimants();
        bytes memory nodes = revealed(0);
        vm.expectRevert(Payouts.TooLate.selector);
        vm.prank(alice);
        disputes.commitTrace(claimId, a, s.b, nodes);
        vm.prank(dave); // anybody
        disputes.timeout(t, s.a, s.b, s.n, s.c, s.v);
        hear();
        assertEq(outcome, 3, "the claimant was silent");
        assertEq(reason, 2, "by timeout");
    }

    function testEveryMoveIsTooLateASecondAfter() public {
        for (uint256 p = 1; p <= 9; ++p) {
            if (p == 8) continue;
            uint256 undo = snapshot();
            challenge(claim(1), bob);
            playTo(p, 0, 1);
            uint256 again = snapshot();
            vm.warp(deadline() + 1);
            assertTrue(!this.tryMove(), "too late");
            restore(again);
            vm.warp(deadline());
            assertTrue(this.tryMove(), "at the last second");
            restore(undo);
        }
    }

    function tryMove() external returns (bool) {
        try this.moveOnce() {
            return true;
        } catch (bytes memory why) {
            assertEq(bytes32(bytes4(why)), bytes32(Payouts.TooLate.selector), "why");
            return false;
        }
    }

    function moveOnce() external {
        move(0, 1);
    }

    function testNoReplyHasLessThanTheMinimum() public {
        challenge(claim(1), bob);
        vm.warp(deadline() - 3);
        commit(1);
        assertEq(claimantLeft(), 3, "left");
        vm.warp(block.timestamp + 7);
        selectNode(0, 1);
        assertEq(challengerLeft(), BUDGET - 7, "seven seconds");
        assertEq(deadline(), block.timestamp + MINIMUM, "extended");
        vm.warp(deadline() - 20);
        revealNodes(1);
        assertEq(claimantLeft(), 20, "the extension counts as left");
        assertEq(deadline(), block.timestamp + BUDGET - 7, "the challenger's clock goes on");
    }

    function testEveryPhaseTimesOut() public {
        for (uint256 p = 1; p <= 9; ++p) {
            if (p == 8) continue;
            uint256 undo = snapshot();
            challenge(claim(1), bob);
            playTo(p, 0, 1);
            vm.warp(deadline() + 1);
            timeout();
            assertEq(outcome, p == 2 || p == 4 || p == 6 ? 2 : 3, "whose clock ran");
            assertEq(openGames(now_.claimId), 0, "no game is open");
            checkMoney();
            restore(undo);
        }
    }

    // ---- the right side, phase and state ----

    /// Who is not the side that must move makes another state; what stands in the place of its address does not matter.
    function testWrongMover() public {
        challenge(claim(1), bob);
        uint256 a = claimants();
        bytes memory nodes = revealed(1);
        Terms memory t = words();
        for (uint256 i = 0; i < 2; ++i) {
            vm.expectRevert(Payouts.StaleState.selector);
            vm.prank(i == 0 ? bob : carol);
            disputes.commitTrace(now_.claimId, now_.a, now_.b, nodes);
        }
        uint256 undo = snapshot();
        vm.prank(alice);
        disputes.commitTrace(now_.claimId, a | uint256(uint160(carol)) << 96, now_.b, nodes); // the sender's name counts
        restore(undo);
        commit(1);
        bytes32 hash = traceNode(1, depth - 5, 0);
        bytes32[] memory path = tracePath(1, depth - 5, 0, depth);
        vm.expectRevert(Payouts.StaleState.selector);
        vm.prank(alice);
        disputes.select(now_.claimId, now_.a, now_.b, 0, hash, path);
        playTo(7, 0, 1);
        (bytes memory d, bytes memory o) = openings(1);
        vm.expectRevert(Payouts.NotYourMove.selector);
        vm.prank(carol);
        disputes.proveStep(t, now_.a, now_.b, now_.c, committed, d, o);
        vm.expectRevert(Payouts.NotYourMove.selector);
        vm.prank(carol);
        disputes.concede(t, now_.a, now_.b, now_.n, now_.c, now_.v);
    }

    function testWrongPhase() public {
        challenge(claim(1), bob);
        Terms memory t = words();
        uint256 a = claimants();
        bytes32[] memory none = new bytes32[](0);
        vm.startPrank(alice);
        vm.expectRevert(Payouts.WrongPhase.selector);
        disputes.reveal(now_.claimId, a, now_.b, "");
        vm.expectRevert(Payouts.WrongPhase.selector);
        disputes.revealStates(now_.claimId, a, now_.b, 0, 0, "");
        vm.expectRevert(Payouts.WrongPhase.selector);
        disputes.proveStep(t, now_.a, now_.b, 0, 0, "", "");
        vm.expectRevert(Payouts.WrongPhase.selector);
        disputes.proveOutput(t, a, now_.b, none);
        vm.stopPrank();
        vm.startPrank(bob);
        vm.expectRevert(Payouts.WrongPhase.selector);
        disputes.select(now_.claimId, now_.a, 0, 0, 0, none);
        vm.expectRevert(Payouts.WrongPhase.selector);
        disputes.challengeOutput(now_.claimId, now_.a, 0, 0);
        vm.expectRevert(Payouts.WrongPhase.selector);
        disputes.selectElement(t, now_.a, 0, 0, "", none, "", none);
        vm.expectRevert(Payouts.WrongPhase.selector);
        disputes.selectSegment(now_.claimId, now_.a, 0, 0, 0, 0, "");
        vm.expectRevert(Payouts.WrongPhase.selector);
        disputes.selectElementAndProve(t, now_.a, 0, 0, "", none, "", none, 0, "");
        vm.expectRevert(Payouts.WrongPhase.selector);
        disputes.selectSegmentAndProve(t, now_.a, 0, 0, 0, "", 0, "", "");
        vm.stopPrank();
        commit(1);
        bytes memory nodes = revealed(1);
        vm.expectRevert(Payouts.WrongPhase.selector);
        vm.prank(alice);
        disputes.commitTrace(now_.claimId, now_.a, now_.b, nodes);
        // A phase that the stored state is not in.
        a = now_.a & ~(uint256(0xff) << 56) | 3 << 56;
        vm.expectRevert(Payouts.StaleState.selector);
        vm.prank(alice);
        disputes.reveal(now_.claimId, a, now_.b, nodes);
    }

    /// Every bit of the words counts, unused ones too.
    function testDirtyBits() public {
        challenge(claim(1), bob);
        playTo(5, 0, 1);
        bytes memory values = states(1);
        uint256 a = claimants();
        for (uint256 i = 0; i < 256; ++i) {
            uint256 bit = 1 << i;
            if (i < 56 || (i >= 64 && i < 96)) refusedStates(a ^ bit, now_.b, now_.n, now_.c, values);
            // A deadline that has passed is too late, whatever was stored; 2^39 s more is not.
            if (i < 56 || i >= 88) refusedStates(a, now_.b ^ bit, now_.n, now_.c, values);
            refusedStates(a, now_.b, bytes32(uint256(now_.n) ^ bit), now_.c, values);
            refusedStates(a, now_.b, now_.n, now_.c ^ bit, values);
        }
        revealStateValues(1);
    }

    function refusedStates(uint256 a, uint256 b, bytes32 n, uint256 c, bytes memory values) private {
        vm.expectRevert(Payouts.StaleState.selector);
        vm.prank(alice);
        disputes.revealStates(now_.claimId, a, b, n, c, values);
    }

    function testStaleState() public {
        bytes32 claimId = claim(1);
        challenge(claimId, bob);
        State memory s = now_;
        uint256 a = claimants();
        bytes memory nodes = revealed(1);
        commit(1);
        Terms memory t = words();
        vm.expectRevert(Payouts.StaleState.selector); // the same move again
        vm.prank(alice);
        disputes.commitTrace(claimId, a, s.b, nodes);
        vm.warp(s.b >> 56 & type(uint40).max);
        vm.expectRevert(Payouts.StaleState.selector);
        vm.prank(alice);
        disputes.concede(t, s.a, s.b, s.n, s.c, s.v);
        // Terms of another claim make another id.
        t.lot += 1;
        vm.expectRevert(Payouts.StaleState.selector);
        vm.prank(alice);
        disputes.concede(t, now_.a, now_.b, now_.n, now_.c, now_.v);
    }

    /// A state of carol's game is none of bob's, on one claim or on two.
    function testStateOfAnotherGame() public {
        bytes32 claimId = claim(1);
        challenge(claimId, bob);
        challenge(claimId, carol);
        commit(1);
        bytes32 hash = traceNode(1, depth - 5, 0);
        bytes32[] memory path = tracePath(1, depth - 5, 0, depth);
        vm.expectRevert(Payouts.StaleState.selector);
        vm.prank(bob);
        disputes.select(claimId, now_.a, challengers(), 0, hash, path);
        uint256 asFirst = now_.a & ~(uint256(0xffff) << 80);
        vm.expectRevert(Payouts.StaleState.selector);
        vm.prank(carol);
        disputes.select(claimId, asFirst, challengers(), 0, hash, path);
        bytes32 other = claim(1);
        vm.expectRevert(Payouts.StaleState.selector);
        vm.prank(carol);
        disputes.select(other, now_.a, challengers(), 0, hash, path);
    }

    function testParameters() public {
        Payouts.Parameters memory p = parameters();
        refusedParameters(p, 0, 0);
        refusedParameters(p, 1, 0);
        refusedParameters(p, 2, 0);
        refusedParameters(p, 0, 1 << 24);
        refusedParameters(p, 0, uint256(1 << 24) - BUDGET);
        refusedParameters(p, 2, 1 << 24);
        refusedParameters(p, 3, 1 << 112);
        refusedParameters(p, 4, 1 << 112);
        refusedParameters(p, 5, 0);
        refusedParameters(p, 5, 10001);
        refusedParameters(p, 6, 10001);
    }

    function refusedParameters(Payouts.Parameters memory p, uint256 which, uint256 value) private {
        uint256 before;
        assembly {
            let at := add(p, shl(5, which))
            before := mload(at)
            mstore(at, value)
        }
        try this.another(p) {
            revert Failed("a parameter out of its bounds");
        } catch (bytes memory why) {
            assertEq(bytes32(bytes4(why)), bytes32(Payouts.InvalidParameter.selector), "why");
        }
        assembly {
            mstore(add(p, shl(5, which)), before)
        }
    }

    function another(Payouts.Parameters memory p) external returns (address) {
        return make("Disputes.sol", abi.encode(stakes, models, claims, judge, p));
    }
}
