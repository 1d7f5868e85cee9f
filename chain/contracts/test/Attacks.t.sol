// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {World} from "./World.sol";
import {Descriptor as D} from "./Descriptor.sol";
import {Claims} from "../src/Claims.sol";
import {Disputes} from "../src/Disputes.sol";
import {Stakes} from "../src/Stakes.sol";
import {State} from "../src/Types.sol";

// EIP-7825: no transaction uses more.
uint256 constant TRANSACTION_GAS = 1 << 24;

/// An honest side against one that picks its moves, its moments and its company to do harm. In every run the honest side
/// keeps its stake, and what is true of the claim is what the contracts say in the end.
contract AttacksTest is World {
    address[5] internal crowd;
    State[5] internal state; // of the game of each
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

    function wanderNode(uint256 theirs) internal {
        uint256 b = levels(now_.round);
        uint256 level = now_.level - b;
        uint256 child = below(3) == 0 ? (1 << b) - 1 : below(1 << b);
        uint256 index = (uint256(now_.position) << b) + child;
        bytes32 hash = traceNode(theirs, level, index);
        bytes32[] memory path = tracePath(theirs, level, index, level + b);
        State memory s = now_;
        vm.prank(s.challenger);
        disputes.select(s, child, hash, path);
        hear();
    }

    function wanderSegment(uint256 theirs) internal {
        bytes memory values = states(theirs);
        State memory s = now_;
        uint256 segment = below(values.length / 8 + 1);
        vm.prank(s.challenger);
        disputes.selectSegment(s, segment, values);
        hear();
    }

    function wander(uint256 theirs) internal {
        if (now_.phase == 2) wanderNode(theirs);
        else if (now_.phase == 4) pickElementAt(theirs, below(1 << now_.level), below(16));
        else if (now_.phase == 6) wanderSegment(theirs);
        else move(0, theirs);
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
                while (outcome == 0) wander(0);
                assertEq(outcome, 2, "the claimant is right");
                assertEq(reason, 1, "by a proven step");
                vm.warp(block.timestamp + WINDOW + 1);
                claims.finalize(claimId);
            }
        }
        assertTrue(free(alice) > initial, "richer");
    }

    // ---- many games at once ----

    function step(uint256 i, uint256 theirs) internal {
        now_ = state[i];
        outcome = 0;
        if (i == 0 && theirs == 1) move(0, 1); // bob is honest where the claim is wrong
        else if (_claimants(now_.phase)) move(0, theirs);
        else wander(theirs);
        keep(i);
    }

    function keep(uint256 i) internal {
        state[i] = now_;
        over[i] = outcome != 0;
    }

    function _claimants(uint8 phase) internal pure returns (bool) {
        return phase == 1 || phase == 3 || phase == 5 || phase == 7;
    }

    function everythingAdded() internal view returns (uint256 sum) {
        sum = stakes.burned();
        address[7] memory all = [alice, carol, crowd[0], crowd[1], crowd[2], crowd[3], crowd[4]];
        for (uint256 i = 0; i < 7; ++i) {
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

    function settledForChallenger(bytes32 claimId, uint256 i) internal returns (bool) {
        try disputes.close(claimId, crowd[i]) {
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
            if (over[i] || settledForChallenger(claimId, i)) continue;
            now_ = state[i];
            outcome = 0;
            uint256 what = below(12);
            if (what == 0 && i != 0 && block.timestamp <= now_.deadline) {
                vm.prank(below(2) == 0 ? alice : crowd[i]);
                disputes.concede(now_);
                hear();
                keep(i);
            } else if (what == 1 && _claimants(now_.phase) && !behindAny(now_.deadline, i)) {
                vm.warp(now_.deadline + 1); // silent, but bob's clock is not overrun by it
                disputes.timeout(now_);
                hear();
                keep(i);
            } else if (block.timestamp > now_.deadline) {
                disputes.timeout(now_);
                hear();
                keep(i);
            } else {
                step(i, 1);
            }
            assertEq(everythingAdded(), token.balanceOf(address(stakes)), "money");
        }
        (uint8 status,, uint32 games,,) = claims.status(claimId);
        assertEq(status, 2, "a wrong claim that an honest challenger disputed is invalid");
        assertEq(games, 0, "no game is left");
        assertTrue(free(bob) >= PURSE, "bob lost nothing");
        noLocks();
    }

    /// The honest challenger moves at once, so only its own clock matters: nobody's silence may overrun it here.
    function behindAny(uint64 deadline, uint256 except) internal view returns (bool) {
        return except != 0 && !over[0] && !_claimants(state[0].phase) && state[0].deadline <= deadline;
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
            outcome = 0;
            uint256 what = below(10);
            if (_claimants(now_.phase)) {
                move(0, 0); // alice answers in time
            } else if (what == 0 && block.timestamp <= now_.deadline) {
                vm.prank(crowd[i]);
                disputes.concede(now_);
                hear();
            } else if (what == 1) {
                for (uint256 k = 0; k < 5; ++k) {
                    if (k == i || over[k] || !_claimants(state[k].phase)) continue;
                    now_ = state[k];
                    outcome = 0;
                    move(0, 0);
                    keep(k);
                }
                now_ = state[i];
                outcome = 0;
                if (block.timestamp <= now_.deadline) vm.warp(now_.deadline + 1);
                disputes.timeout(now_);
                hear();
            } else if (block.timestamp > now_.deadline) {
                disputes.timeout(now_);
                hear();
            } else {
                wander(0);
            }
            keep(i);
            assertEq(everythingAdded(), token.balanceOf(address(stakes)), "money");
        }
        vm.warp(block.timestamp + WINDOW + 1);
        claims.finalize(claimId);
        (uint8 status,,,,) = claims.status(claimId);
        assertEq(status, 3, "final");
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

    /// Storage of `Disputes`: games, books, _open, traceRoots.
    uint256 internal constant BOOKS = 1;
    uint256 internal constant OPEN = 2;

    function gasOfMove(uint256 mine, uint256 theirs) internal returns (uint256 used) {
        used = gasleft();
        move(mine, theirs);
        used -= gasleft();
    }

    /// As many games as a claim can have, all opened before bob's and all still open: bob's winning move counts them.
    function testAFullBookStillFitsATransaction() public {
        makeModel(3, 2);
        faults[1].term = 2;
        bytes32 claimId = claim(1);
        uint256 games = (1 << 16) - 1;
        vm.store(address(disputes), keccak256(abi.encode(claimId, BOOKS)), bytes32(games));
        bytes32 words = keccak256(abi.encode(claimId, OPEN));
        for (uint256 w = 0; w < 256; ++w) {
            uint256 bits = w == 255 ? type(uint256).max >> 1 : type(uint256).max;
            vm.store(address(disputes), keccak256(abi.encode(w, words)), bytes32(bits));
        }
        challenge(claimId, bob);
        (uint24 n,,,,) = disputes.books(claimId);
        assertEq(n, games + 1, "the storage is laid out as this test thinks");
        playTo(7, 0, 1);
        uint256 used = gasOfMove(0, 1);
        assertEq(outcome, 3, "bob wins");
        assertEq(free(bob), PURSE, "and has its bond back");
        (,, uint24 earlier,,) = disputes.books(claimId);
        assertEq(earlier, games, "earlier games");
        emit Used("proveStep with 65,535 earlier games open", used);
        assertTrue(used < TRANSACTION_GAS / 2, "a winning move must fit a transaction with room to spare");
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
        vm.warp(state[1].deadline + 1);
        disputes.timeout(state[1]); // alice was silent towards her friend
        assertEq(locked(alice), 0, "the prize is paid");
        assertEq(locked(crowd[1]), 0, "and the friend's bond released");
    }
}
