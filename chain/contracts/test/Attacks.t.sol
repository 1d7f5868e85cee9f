// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {World} from "./World.sol";
import {Claims} from "../src/Claims.sol";
import {State} from "../src/Types.sol";

/// An honest side against one that picks its moves, its moments and its company to do harm. In every run the honest side
/// keeps its stake, and what is true of the claim is what the contracts say in the end.
contract AttacksTest is World {
    address[5] internal crowd;
    State[5] internal state; // of the game of each
    bytes[5] internal values; // that were shown in it last
    bool[5] internal over;
    uint256 internal seed;

    function setUp() public {
        deploy();
        crowd[0] = bob;
        for (uint160 i = 1; i < 5; ++i) {
            crowd[i] = address(0x5B11 + i);
            fund(crowd[i]);
        }
        faults[1].on = true;
        faults[1].element = 17;
        faults[1].term = 3;
        faults[1].delta = 1;
    }

    function below(uint256 n) internal returns (uint256) {
        seed = uint256(keccak256(abi.encode(seed)));
        return seed % n;
    }

    // ---- a challenger that selects anything ----

    function wander(uint256 theirs) internal {
        if (phase() == 2 && round() == 0 && below(4) == 0) {
            challengeOutput();
        } else if (phase() == 2) {
            uint256 b = levels(round());
            selectChild(theirs, below(3) == 0 ? (1 << b) - 1 : below(1 << b));
        } else if (phase() == 4) {
            pickElementAt(theirs, below(1 << level()), below(16));
        } else if (phase() == 6) {
            sendSegment(below(shown.length / 8 + 1), shown);
            hear();
        } else {
            move(0, theirs);
        }
    }

    /// Whatever is selected, of traces of every depth and folds of every kind of length, leads to a step that the honest
    /// claimant can prove.
    function testNoSelectionLeavesAnHonestClaimantWithoutAStep() public {
        uint256[9] memory lengths = [uint256(0), 1, 2, 63, 64, 65, 66, 4225, 1 << 18];
        uint256 initial = free(alice);
        for (uint256 d = 2; d <= 26; ++d) {
            makeModel(d, lengths[d % 9]);
            for (uint256 game = 0; game < 8; ++game) {
                bytes32 claimId = claim(0);
                challenge(claimId, crowd[game % 5]);
                bool asked;
                while (outcome == 0) {
                    wander(0);
                    asked = asked || phase() == 9;
                }
                assertEq(outcome, 2, "the claimant is right");
                assertEq(reason, asked ? 5 : 1, "by a proven step, or by the output");
                vm.warp(block.timestamp + WINDOW + 1);
                finalize(claimId);
            }
        }
        assertTrue(free(alice) > initial, "richer");
    }

    // ---- many games at once ----

    function step(uint256 i, uint256 theirs) internal {
        now_ = state[i];
        outcome = 0;
        shown = values[i];
        committed = traceNode(theirs, depth, 0);
        if (i == 0 && theirs == 1) move(0, 1); // bob is honest where the claim is wrong
        else if (_claimants(phase())) move(0, theirs);
        else wander(theirs);
        keep(i);
    }

    function keep(uint256 i) internal {
        state[i] = now_;
        values[i] = shown;
        over[i] = outcome != 0;
    }

    function _claimants(uint256 phase_) internal pure returns (bool) {
        return phase_ & 1 == 1;
    }

    function everythingAdded() internal view returns (uint256 sum) {
        sum = stakes.burned();
        address[8] memory all = [address(duties), alice, carol, crowd[0], crowd[1], crowd[2], crowd[3], crowd[4]];
        for (uint256 i = 0; i < 8; ++i) {
            (uint128 a, uint128 b, uint128 c,) = stakes.accounts(all[i]);
            sum += uint256(a) + b + c;
        }
    }

    function open(bytes32 claimId) internal {
        uint256 first = below(5);
        for (uint256 k = 0; k < 5; ++k) {
            uint256 i = (first + k) % 5;
            challenge(claimId, crowd[i]);
            state[i] = now_;
            over[i] = false;
        }
    }

    function settledForChallenger(uint256 i) internal returns (bool) {
        State memory s = state[i];
        try disputes.close(wordsOf(s.claimId), s.a, s.b, s.n, s.c, s.v) {
            hear(); // lest the next one to listen takes it for the end of another game
            over[i] = true;
            return true;
        } catch {
            return false;
        }
    }

    /// A cheat with four friends against one honest challenger: concessions, silence, self-challenges, in any order.
    function testACheatAndItsFriends(uint256 seed_) public {
        seed = seed_;
        makeModel(2 + below(4), 2 + below(8));
        bytes32 claimId = claim(1);
        open(claimId);
        while (!(over[0] && over[1] && over[2] && over[3] && over[4])) {
            uint256 i = below(5);
            if (over[i] || settledForChallenger(i)) continue;
            now_ = state[i];
            shown = values[i];
            outcome = 0;
            uint256 what = below(12);
            if (what == 0 && i != 0 && block.timestamp <= deadline()) {
                concede(below(2) == 0 ? alice : crowd[i]);
                keep(i);
            } else if (what == 1 && _claimants(phase()) && !behindAny(deadline(), i)) {
                vm.warp(deadline() + 1); // silent, but bob's clock is not overrun by it
                timeout();
                keep(i);
            } else if (block.timestamp > deadline()) {
                timeout();
                keep(i);
            } else {
                step(i, 1);
            }
            assertEq(everythingAdded(), token.balanceOf(address(stakes)), "money");
        }
        assertEq(statusOf(claimId), 2, "a wrong claim that an honest challenger disputed is invalid");
        assertEq(openGames(claimId), 0, "no game is left");
        assertTrue(free(bob) >= PURSE, "bob lost nothing");
        noLocks();
    }

    /// The honest challenger moves at once, so only its own clock matters: nobody's silence may overrun it here.
    function behindAny(uint256 end, uint256 except) internal view returns (bool) {
        return except != 0 && !over[0] && !_claimants(state[0].a >> 56 & 0xff) && (state[0].b >> 56 & type(uint40).max) <= end;
    }

    /// Five hostile challengers of one right claim: wandering, conceding, silent.
    function testARightClaimAmongEnemies(uint256 seed_) public {
        seed = seed_;
        makeModel(2 + below(4), 2 + below(8));
        bytes32 claimId = claim(0);
        uint256 before = free(alice) + locked(alice);
        open(claimId);
        while (!(over[0] && over[1] && over[2] && over[3] && over[4])) {
            uint256 i = below(5);
            if (over[i]) continue;
            now_ = state[i];
            shown = values[i];
            outcome = 0;
            uint256 what = below(10);
            if (_claimants(phase())) {
                move(0, 0); // alice answers in time
            } else if (what == 0 && block.timestamp <= deadline()) {
                concede(crowd[i]);
            } else if (what == 1) {
                for (uint256 k = 0; k < 5; ++k) {
                    if (k == i || over[k] || !_claimants(state[k].a >> 56 & 0xff)) continue;
                    now_ = state[k];
                    shown = values[k];
                    outcome = 0;
                    move(0, 0);
                    keep(k);
                }
                now_ = state[i];
                shown = values[i];
                outcome = 0;
                if (block.timestamp <= deadline()) vm.warp(deadline() + 1);
                timeout();
            } else if (block.timestamp > deadline()) {
                timeout();
            } else {
                wander(0);
            }
            keep(i);
            assertEq(everythingAdded(), token.balanceOf(address(stakes)), "money");
        }
        vm.warp(block.timestamp + WINDOW + 1);
        finalize(claimId);
        assertEq(statusOf(claimId), 3, "final");
        assertTrue(free(alice) >= before, "alice lost nothing");
        noLocks();
    }

    function noLocks() internal view {
        assertEq(locked(alice), 0, "alice's bond");
        for (uint256 i = 0; i < 5; ++i) {
            assertEq(locked(crowd[i]), 0, "a challenger's bond");
        }
    }

    // ---- a crowd of friends in front of the honest challenger ----

    /// As many games as a claim can have, all but bob's opened before it and still open: his winning move costs no more for
    /// that, and his bond is what the crowd made it.
    function testACrowdMakesNoMoveDearer() public {
        makeModel(3, 2);
        faults[1].term = 2;
        bytes32 claimId = claim(1);
        uint256 crowded = 200; // more would cost bob more than he has
        uint256 word = claims.slotOf(claimId) + (crowded << 72) + (crowded << 56);
        vm.store(address(claims), storageOf(claimId), bytes32(word));
        challenge(claimId, bob);
        assertEq(ordinal(), crowded, "ordinal");
        assertEq(locked(bob), (crowded + 1) * CHALLENGER_BOND, "bond");
        playTo(7, 0, 1);
        uint256 used = gasleft();
        move(0, 1);
        used -= gasleft();
        assertEq(outcome, 3, "bob wins");
        assertEq(free(bob), PURSE, "and has its bond back");
        emit Used("a winning move with 200 earlier games open", used);
        assertTrue(used < 1_000_000, "a winning move");
        // The last game that fits, and one more.
        claimId = claim(1);
        word = claims.slotOf(claimId) | uint256(0xfffe) << 72;
        vm.store(address(claims), storageOf(claimId), bytes32(word));
        challenge(claimId, bob);
        assertEq(ordinal(), 0xfffe, "the last");
        vm.expectRevert(Claims.TooManyGames.selector);
        vm.prank(bob);
        disputes.challenge(bodies[claimId]);
    }

    event Used(string what, uint256 gas);

    // ---- amounts ----

    /// The friend opened first and filled its account to the brim: were its bond ever released, the sum would not fit. Its
    /// game could then never end, bob's prize and alice's bond would be locked for good. So no deposit gets that far.
    function testNoAccountIsTooFullToBePaid() public {
        makeModel(3, 2);
        faults[1].term = 2;
        bytes32 claimId = claim(1);
        challenge(claimId, crowd[1]);
        state[1] = now_;
        token.mint(crowd[1], type(uint128).max);
        uint256 room = type(uint128).max - free(crowd[1]);
        vm.prank(crowd[1]);
        try stakes.deposit(room) {} catch {}
        challenge(claimId, bob);
        play(0, 1);
        assertEq(outcome, 3, "bob wins");
        now_ = state[1];
        vm.warp(deadline() + 1);
        timeout(); // alice was silent towards her friend
        assertEq(locked(alice), 0, "the prize is paid");
        assertEq(locked(crowd[1]), 0, "and the friend's bond released");
    }
}
