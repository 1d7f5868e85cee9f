// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {World} from "./World.sol";
import {Claims} from "../src/Claims.sol";
import {State, Terms} from "../src/Types.sol";
import {Payouts} from "../src/game/Payouts.sol";

/// Who gets what when games end, alone and beside others.
contract PayoutsTest is World {
    address internal dave = address(0xDA7E);
    uint256 internal constant LOST = CLAIM_BOND + CLAIM_FEE;
    uint256 internal constant PRIZE = CLAIM_BOND - CLAIM_BOND * BURN_BPS / 10000;

    function setUp() public {
        deploy();
        makeModel(12, 200);
        faults[1].on = true;
        faults[1].element = 17;
        faults[1].term = 113;
        faults[1].delta = 1;
        fund(dave);
    }

    function wealth(address who) internal view returns (uint256) {
        return free(who) + locked(who);
    }

    function check() internal view {
        uint256 sum = stakes.burned();
        address[5] memory all = [alice, bob, carol, dave, address(duties)];
        for (uint256 i = 0; i < 5; ++i) {
            sum += wealth(all[i]);
        }
        assertEq(sum, token.balanceOf(address(stakes)), "money");
        assertEq(wealth(address(disputes)), 0, "the contract holds nothing of its own");
    }

    function testTheFirstAndOnlyGameMayBeConcededCheaply() public {
        bytes32 claimId = claim(1);
        challenge(claimId, bob);
        uint256 undo = snapshot();
        concede(alice);
        assertEq(outcome, 3, "");
        assertEq(reason, 3, "by concession");
        uint256 loss = CLAIM_BOND * CONCEDE_BPS / 10000;
        assertEq(free(alice), PURSE - loss - CLAIM_FEE, "half the bond, and the fee");
        assertEq(locked(alice), 0, "the rest is free");
        assertEq(free(bob), PURSE + loss - loss * BURN_BPS / 10000, "to bob");
        assertEq(locked(address(duties)), CLAIM_FEE, "to the pool");
        assertEq(statusOf(claimId), 2, "invalid all the same");
        check();
        restore(undo);
        concede(bob); // also while it is not its move
        loss = uint256(CHALLENGER_BOND) * CONCEDE_BPS / 10000;
        assertEq(outcome, 2, "");
        assertEq(wealth(bob), PURSE - loss, "half");
        assertEq(locked(bob), 0, "the rest is free");
        assertEq(wealth(alice), PURSE + loss - loss * BURN_BPS / 10000, "to alice");
        assertEq(statusOf(claimId), 1, "open");
        check();
    }

    function testNoConcessionAfterTheDeadline() public {
        challenge(claim(1), bob);
        Terms memory t = words();
        vm.warp(deadline() + 1);
        vm.expectRevert(Payouts.TooLate.selector);
        vm.prank(alice);
        disputes.concede(t, now_.a, now_.b, now_.n, now_.c, now_.v);
    }

    /// A friend played before, or plays beside: no cheap way out.
    function testConcedingCostsAllWhenOthersPlayed() public {
        bytes32 claimId = claim(1);
        challenge(claimId, carol);
        concede(carol); // her game is over
        uint256 hers = wealth(alice);
        challenge(claimId, bob);
        concede(alice);
        assertEq(wealth(alice), hers - LOST, "all of it");
        assertEq(wealth(bob), PURSE + PRIZE, "to bob");
        check();
        claimId = claim(1);
        challenge(claimId, carol);
        State memory friends = now_;
        challenge(claimId, bob);
        State memory bobs = now_;
        now_ = friends;
        hers = wealth(alice);
        uint256 burned = stakes.burned();
        concede(alice);
        assertEq(stakes.burned() - burned, CLAIM_BOND * BURN_BPS / 10000, "what deters");
        now_ = bobs;
        close();
        assertEq(wealth(alice), hers - LOST, "all of it");
        assertEq(locked(alice) + locked(bob), 0, "nothing is locked");
        check();
    }

    /// A cheat challenges itself through a friend, wins, and gains nothing by it.
    function testSelfChallengeConfirmsNothing() public {
        bytes32 claimId = claim(1);
        challenge(claimId, carol); // alice's friend
        commit(1);
        concede(carol);
        assertEq(outcome, 2, "the claimant won that game");
        assertEq(statusOf(claimId), 1, "the claim is open");
        challenge(claimId, bob);
        play(0, 1);
        assertEq(outcome, 3, "and is caught");
        assertTrue(stakes.burned() > 0, "what it cost");
        check();
    }

    function testFinalityWaitsForOpenGames() public {
        bytes32 claimId = claim(0);
        challenge(claimId, bob);
        State memory bobs = now_;
        challenge(claimId, carol);
        commit(0);
        concede(carol);
        vm.warp(block.timestamp + WINDOW + 1);
        vm.expectRevert(Claims.GamesOpen.selector);
        claims.finalize(bodies[claimId], 0);
        now_ = bobs; // alice never committed there
        vm.prank(dave);
        timeout();
        assertEq(statusOf(claimId), 2, "silence loses, even with a right claim");
        vm.expectRevert(Claims.ClaimNotOpen.selector);
        claims.finalize(bodies[claimId], 0);
    }

    function testOneWordOfTheRightClaim() public {
        bytes32 claimId = claim(0);
        challenge(claimId, bob);
        play(1, 0);
        assertEq(outcome, 2, "bob was wrong");
        uint256 burn = uint256(CHALLENGER_BOND) * BURN_BPS / 10000;
        assertEq(wealth(bob), PURSE - CHALLENGER_BOND, "its bond");
        assertEq(wealth(alice), PURSE + CHALLENGER_BOND - burn, "alice's");
        assertEq(stakes.burned(), burn, "burned");
        check();
    }

    // ---- games beside each other ----

    /// Three games; the second wins first. The first is still open, so the pot waits; the third can only be closed.
    function openThree() internal returns (bytes32 claimId, State memory first, State memory third) {
        claimId = claim(1);
        challenge(claimId, bob);
        first = now_;
        challenge(claimId, carol);
        State memory second = now_;
        challenge(claimId, dave);
        commit(1);
        selectNode(0, 1); // dave has moved twice, the challenge counted
        third = now_;
        now_ = second;
        play(0, 1);
        assertEq(outcome, 3, "carol's game");
    }

    function testPrizeGoesToTheEarliestOpened() public {
        (bytes32 claimId, State memory first, State memory third) = openThree();
        assertEq(statusOf(claimId), 2, "invalid at once");
        assertEq(openGames(claimId), 2, "two are open");
        assertEq(free(carol), PURSE - 1 ether, "carol has her bond back, not the prize");
        assertEq(locked(alice), PRIZE, "which is locked");
        assertEq(stakes.burned(), CLAIM_BOND - PRIZE, "burned at once");
        (address winner, uint16 which, uint8 moves, uint128 amount) = disputes.pots(claimId);
        assertEq(winner, carol, "for now");
        assertEq(which, 1, "of the second game");
        assertEq(moves, 1 + uint256(lastMove()) / 2, "that a refund would count");
        assertEq(amount, PRIZE, "the pot");
        now_ = first;
        Terms memory t = words();
        vm.expectRevert(Payouts.NotSettled.selector);
        disputes.close(t, now_.a, now_.b, now_.n, now_.c, now_.v);
        now_ = third;
        close();
        assertEq(outcome, 4, "closed");
        assertEq(reason, 4, "because the claim was lost");
        assertEq(free(dave), PURSE + 2 * REFUND_PER_MOVE, "dave has his bond back, and his gas");
        assertEq(locked(dave), 0, "nothing is locked");
        vm.expectRevert(Payouts.StaleState.selector);
        disputes.close(t, third.a, third.b, third.n, third.c, third.v);
        // alice stays silent towards bob too.
        now_ = first;
        vm.warp(deadline() + 1);
        timeout();
        uint256 refunds = (2 + moves) * REFUND_PER_MOVE;
        assertEq(free(bob), PURSE + PRIZE - refunds, "bob opened first");
        assertEq(free(carol), PURSE - 1 ether + moves * REFUND_PER_MOVE, "carol's gas");
        assertEq(wealth(alice), PURSE - LOST, "");
        assertEq(locked(alice), 0, "");
        (winner,,,) = disputes.pots(claimId);
        assertEq(winner, address(0), "no pot is left");
        check();
    }

    function lastMove() internal view returns (uint8) {
        return uint8(made());
    }

    function testPrizeFallsToTheNextWhenTheEarliestLoses() public {
        (bytes32 claimId, State memory first, State memory third) = openThree();
        now_ = first;
        outcome = 0;
        commit(1);
        vm.warp(deadline() + 1);
        timeout(); // bob's clock
        assertEq(outcome, 2, "bob lost his game");
        assertEq(free(bob), PURSE - CHALLENGER_BOND, "bob");
        assertEq(openGames(claimId), 1, "dave's");
        now_ = third; // and his clock, or alice's, has run down: nobody loses
        timeout();
        assertEq(outcome, 4, "closed");
        assertEq(free(dave), PURSE + 2 * REFUND_PER_MOVE, "dave");
        assertEq(free(carol), PURSE - 1 ether + PRIZE - 2 * REFUND_PER_MOVE, "carol");
        assertEq(locked(alice), 0, "");
        check();
    }

    /// A game that was overtaken cannot be lost or won any more, whatever ends it.
    function testOvertakenGamesAreClosed() public {
        (, State memory first, State memory third) = openThree();
        first;
        now_ = third;
        uint256 undo = snapshot();
        for (uint256 i = 0; i < 3; ++i) {
            outcome = 0;
            if (i == 0) concede(dave);
            else if (i == 1) concede(alice);
            else play(0, 1);
            assertEq(outcome, 4, "closed");
            assertEq(reason, 4, "closed");
            assertEq(computed, 0, "nothing was judged");
            assertTrue(free(dave) >= PURSE + 2 * REFUND_PER_MOVE, "dave");
            check();
            restore(undo);
        }
    }

    /// The pot pays refunds as far as it lasts; the prize is what is left.
    function testRefundsEndWithThePot() public {
        (bytes32 claimId, State memory first, State memory third) = openThree();
        bytes32 place = keccak256(abi.encode(claimId, uint256(0)));
        (,,, uint128 amount) = disputes.pots(claimId);
        assertEq(uint256(vm.load(address(disputes), bytes32(uint256(place) + 1))), amount, "where the amount lies");
        vm.store(address(disputes), bytes32(uint256(place) + 1), bytes32(uint256(REFUND_PER_MOVE) * 3 / 2));
        now_ = third;
        close();
        assertEq(free(dave), PURSE + REFUND_PER_MOVE * 3 / 2, "all there was");
        now_ = first;
        vm.warp(deadline() + 1);
        timeout();
        assertEq(free(bob), PURSE, "no prize");
    }

    /// The later winner's concession to a friend does not bind the earlier game.
    function testConcedingToAFriendWhileAnHonestGameIsOlder() public {
        bytes32 claimId = claim(1);
        challenge(claimId, bob);
        State memory bobs = now_;
        challenge(claimId, carol);
        concede(alice);
        assertEq(locked(alice), PRIZE, "nothing is paid yet");
        now_ = bobs;
        outcome = 0;
        play(0, 1);
        assertEq(outcome, 3, "");
        assertEq(free(bob), PURSE + PRIZE - REFUND_PER_MOVE, "the prize, less the gas of carol's challenge");
        assertEq(free(alice), PURSE - LOST, "");
        check();
    }

    function testUnitsArePaidBack() public {
        bytes32 claimId = claim(1);
        challenge(claimId, bob);
        State memory first = now_;
        challenge(claimId, carol);
        challenge(claimId, dave);
        assertEq(locked(dave), 3 * CHALLENGER_BOND, "three units");
        uint256 undo = snapshot();
        commit(1);
        vm.warp(deadline() + 1);
        timeout();
        assertEq(wealth(dave), PURSE - 3 * CHALLENGER_BOND, "three lost");
        check();
        restore(undo);
        play(0, 1);
        assertEq(free(dave), PURSE, "three back");
        now_ = first;
        concede(bob);
        check();
    }

    // ---- claims without a verdict ----

    function testGamesOfAReleasedClaimAreClosed() public {
        bytes32 claimId = claim(1);
        challenge(claimId, bob);
        State memory bobs = now_;
        challenge(claimId, carol);
        claims.retireDeployment();
        vm.warp(block.timestamp + 100_001);
        Terms memory t = words();
        vm.expectRevert(Payouts.NotSettled.selector);
        disputes.close(t, now_.a, now_.b, now_.n, now_.c, now_.v);
        claims.release(bodies[claimId]);
        timeout(); // alice's clock
        assertEq(outcome, 4, "closed");
        now_ = bobs;
        close();
        assertEq(outcome, 4, "closed");
        assertEq(free(bob) + free(carol), 2 * PURSE - 1 ether, "bonds are back, nothing is refunded");
        assertEq(free(alice), PURSE, "hers too");
        assertEq(statusOf(claimId), 4, "void");
        check();
    }

    // ---- duties ----

    function testOnlyDutiesForfeits() public {
        bytes32 claimId = claim(1);
        vm.expectRevert(Payouts.Unauthorized.selector);
        vm.prank(bob);
        disputes.forfeit(bodies[claimId], bob);
    }

    function testADutyNotDoneIsAGameWon() public {
        bytes32 claimId = claim(1);
        duties.forfeit(bodies[claimId], bob);
        assertEq(statusOf(claimId), 2, "invalid");
        assertEq(free(bob), PURSE + PRIZE, "the reporter");
        assertEq(wealth(alice), PURSE - LOST, "alice");
        check();
        vm.expectRevert(Payouts.ClaimSettled.selector);
        duties.forfeit(bodies[claimId], bob);
        // While games are open, they are the earlier ones.
        claimId = claim(1);
        challenge(claimId, carol);
        duties.forfeit(bodies[claimId], bob);
        assertEq(free(bob), PURSE + PRIZE, "waits");
        outcome = 0;
        uint256 undo = snapshot();
        play(0, 1);
        assertEq(outcome, 3, "carol wins what was hers");
        assertEq(free(carol), PURSE - 1 ether + PRIZE, "the prize");
        check();
        restore(undo);
        commit(1);
        vm.warp(deadline() + 1);
        timeout();
        assertEq(outcome, 2, "or loses it");
        assertEq(free(bob), PURSE + 2 * PRIZE, "to the reporter");
        check();
    }

    /// More games than anybody plays, all but one with the claimant's friends.
    function testManyGames() public {
        bytes32 claimId = claim(1);
        State[] memory games = new State[](40);
        for (uint160 i = 0; i < 40; ++i) {
            address who = address(0x10000 + i);
            fund(who);
            challenge(claimId, who);
            games[i] = now_;
            assertEq(units(), i + 1, "dearer and dearer");
        }
        uint256 before = wealth(alice);
        concede(alice); // to the last
        for (uint256 i = 39; i-- > 1;) {
            now_ = games[i];
            concede(challenger());
            assertEq(outcome, 2, "an earlier game plays on, and is lost");
        }
        assertEq(locked(alice), PRIZE, "the very first is still open");
        now_ = games[0];
        outcome = 0;
        play(0, 1);
        assertEq(free(address(0x10000)), PURSE + PRIZE - REFUND_PER_MOVE, "the earliest");
        assertEq(locked(alice), 0, "paid");
        assertTrue(wealth(alice) > before, "her friends paid for that");
    }
}
