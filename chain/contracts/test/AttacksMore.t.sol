// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {World} from "./World.sol";
import {Batches} from "../src/Batches.sol";
import {Claims} from "../src/Claims.sol";
import {Inspector} from "../src/Inspector.sol";
import {Models} from "../src/Models.sol";
import {Body, Header, State, Terms} from "../src/Types.sol";
import {Payouts} from "../src/game/Payouts.sol";

interface VmMore {
    function chainId(uint256 id) external;
    function etch(address target, bytes calldata code) external;
}

/// Finds a fault in every program: what follows from a void model is tested with it, not the proof.
contract FindsFaults {
    fallback(bytes calldata) external returns (bytes memory) {
        return abi.encode(uint256(5));
    }
}

/// One test an attack (docs/threat-model.md): on games, on prizes, on models and on batches.
contract AttacksMoreTest is World {
    VmMore private constant more = VmMore(address(vm));
    uint256 private constant LOST = CLAIM_BOND + CLAIM_FEE;
    uint256 private constant BURN = CLAIM_BOND * BURN_BPS / 10000;
    uint256 private constant REGISTRANT_BOND = 1 ether;

    address private mallory = address(0x3A110);

    function setUp() public {
        deploy();
        makeModel(12, 200);
        faults[1].on = true;
        faults[1].element = 17;
        faults[1].term = 113;
        faults[1].delta = 1;
        fund(mallory);
    }

    function wealth(address who) private view returns (uint256) {
        return free(who) + locked(who);
    }

    function balanced() private view {
        uint256 sum = stakes.burned();
        address[5] memory all = [alice, bob, carol, mallory, address(duties)];
        for (uint256 i = 0; i < 5; ++i) {
            sum += wealth(all[i]);
        }
        assertEq(sum, token.balanceOf(address(stakes)), "money");
    }

    // ---- time ----

    /// Both sides answer in their last second, every time: the game lasts as long as the page says, and ends as it must.
    function testMovesInTheLastSecondOnlyDelay() public {
        bytes32 claimId = claim(1);
        challenge(claimId, bob);
        uint256 start = deadline() - BUDGET; // not block.timestamp: the compiler would read that where it is used
        uint256 moves;
        while (outcome == 0) {
            vm.warp(deadline());
            move(0, 1);
            ++moves;
        }
        assertEq(outcome, 3, "the wrong claim is lost all the same");
        assertTrue(
            block.timestamp - start <= 2 * uint256(BUDGET) + moves * MINIMUM, "both budgets and a minimum a move"
        );
        assertTrue(moves <= 16, "and there are few moves");
        balanced();
    }

    // ---- after the end ----

    /// Nobody moves in a game that is over, whatever phase it ended in, nor ends it once more.
    function testNothingMovesAfterTheEnd() public {
        for (uint256 p = 1; p <= 9; ++p) {
            if (p == 8) continue;
            uint256 undo = snapshot();
            bytes32 claimId = claim(1);
            challenge(claimId, bob);
            playTo(p, 0, 1);
            concede(bob);
            outcome = 0;
            uint256[2] memory before = [wealth(alice), wealth(bob)];
            assertEq(this.whyNoMove(), bytes32(Payouts.StaleState.selector), "a move");
            Terms memory t = words();
            vm.expectRevert(Payouts.StaleState.selector);
            vm.prank(alice);
            disputes.concede(t, now_.a, now_.b, now_.n, now_.c, now_.v);
            vm.expectRevert(Payouts.StaleState.selector);
            disputes.close(t, now_.a, now_.b, now_.n, now_.c, now_.v);
            vm.warp(deadline() + 1);
            vm.expectRevert(Payouts.StaleState.selector);
            disputes.timeout(t, now_.a, now_.b, now_.n, now_.c, now_.v);
            assertEq(wealth(alice), before[0], "alice");
            assertEq(wealth(bob), before[1], "bob");
            restore(undo);
        }
    }

    function whyNoMove() external returns (bytes32) {
        try this.moveOnce() {
            return 0;
        } catch (bytes memory why) {
            return bytes32(bytes4(why));
        }
    }

    function moveOnce() external {
        move(0, 1);
    }

    // ---- who is paid ----

    /// Whoever calls, or writes its own name into the state, gets nothing of it: bonds and prizes go where the state says.
    function testNobodyElseIsPaid() public {
        bytes32 claimId = claim(1);
        challenge(claimId, bob);
        State memory s = now_;
        Terms memory t = words();
        vm.warp(deadline() + 1);
        uint256 asMallory = uint256(uint160(mallory)) << 96;
        uint256 undo = snapshot();
        vm.startPrank(mallory);
        vm.expectRevert(Payouts.StaleState.selector);
        disputes.timeout(t, s.a, challengers() | asMallory, s.n, s.c, s.v);
        vm.expectRevert(Payouts.StaleState.selector);
        disputes.timeout(t, claimants() | asMallory, s.b, s.n, s.c, s.v);
        disputes.timeout(t, s.a, s.b, s.n, s.c, s.v);
        vm.stopPrank();
        assertEq(free(bob), PURSE + CLAIM_BOND - BURN, "the challenger's");
        assertEq(wealth(mallory), PURSE, "nothing for who called");
        balanced();
        restore(undo);
        vm.warp(deadline());
        commit(1);
        vm.warp(deadline() + 1); // bob is silent
        vm.prank(mallory);
        disputes.timeout(t, now_.a, now_.b, now_.n, now_.c, now_.v);
        assertEq(free(alice) + locked(alice), PURSE + CHALLENGER_BOND * 7 / 10, "the claimant's");
        assertEq(wealth(mallory), PURSE, "nothing for who called");
        balanced();
    }

    /// Losing to a friend pays less than it costs, however it is done: with what burns, and the fee.
    function testLosingToOneselfDoesNotPay() public {
        for (uint256 way = 0; way < 4; ++way) {
            uint256 undo = snapshot();
            challenge(claim(way == 3 ? 0 : 1), mallory); // alice's friend
            uint256 both = wealth(alice) + wealth(mallory);
            uint256 cost;
            if (way == 0) {
                vm.warp(deadline() + 1);
                timeout();
                cost = BURN + CLAIM_FEE;
            } else if (way == 1) {
                play(0, 1);
                cost = BURN + CLAIM_FEE;
            } else if (way == 2) {
                concede(alice);
                cost = BURN * CONCEDE_BPS / 10000 + CLAIM_FEE;
            } else {
                play(1, 0); // and winning too
                cost = uint256(CHALLENGER_BOND) * BURN_BPS / 10000;
            }
            assertTrue(cost != 0, "it costs");
            assertEq(both - wealth(alice) - wealth(mallory), cost, "what it costs");
            balanced();
            restore(undo);
        }
    }

    /// A hollow victory: mallory sees bob's challenge, opens before it, and copies each of bob's moves. The prize may be its own,
    /// but the claim is lost, and the moves that bob made are paid out of the pot. If it stops copying, the prize is bob's.
    function testAMirroredGameCostsTheHonestNothing() public {
        bytes32 claimId = claim(1);
        challenge(claimId, mallory);
        State memory hers = now_;
        challenge(claimId, bob);
        uint256 moves = 1;
        while (outcome == 0) {
            if (phase() & 1 == 0) ++moves;
            move(0, 1);
        }
        assertEq(outcome, 3, "bob proves it");
        assertEq(statusOf(claimId), 2, "and the claim is lost");
        assertEq(free(bob), PURSE, "his bond is free");
        assertTrue(stakes.burned() >= BURN, "what deters alice is gone");
        uint256 undo = snapshot();
        now_ = hers;
        outcome = 0;
        play(0, 1);
        assertEq(outcome, 3, "the copy wins too");
        assertEq(free(bob), PURSE + REFUND_PER_MOVE * moves, "bob's moves are paid");
        assertEq(free(mallory), PURSE + CLAIM_BOND - BURN - REFUND_PER_MOVE * moves, "the rest is hers");
        assertEq(wealth(alice), PURSE - LOST, "alice has lost it all");
        balanced();
        restore(undo);
        now_ = hers;
        outcome = 0;
        committed = 0;
        commit(1);
        vm.warp(deadline() + 1); // she does not go on
        timeout();
        assertEq(outcome, 2, "she loses");
        assertEq(wealth(mallory), PURSE - CHALLENGER_BOND, "her bond");
        assertEq(free(bob), PURSE + CLAIM_BOND - BURN, "the prize is bob's");
        balanced();
    }

    // ---- traces ----

    /// A root that was published for an audit binds: what is not the trace under it cannot be played, so a false one loses.
    /// And nobody but the system's contracts binds one.
    function testAFalseAuditRootLoses() public {
        bytes32 claimId = claim(0);
        vm.expectRevert(Claims.Unauthorized.selector);
        vm.prank(bob);
        claims.bindTrace(claimId, 7);
        vm.prank(address(duties));
        claims.bindTrace(claimId, uint160(uint256(traceNode(1, depth, 0)))); // not what she can play
        vm.expectRevert(Claims.Unauthorized.selector);
        vm.prank(bob);
        claims.bindTrace(claimId, uint160(uint256(traceNode(1, depth, 0))));
        challenge(claimId, bob);
        uint256 a = claimants();
        bytes memory nodes = revealed(0);
        vm.expectRevert(Claims.WrongTraceRoot.selector);
        vm.prank(alice);
        disputes.commitTrace(claimId, a, now_.b, nodes);
        vm.warp(deadline() + 1);
        timeout();
        assertEq(outcome, 3, "she has nothing to play");
        assertEq(statusOf(claimId), 2, "invalid");
        balanced();
    }

    /// On another chain, or for another deployment, the same claim has another id, and no game of it is open.
    function testMovesAndClaimsOfAnotherChain() public {
        bytes32 claimId = claim(1);
        challenge(claimId, bob);
        Terms memory t = words();
        more.chainId(31338); // the tests' own is 31337
        bytes32 elsewhere = claims.idOf(bodies[claimId]);
        assertTrue(elsewhere != claimId, "another id");
        vm.expectRevert(Payouts.StaleState.selector);
        vm.prank(alice);
        disputes.concede(t, now_.a, now_.b, now_.n, now_.c, now_.v);
        uint256 a = claimants();
        bytes memory nodes = revealed(1);
        vm.expectRevert(Payouts.StaleState.selector);
        vm.prank(alice);
        disputes.commitTrace(elsewhere, a, now_.b, nodes);
        more.chainId(31337);
        address other = address(0xDE9107);
        more.etch(other, address(claims).code);
        assertTrue(Claims(other).idOf(bodies[claimId]) != claimId, "another id");
        commit(1);
    }

    // ---- tokens ----

    /// Whatever becomes of the token, verdicts are settled: no game calls it.
    function testAVerdictAsksNoToken() public {
        challenge(claim(1), bob);
        challenge(claim(1), mallory);
        more.etch(address(token), hex"fe"); // every call fails
        play(0, 1);
        assertEq(outcome, 3, "settled");
        assertEq(free(mallory), PURSE + CLAIM_BOND - BURN, "the prize");
    }

    // ---- models ----

    function voidTheModel() private {
        more.etch(models.inspector(), address(new FindsFaults()).code);
        vm.prank(carol); // she registered it
        models.void(header, 1, new Inspector.Opened[](0), 0);
    }

    /// A game about a program that is malformed is no contest: neither side loses it, whoever would have, however it ends.
    function testNobodyLosesOnAVoidModel() public {
        for (uint256 way = 0; way < 7; ++way) {
            uint256 undo = snapshot();
            bytes32 claimId = claim(way == 0 ? 0 : 1);
            challenge(claimId, bob);
            if (way == 0) playTo(7, 1, 0);
            else if (way < 3) playTo(2, 0, 1);
            else if (way == 4) playTo(7, 0, 1);
            else if (way == 6) playTo(9, 0, 1);
            voidTheModel();
            if (way == 0) {
                move(1, 0); // a step that proves the claimant right
            } else if (way == 1) {
                vm.warp(deadline() + 1);
                timeout(); // the challenger is silent
            } else if (way == 2) {
                concede(bob);
            } else if (way == 3) {
                // The claimant would lose: silent, proven wrong, conceding.
                vm.warp(deadline() + 1);
                timeout();
            } else if (way == 4) {
                prove(bob, 1);
            } else if (way == 5) {
                concede(alice);
            } else {
                move(0, 1); // the output proven
            }
            assertEq(outcome, 4, "closed");
            assertEq(reason, 4, "and nothing else");
            assertEq(statusOf(claimId), 1, "the claim is neither lost");
            assertTrue(!this.forfeits(claimId), "nor forfeited");
            claims.release(bodies[claimId]);
            assertEq(statusOf(claimId), 4, "void");
            assertEq(free(alice), PURSE, "alice");
            assertEq(free(bob), PURSE, "bob");
            assertEq(openGames(claimId), 0, "no game is left");
            balanced();
            restore(undo);
        }
    }

    function forfeits(bytes32 claimId) external returns (bool) {
        try duties.forfeit(bodies[claimId], bob) {
            return true;
        } catch (bytes memory why) {
            assertEq(bytes32(bytes4(why)), bytes32(Payouts.ModelVoid.selector), "why");
            return false;
        }
    }

    /// A squatter registers a model first, which anybody can who sees its header, and retires it: whoever needs the model takes
    /// it over with a bond of its own, and the squatter has no say any more.
    function testASquatterStopsNoModel() public {
        Header memory h = header;
        h.lowering = 7;
        vm.prank(mallory);
        bytes32 id = models.register(h, "nowhere");
        vm.expectRevert(Models.ModelExists.selector);
        vm.prank(bob);
        models.register(h, "file:///model.gsp"); // in use: nothing to take over
        vm.prank(mallory);
        models.retire(id);
        vm.expectRevert(Claims.ModelInactive.selector);
        vm.prank(alice);
        claims.post(id, 0, 0, 0, "", "");
        vm.prank(bob);
        assertEq(models.register(h, "file:///model.gsp"), id, "the same model");
        assertEq(locked(bob), REGISTRANT_BOND, "bob answers for it");
        assertEq(free(mallory), PURSE, "mallory does not");
        vm.prank(alice);
        claims.post(id, 0, 0, 0, "", "");
        assertTrue(models.active(id), "active");
        vm.expectRevert(Models.NotRegistrant.selector);
        vm.prank(mallory);
        models.retire(id);
        vm.warp(block.timestamp + 20000);
        vm.expectRevert(Models.NotRetired.selector);
        models.releaseBond(id); // mallory's came back once
        // After the former bond was paid out there is nothing to give back twice.
        vm.prank(bob);
        models.retire(id);
        vm.warp(block.timestamp + 10000);
        models.releaseBond(id);
        vm.prank(mallory);
        models.register(h, "");
        assertEq(locked(bob), 0, "bob's, once");
        assertEq(free(bob), PURSE, "bob's");
        assertEq(locked(mallory), REGISTRANT_BOND, "mallory's");
        balanced();
    }

    /// The bond behind a model is always that of who registered it last; and a void model is never registered again.
    function testWhoTakesAModelOverAnswersForIt() public {
        vm.prank(carol);
        models.retire(modelId);
        vm.prank(mallory);
        models.register(header, "");
        more.etch(models.inspector(), address(new FindsFaults()).code);
        vm.prank(bob);
        models.void(header, 1, new Inspector.Opened[](0), 0);
        assertEq(wealth(carol), PURSE, "carol is out of it");
        assertEq(wealth(mallory), PURSE - REGISTRANT_BOND, "mallory is not");
        assertEq(free(bob), PURSE + REGISTRANT_BOND * 7 / 10, "the prover's");
        vm.expectRevert(Models.ModelExists.selector);
        vm.prank(carol);
        models.register(header, "");
        balanced();
    }

    // ---- batches ----

    /// Two leaves that say the same are two claims on one bond: each is opened once, and what is lost is paid once.
    function testDuplicateLeavesPayOnce() public {
        bytes32 output = traceNode(1, 1, outputChunk() >> 1);
        bytes memory one = abi.encodePacked(uint128(0), inputRoot, output);
        bytes32 leaf = keccak256(abi.encodePacked(uint8(3), uint128(0), modelId, inputRoot, output));
        vm.prank(alice);
        bytes32 batch = batches.postLeaves(1, modelId, abi.encodePacked(one, one));
        uint256 bonds = 2 * CLAIM_BOND;
        assertEq(locked(alice), bonds + 2 * CLAIM_FEE, "for two");
        bytes32[] memory path = new bytes32[](1);
        path[0] = leaf;
        bytes32[2] memory ids;
        for (uint256 i = 0; i < 2; ++i) {
            Body memory b = Body(batch, i << 128, alice, modelId, inputRoot, output);
            ids[i] = batches.openLeaf(b, 1, 2, path);
            bodies[ids[i]] = b;
            vm.expectRevert(Claims.ClaimExists.selector);
            batches.openLeaf(b, 1, 2, path);
            b.lot = 2 << 128;
            vm.expectRevert(Batches.WrongPath.selector);
            batches.openLeaf(b, 1, 2, path);
        }
        for (uint256 i = 0; i < 2; ++i) {
            challenge(ids[i], i == 0 ? bob : mallory);
            play(0, 1);
            assertEq(outcome, 3, "wrong, twice");
        }
        assertEq(free(bob), PURSE + bonds * 7 / 10, "the batch's bond");
        assertEq(free(mallory), PURSE, "nothing more, and nothing less");
        assertEq(wealth(alice), PURSE - bonds - 2 * CLAIM_FEE, "all of it, once");
        balanced();
    }
}
