// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {World} from "./World.sol";
import {Descriptor as D} from "./Descriptor.sol";
import {Claims} from "../src/Claims.sol";
import {Disputes} from "../src/Disputes.sol";
import {State} from "../src/Types.sol";

/// The rules around the moves: who, when, on which state, and what it costs.
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

    function testOneGamePerPair() public {
        bytes32 claimId = claim(1);
        challenge(claimId, bob);
        vm.expectRevert(Disputes.GameExists.selector);
        vm.prank(bob);
        disputes.challenge(claimId);
    }

    function testLoserCannotReopen() public {
        bytes32 claimId = claim(0);
        challenge(claimId, bob);
        play(1, 0);
        assertEq(outcome, 2, "");
        (bytes32 hash,, uint8 status) = disputes.games(disputes.gameIdOf(claimId, bob));
        assertEq(hash, bytes32(0), "the slot is free");
        assertEq(status, 2, "but not forgotten");
        vm.expectRevert(Disputes.GameExists.selector);
        vm.prank(bob);
        disputes.challenge(claimId);
        challenge(claimId, carol); // others may
    }

    function testNobodyChallengesItself() public {
        bytes32 claimId = claim(1);
        vm.expectRevert(Disputes.SelfChallenge.selector);
        vm.prank(alice);
        disputes.challenge(claimId);
    }

    function testWindowEdge() public {
        bytes32 claimId = claim(1);
        (, uint64 end,,,) = claims.status(claimId);
        vm.warp(end);
        vm.expectRevert(Claims.WindowOpen.selector);
        claims.finalize(claimId);
        challenge(claimId, bob); // the last second counts
        vm.warp(end + 1);
        vm.expectRevert(Claims.WindowOver.selector);
        vm.prank(carol);
        disputes.challenge(claimId);
        vm.expectRevert(Claims.GamesOpen.selector);
        claims.finalize(claimId);
    }

    function testUnknownClaim() public {
        vm.expectRevert(Claims.UnknownClaim.selector);
        vm.prank(bob);
        disputes.challenge(keccak256("nothing"));
    }

    function testNoBondNoChallenge() public {
        bytes32 claimId = claim(1);
        vm.expectRevert();
        vm.prank(dave);
        disputes.challenge(claimId);
    }

    function testOnlyDisputesChangesClaims() public {
        bytes32 claimId = claim(0);
        vm.startPrank(bob);
        vm.expectRevert(Claims.Unauthorized.selector);
        claims.openGame(claimId);
        vm.expectRevert(Claims.Unauthorized.selector);
        claims.closeGame(claimId);
        vm.expectRevert(Claims.Unauthorized.selector);
        claims.invalidate(claimId);
        vm.stopPrank();
    }

    // ---- clocks ----

    function testTimeoutAtTheSecond() public {
        bytes32 claimId = claim(0);
        challenge(claimId, bob);
        State memory s = now_;
        assertEq(s.deadline, block.timestamp + BUDGET, "the first clock");
        vm.warp(s.deadline);
        vm.expectRevert(Disputes.NotOver.selector);
        disputes.timeout(s);
        uint256 undo = snapshot();
        commit(0); // at the last second a move is good
        assertEq(now_.claimantLeft, 0, "nothing left");
        assertEq(now_.deadline, block.timestamp + BUDGET, "the challenger's clock");
        restore(undo);
        now_ = s;
        vm.warp(s.deadline + 1);
        bytes memory nodes = revealed(0);
        bytes32 root = traceNode(0, depth, 0);
        bytes32[] memory path = tracePath(0, 1, outputChunk() >> 1, depth);
        vm.expectRevert(Disputes.TooLate.selector);
        vm.prank(alice);
        disputes.commitTrace(s, root, path, nodes);
        vm.prank(dave); // anybody
        disputes.timeout(s);
        hear();
        assertEq(outcome, 3, "the claimant was silent");
        assertEq(reason, 2, "by timeout");
    }

    function testChallengersTimeout() public {
        challenge(claim(1), bob);
        commit(1);
        vm.warp(now_.deadline + 1);
        disputes.timeout(now_);
        hear();
        assertEq(outcome, 2, "the challenger was silent");
    }

    function testNoReplyHasLessThanTheMinimum() public {
        challenge(claim(1), bob);
        vm.warp(now_.deadline - 3);
        commit(1);
        assertEq(now_.claimantLeft, 3, "left");
        selectNode(0, 1);
        assertEq(now_.deadline, block.timestamp + MINIMUM, "extended");
        vm.warp(now_.deadline - 20);
        revealNodes(1);
        assertEq(now_.claimantLeft, 20, "the extension counts as left");
        assertEq(now_.challengerLeft, BUDGET, "the challenger answered at once");
    }

    function testEveryPhaseTimesOut() public {
        for (uint8 phase = 1; phase <= 7; ++phase) {
            uint256 undo = snapshot();
            challenge(claim(1), bob);
            playTo(phase, 0, 1);
            vm.warp(now_.deadline + 1);
            disputes.timeout(now_);
            hear();
            assertEq(outcome, phase == 2 || phase == 4 || phase == 6 ? 2 : 3, "whose clock ran");
            checkMoney();
            restore(undo);
        }
    }

    // ---- the right side, phase and state ----

    function testWrongMover() public {
        challenge(claim(1), bob);
        State memory s = now_;
        bytes memory nodes = revealed(1);
        bytes32 root = traceNode(1, depth, 0);
        bytes32[] memory path = tracePath(1, 1, outputChunk() >> 1, depth);
        vm.expectRevert(Disputes.NotYourMove.selector);
        vm.prank(bob);
        disputes.commitTrace(s, root, path, nodes);
        commit(1);
        s = now_;
        vm.expectRevert(Disputes.NotYourMove.selector);
        vm.prank(alice);
        disputes.select(s, 0, bytes32(0), path);
        playTo(7, 0, 1);
        (bytes memory d, bytes memory o) = openings(1);
        s = now_;
        vm.expectRevert(Disputes.NotYourMove.selector);
        vm.prank(carol);
        disputes.proveStep(s, d, o);
        vm.expectRevert(Disputes.NotYourMove.selector);
        vm.prank(carol);
        disputes.concede(s);
    }

    function testWrongPhase() public {
        challenge(claim(1), bob);
        State memory s = now_;
        vm.expectRevert(Disputes.WrongPhase.selector);
        vm.prank(alice);
        disputes.reveal(s, "");
        vm.expectRevert(Disputes.WrongPhase.selector);
        vm.prank(alice);
        disputes.proveStep(s, "", "");
    }

    function testStaleState() public {
        challenge(claim(1), bob);
        State memory s = now_;
        commit(1);
        bytes memory nodes = new bytes(0);
        vm.expectRevert(Disputes.StaleState.selector); // the same move again
        vm.prank(alice);
        disputes.commitTrace(s, bytes32(0), new bytes32[](0), nodes);
        vm.expectRevert(Disputes.StaleState.selector);
        disputes.timeout(s);
        s = now_;
        s.deadline += 1; // and a state that nobody reached
        vm.expectRevert(Disputes.StaleState.selector);
        vm.prank(bob);
        disputes.select(s, 0, bytes32(0), new bytes32[](0));
    }

    function testStateOfAnotherGame() public {
        bytes32 claimId = claim(1);
        challenge(claimId, bob);
        challenge(claimId, carol);
        State memory s = now_;
        s.challenger = bob; // carol's game as if it were bob's: other game, other hash
        assertTrue(
            disputes.stateHashOf(disputes.gameIdOf(claimId, bob), s)
                != disputes.stateHashOf(disputes.gameIdOf(claimId, carol), s),
            "the game is part of the hash"
        );
        commit(1);
        s = now_;
        s.challenger = bob;
        vm.expectRevert(Disputes.StaleState.selector);
        vm.prank(bob);
        disputes.select(s, 0, bytes32(0), new bytes32[](0));
        s.challenger = dave;
        vm.expectRevert(Disputes.NoGame.selector);
        vm.prank(dave);
        disputes.select(s, 0, bytes32(0), new bytes32[](0));
    }

    function testNothingMovesAfterTheEnd() public {
        challenge(claim(1), bob);
        playTo(7, 0, 1);
        State memory s = now_;
        prove(bob, 1); // the challenger may prove it wrong at once
        assertEq(outcome, 3, "");
        vm.expectRevert(Disputes.NoGame.selector);
        vm.prank(alice);
        disputes.concede(s);
        vm.warp(s.deadline + 1);
        vm.expectRevert(Disputes.NoGame.selector);
        disputes.timeout(s);
    }

    // ---- what is shown must belong to what was said ----

    function testTraceMustEndInTheClaimedOutput() public {
        challenge(claim(1), bob); // claims a wrong output
        State memory s = now_;
        bytes32 root = traceNode(0, depth, 0); // but commits to the true trace
        bytes memory nodes = revealed(0);
        bytes32[] memory path = tracePath(0, 1, outputChunk() >> 1, depth);
        vm.expectRevert(Disputes.WrongPath.selector);
        vm.prank(alice);
        disputes.commitTrace(s, root, path, nodes);
        bytes32[] memory short = tracePath(1, 1, outputChunk() >> 1, depth - 1);
        root = traceNode(1, depth, 0);
        vm.expectRevert(Disputes.WrongLength.selector);
        vm.prank(alice);
        disputes.commitTrace(s, root, short, nodes);
        nodes[5] ^= 0x01;
        path = tracePath(1, 1, outputChunk() >> 1, depth);
        vm.expectRevert(Disputes.WrongPath.selector);
        vm.prank(alice);
        disputes.commitTrace(s, root, path, nodes);
    }

    function testOneTraceForAllGamesOfAClaim() public {
        faults[2] = faults[1];
        faults[2].term = 50; // another lie with the same output
        bytes32 claimId = claim(1);
        challenge(claimId, bob);
        State memory bobs = now_;
        challenge(claimId, carol);
        commit(1);
        now_ = bobs;
        bytes32 root = traceNode(2, depth, 0);
        faults[2].raw = true;
        faults[2].chunk = 100;
        root = traceNode(2, depth, 0);
        bytes memory nodes = revealed(2);
        bytes32[] memory path = tracePath(2, 1, outputChunk() >> 1, depth);
        vm.expectRevert(Disputes.WrongTraceRoot.selector);
        vm.prank(alice);
        disputes.commitTrace(bobs, root, path, nodes);
        commit(1);
        assertEq(now_.phase, 2, "the same root is fine");
    }

    /// A node's two children are not a chunk, and a chunk is not a node: the tags differ.
    function testNodeIsNoLeafAndLeafNoNode() public {
        challenge(claim(1), bob);
        commit(1);
        playTo(4, 0, 1);
        // The node of the last round, over its own four chunks' leaves, as one 128-byte chunk.
        bytes memory four;
        uint256 base = uint256(now_.position) << 2;
        for (uint256 i = 0; i < 4; ++i) {
            four = abi.encodePacked(four, traceNode(1, 0, base + i));
        }
        State memory s = now_;
        bytes32[] memory siblings = tracePath(1, 0, base, 2);
        bytes memory d = descriptor[0];
        bytes32[] memory path = new bytes32[](1);
        path[0] = D.leaf(descriptor[1]);
        vm.expectRevert(Disputes.WrongPath.selector);
        vm.prank(bob);
        disputes.selectElement(s, 0, 0, four, siblings, 0, d, path);
        // An interior node offered where the round's children are wanted: another number of siblings.
        vm.expectRevert(Disputes.WrongLength.selector);
        vm.prank(bob);
        disputes.selectElement(s, 0, 0, chunkOf(1, base), new bytes32[](0), 0, d, path);
        // The program's leaf is tagged too: two leaf hashes side by side are no descriptor.
        bytes memory pair = abi.encodePacked(uint8(1), D.leaf(descriptor[0]), D.leaf(descriptor[1]));
        vm.expectRevert();
        vm.prank(bob);
        disputes.selectElement(s, 0, 0, chunkOf(1, base), siblings, 0, pair, new bytes32[](0));
    }

    function testHighBitsOfIndexesDoNotAlias() public {
        challenge(claim(1), bob);
        commit(1);
        State memory s = now_;
        uint256 b = levels(0);
        bytes32 hash = traceNode(1, depth - b, 0);
        bytes32[] memory path = tracePath(1, depth - b, 0, depth);
        vm.expectRevert(Disputes.OutOfRange.selector);
        vm.prank(bob);
        disputes.select(s, 1 << b, hash, path);
        vm.expectRevert(Disputes.OutOfRange.selector);
        vm.prank(bob);
        disputes.select(s, 1 << 255, hash, path);
        playTo(4, 0, 1);
        s = now_;
        bytes memory chunk = chunkOf(1, uint256(s.position) << 2);
        bytes32[] memory siblings = tracePath(1, 0, uint256(s.position) << 2, 2);
        path = new bytes32[](1);
        path[0] = D.leaf(descriptor[1]);
        bytes memory d = descriptor[0];
        vm.expectRevert(Disputes.OutOfRange.selector);
        vm.prank(bob);
        disputes.selectElement(s, 4, 0, chunk, siblings, 0, d, path);
        vm.expectRevert(Disputes.OutOfRange.selector); // instruction 2 of 2, whose low bit is instruction 0's
        vm.prank(bob);
        disputes.selectElement(s, 0, 0, chunk, siblings, 2, d, path);
        vm.expectRevert(Disputes.OutOfRange.selector); // slot 16 of 16
        vm.prank(bob);
        disputes.selectElement(s, 0, 16, chunk, siblings, 0, d, path);
        // The other instruction, properly opened, does not cover the chunk.
        path[0] = D.leaf(descriptor[0]);
        d = descriptor[1];
        vm.expectRevert(Disputes.OutOfRange.selector);
        vm.prank(bob);
        disputes.selectElement(s, 0, 0, chunk, siblings, 1, d, path);
        // A descriptor that the program does not have.
        d = abi.encodePacked(descriptor[0], uint8(0));
        path[0] = D.leaf(descriptor[1]);
        vm.expectRevert(Disputes.WrongDescriptor.selector);
        vm.prank(bob);
        disputes.selectElement(s, 0, 0, chunk, siblings, 0, d, path);
    }

    function testStatesAndSegments() public {
        challenge(claim(1), bob);
        playTo(5, 0, 1);
        assertEq(now_.low, 0, "no state is agreed");
        assertEq(now_.high, 201, "the stored value is in question");
        State memory s = now_;
        bytes memory values = states(1);
        assertEq(values.length, 8 * 50, "201 states, every fourth");
        vm.expectRevert(Disputes.WrongLength.selector);
        vm.prank(alice);
        disputes.revealStates(s, new bytes(8 * 51));
        revealStateValues(1);
        s = now_;
        vm.expectRevert(Disputes.OutOfRange.selector);
        vm.prank(bob);
        disputes.selectSegment(s, 51, values);
        bytes memory other = states(0);
        vm.expectRevert(Disputes.WrongValues.selector);
        vm.prank(bob);
        disputes.selectSegment(s, 0, other);
        pickSegment(0, 1);
        // s_3, s_7, ... are shown; s_111 is agreed, s_115 is the first that differs.
        assertEq(now_.low, 112, "low");
        assertEq(now_.high, 115, "high");
        assertEq(now_.lowValue, stateOf(0, 17, 111), "low value");
        assertEq(now_.highValue, stateOf(1, 17, 115), "high value");
        assertEq(now_.phase, 5, "once more");
        play(0, 1);
        assertEq(outcome, 3, "");
    }

    function testWrongOpenings() public {
        challenge(claim(1), bob);
        playTo(7, 0, 1);
        assertEq(now_.high, 113, "the step");
        (bytes memory d, bytes memory o) = openings(1);
        State memory s = now_;
        bytes memory other = o;
        other[140] ^= 0x80;
        vm.expectRevert(Judge_WrongOpening);
        vm.prank(bob);
        disputes.proveStep(s, d, other);
        o[140] ^= 0x80;
        bytes memory longer = abi.encodePacked(o, uint8(0));
        vm.expectRevert(Judge_WrongOpeningsLength);
        vm.prank(bob);
        disputes.proveStep(s, d, longer);
        d = descriptor[1];
        vm.expectRevert(Disputes.WrongDescriptor.selector);
        vm.prank(bob);
        disputes.proveStep(s, d, o);
    }

    bytes4 private constant Judge_WrongOpening = bytes4(keccak256("WrongOpening()"));
    bytes4 private constant Judge_WrongOpeningsLength = bytes4(keccak256("WrongOpeningsLength()"));

    // ---- who gets what ----

    function testConcessions() public {
        uint256 total = free(alice) + locked(alice);
        bytes32 claimId = claim(1);
        challenge(claimId, bob);
        uint256 bobs = free(bob) + locked(bob);
        State memory s = now_;
        uint256 undo = snapshot();
        vm.prank(alice);
        disputes.concede(s);
        hear();
        assertEq(outcome, 3, "");
        assertEq(reason, 3, "by concession");
        uint256 loss = CLAIM_BOND * CONCEDE_BPS / 10000;
        assertEq(free(alice), total - loss, "half");
        assertEq(free(bob), bobs + loss - loss * BURN_BPS / 10000, "to bob");
        (uint8 status,,,,) = claims.status(claimId);
        assertEq(status, 2, "invalid all the same");
        checkMoney();
        restore(undo);
        vm.prank(bob); // also while it is not its move
        disputes.concede(s);
        hear();
        loss = uint256(CHALLENGER_BOND) * CONCEDE_BPS / 10000;
        assertEq(outcome, 2, "");
        assertEq(free(bob), bobs - loss, "half");
        assertEq(free(alice) + locked(alice), total + loss - loss * BURN_BPS / 10000, "to alice");
        checkMoney();
    }

    function testNoConcessionAfterTheDeadline() public {
        challenge(claim(1), bob);
        State memory s = now_;
        vm.warp(s.deadline + 1);
        vm.expectRevert(Disputes.TooLate.selector);
        vm.prank(alice);
        disputes.concede(s);
    }

    /// A cheat challenges itself through a friend, wins, and gains nothing by it.
    function testSelfChallengeConfirmsNothing() public {
        bytes32 claimId = claim(1);
        challenge(claimId, carol); // alice's friend
        commit(1);
        State memory s = now_;
        vm.prank(carol);
        disputes.concede(s);
        hear();
        assertEq(outcome, 2, "the claimant won that game");
        (uint8 status,,,,) = claims.status(claimId);
        assertEq(status, 1, "the claim is open");
        vm.expectRevert(Claims.WindowOpen.selector);
        claims.finalize(claimId);
        challenge(claimId, bob);
        play(0, 1);
        assertEq(outcome, 3, "and is caught");
        assertTrue(stakes.burned() > 0, "what it cost");
        checkMoney();
    }

    function testFinalityWaitsForOpenGames() public {
        bytes32 claimId = claim(0);
        challenge(claimId, bob);
        State memory bobs = now_;
        challenge(claimId, carol);
        vm.warp(block.timestamp + 1);
        commit(0);
        vm.prank(carol);
        disputes.concede(now_);
        vm.warp(block.timestamp + WINDOW);
        vm.expectRevert(Claims.GamesOpen.selector);
        claims.finalize(claimId);
        vm.prank(dave); // bob's game: alice never committed there
        disputes.timeout(bobs);
        (uint8 status,,,,) = claims.status(claimId);
        assertEq(status, 2, "silence loses, even with a right claim");
        vm.expectRevert(Claims.ClaimNotOpen.selector);
        claims.finalize(claimId);
    }

    function testFinalizeOnce() public {
        bytes32 claimId = claim(0);
        vm.warp(block.timestamp + WINDOW + 1);
        claims.finalize(claimId);
        vm.expectRevert(Claims.ClaimNotOpen.selector);
        claims.finalize(claimId);
        vm.expectRevert(Claims.ClaimNotOpen.selector);
        vm.prank(bob);
        disputes.challenge(claimId);
    }

    /// Three games; the second wins first. The first is still open, so the prize waits; the third is over.
    function openThree() internal returns (bytes32 claimId, State memory first, State memory third) {
        fund(dave);
        claimId = claim(1);
        challenge(claimId, bob);
        first = now_;
        challenge(claimId, carol);
        State memory second = now_;
        challenge(claimId, dave);
        third = now_;
        now_ = second;
        play(0, 1);
        assertEq(outcome, 3, "carol's game");
    }

    function testPrizeGoesToTheEarliestOpened() public {
        (bytes32 claimId, State memory first, State memory third) = openThree();
        (uint8 status,, uint32 open,,) = claims.status(claimId);
        assertEq(status, 2, "invalid at once");
        assertEq(open, 2, "two are open");
        assertEq(free(carol), PURSE - 1 ether, "carol has her bond back, not the prize");
        assertEq(locked(alice), CLAIM_BOND, "which is locked");
        vm.expectRevert(Disputes.ClaimSettled.selector);
        vm.prank(dave);
        disputes.concede(third);
        vm.warp(third.deadline + 1);
        vm.expectRevert(Disputes.ClaimSettled.selector);
        disputes.timeout(third);
        vm.expectRevert(Disputes.NotSettled.selector);
        disputes.close(claimId, bob);
        disputes.close(claimId, dave);
        hear();
        assertEq(outcome, 4, "closed");
        assertEq(free(dave), PURSE, "dave has his bond back");
        vm.expectRevert(Disputes.NoGame.selector);
        disputes.close(claimId, dave);
        // alice stays silent towards bob too.
        vm.warp(first.deadline + 1);
        disputes.timeout(first);
        uint256 prize = CLAIM_BOND - CLAIM_BOND * BURN_BPS / 10000;
        assertEq(free(bob), PURSE + prize, "bob opened first");
        assertEq(free(carol), PURSE - 1 ether, "carol mirrored");
        assertEq(locked(alice), 0, "");
        checkMoneyWith(dave);
    }

    function testPrizeFallsToTheNextWhenTheEarliestLoses() public {
        (, State memory first,) = openThree();
        now_ = first;
        outcome = 0;
        commit(1);
        vm.warp(now_.deadline + 1);
        disputes.timeout(now_); // bob's clock
        hear();
        assertEq(outcome, 2, "bob lost his game");
        uint256 prize = CLAIM_BOND - CLAIM_BOND * BURN_BPS / 10000;
        assertEq(free(carol), PURSE - 1 ether + prize, "carol");
        assertEq(free(bob), PURSE - CHALLENGER_BOND, "bob");
        assertEq(locked(alice), 0, "");
        checkMoneyWith(dave);
    }

    /// The later winner's reduced loss (a concession to a friend) does not bind the earlier game.
    function testConcedingToAFriendWhileAnHonestGameIsOlder() public {
        bytes32 claimId = claim(1);
        challenge(claimId, bob);
        State memory bobs = now_;
        challenge(claimId, carol);
        vm.prank(alice);
        disputes.concede(now_);
        hear();
        assertEq(locked(alice), CLAIM_BOND, "nothing is paid yet");
        now_ = bobs;
        outcome = 0;
        play(0, 1);
        assertEq(outcome, 3, "");
        assertEq(free(bob), PURSE + CLAIM_BOND - CLAIM_BOND * BURN_BPS / 10000, "all of it");
        assertEq(free(alice), PURSE - CLAIM_BOND, "");
        checkMoney();
    }

    /// A cheat's friend plays first, so that the cheat can concede to it when it is caught: it costs the whole bond.
    function testConcedingToAFriendIsNoCheapWayOut() public {
        bytes32 claimId = claim(1);
        challenge(claimId, carol);
        State memory friends = now_;
        challenge(claimId, bob);
        vm.prank(alice);
        disputes.concede(friends);
        hear();
        assertEq(free(alice), PURSE - CLAIM_BOND, "all of it");
        assertEq(stakes.burned(), CLAIM_BOND * BURN_BPS / 10000, "what deters");
        disputes.close(claimId, bob);
        assertEq(free(bob), PURSE, "bob's bond is back");
        checkMoney();
    }

    function checkMoneyWith(address fourth) internal view {
        (uint128 a, uint128 b, uint128 c,) = stakes.accounts(fourth);
        uint256 sum = stakes.burned() + a + b + c;
        address[3] memory everybody = [alice, bob, carol];
        for (uint256 i = 0; i < 3; ++i) {
            (a, b, c,) = stakes.accounts(everybody[i]);
            sum += uint256(a) + b + c;
        }
        assertEq(sum, token.balanceOf(address(stakes)), "money");
    }

    /// More games than one word of the book holds.
    function testManyGames() public {
        bytes32 claimId = claim(1);
        State memory first;
        for (uint160 i = 0; i < 300; ++i) {
            address who = address(0x10000 + i);
            fund(who);
            challenge(claimId, who);
            if (i == 0) first = now_;
        }
        State memory last = now_;
        vm.prank(alice);
        disputes.concede(last);
        (,,, uint16 loss, address to) = disputes.books(claimId);
        assertEq(loss, 10000, "others have played: no cheap way out");
        assertEq(to, last.challenger, "");
        for (uint160 i = 1; i < 299; ++i) {
            State memory s = first;
            s.challenger = address(0x10000 + i);
            vm.prank(s.challenger);
            disputes.concede(s);
        }
        assertEq(locked(alice), CLAIM_BOND, "the very first is still open");
        vm.warp(first.deadline);
        first.challenger = address(0x10000); // s above was the same memory
        vm.prank(first.challenger);
        disputes.concede(first);
        assertEq(locked(alice), 0, "paid");
    }

    function snapshot() internal returns (uint256) {
        return Snapshots(address(vm)).snapshotState();
    }

    function restore(uint256 id) internal {
        assertTrue(Snapshots(address(vm)).revertToState(id), "snapshot");
        logs.getRecordedLogs();
    }
}

interface Snapshots {
    function snapshotState() external returns (uint256);
    function revertToState(uint256 id) external returns (bool);
}
