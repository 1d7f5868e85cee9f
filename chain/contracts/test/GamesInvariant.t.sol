// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Players} from "./Players.sol";
import {Batch} from "../src/Batches.sol";
import {Body, State, Terms} from "../src/Types.sol";

/// Forge draws calls of everybody at the whole system while games are played for real: alice claims what is true and defends it,
/// bob challenges what is wrong, both by the moves of `World` and never late, often in the last second. dave claims anything, carol
/// challenges anything: they lie, commit to other traces than they claimed, point anywhere, show garbage, fall silent, concede.
/// carol demands data, mallory draws for audits, and calls what she may not; dave leaves his duties undone when he likes.
///
/// After every call: the tokens are where the books say; bob has never less than before, alice only less by the fees of her claims
/// that became final; no game runs beyond its clocks. A claim of which a game was lost is never final, nor is a wrong one that bob
/// challenged; a right one of alice's is never invalid. At the end of a run every game can be ended, and is.
contract GamesInvariantTest is Players {
    function setUp() public {
        prepare();
    }

    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    // ---- what forge draws ----

    function targetSelectors() external view returns (FuzzSelector[] memory r) {
        bytes4[] memory s = new bytes4[](18);
        s[0] = this.postClaim.selector;
        s[1] = this.postBatch.selector;
        s[2] = this.openLeaf.selector;
        s[3] = this.openGame.selector;
        s[4] = this.openGame.selector; // twice: often
        s[5] = this.advance.selector;
        s[6] = this.play.selector;
        s[7] = this.play.selector;
        s[8] = this.play.selector;
        s[9] = this.playHonestly.selector;
        s[10] = this.endGame.selector;
        s[11] = this.endClaim.selector;
        s[12] = this.endBatch.selector;
        s[13] = this.intrude.selector;
        s[14] = this.moveMoney.selector;
        s[15] = this.rarely.selector;
        s[16] = this.askForDuties.selector;
        s[17] = this.endDuties.selector;
        r = new FuzzSelector[](1);
        r[0] = FuzzSelector(address(this), s);
    }

    /// Nothing else: forge would call whatever setUp made, the token's mint among it.
    function targetContracts() external view returns (address[] memory r) {
        r = new address[](1);
        r[0] = address(this);
    }

    modifier step(uint256 s) {
        vm.warp(clock);
        logs.recordLogs();
        number = uint256(keccak256(abi.encode(s, number)));
        _;
        verify();
    }

    function invariant_money() external view {
        conserved();
    }

    /// Everything can be brought to an end, in the time that the clocks leave.
    function afterInvariant() external {
        vm.warp(clock);
        logs.recordLogs();
        uint256 longest = 2 * uint256(BUDGET) + MOVES_MAX * MINIMUM;
        pass(clock + longest, false);
        while (live.length != 0) {
            load(live[0]);
            if (closable(live[0])) {
                close();
            } else {
                assertTrue(clock > deadline(), "no game outlives its clocks");
                timeout();
            }
            store(live[0]);
        }
        for (uint256 i = 0; i < ids.length; ++i) {
            truth(ids[i]);
        }
        assertEq(locked(bob), 0, "nothing of bob's is held");
        assertEq(locked(alice), owed(alice), "alice's is what her open claims are worth");
        assertEq(locked(dave), owed(dave), "dave's is what his open claims are worth");
        verify();
        conserved();
    }

    // ---- posting ----

    /// alice posts what is true, dave anything.
    function postClaim(uint256 s) external step(s) {
        if (retiredNow || live.length >= GAMES_AT_ONCE) return;
        bool honest = number & 1 == 0;
        uint256 belief = honest ? 0 : number >> 8 & 0xffff;
        belief %= BELIEFS;
        refill(honest ? alice : dave);
        add(
            Body(
                0,
                uint256(ids.length) << 128 | (number >> 32) % 100 ether,
                honest ? alice : dave,
                modelId,
                inputRoot,
                traceNode(belief, 1, outputChunk() >> 1)
            ),
            belief
        );
    }

    function add(Body memory b, uint256 belief) private {
        bytes32 id = post(b);
        ids.push(id);
        posted[id] = Posted(belief, false, false, NEVER, clock, NEVER, 0);
    }

    function postBatch(uint256 s) external step(s) {
        if (retiredNow) return;
        bool honest = number & 1 == 0;
        refill(honest ? alice : dave);
        uint256 first = honest ? 0 : (number >> 8 & 0xff) % BELIEFS;
        uint256 second = honest ? 0 : (number >> 16 & 0xff) % BELIEFS;
        bytes32[2] memory outputs = [traceNode(first, 1, outputChunk() >> 1), traceNode(second, 1, outputChunk() >> 1)];
        bytes memory leaves =
            abi.encodePacked(uint128(1 ether), inputRoot, outputs[0], uint128(2 ether), inputRoot, outputs[1]);
        Batch memory b = Batch(
            honest ? alice : dave, batchSalt++, nodeOf(leafHash(outputs[0], 0), leafHash(outputs[1], 1)), 2, 2, modelId
        );
        vm.prank(b.claimant);
        bytes32 id = batches.postLeaves(b.salt, modelId, leaves);
        assertEq(id, batches.idOf(b), "the batch's id");
        batchList.push(b);
        leafOutputs[id] = outputs;
        leafBeliefs[id] = first | second << 8;
    }

    /// Anybody makes a leaf a claim.
    function openLeaf(uint256 s) external step(s) {
        if (batchList.length == 0) return;
        Batch memory b = batchList[recent(batchList.length)];
        bytes32 batchId = batches.idOf(b);
        uint256 i = number >> 40 & 1;
        bytes32[2] memory outputs = leafOutputs[batchId];
        Body memory body = Body(batchId, i << 128 | (i + 1) * 1 ether, b.claimant, modelId, inputRoot, outputs[i]);
        bytes32[] memory path = new bytes32[](1);
        path[0] = leafHash(outputs[1 - i], 1 - i);
        vm.prank(mallory);
        try batches.openLeaf(body, b.salt, 2, path) {
            bytes32 id = claims.idOf(body);
            bodies[id] = body;
            ids.push(id);
            posted[id] = Posted(
                leafBeliefs[batchId] >> 8 * i & 0xff, false, false, NEVER, windowEnd(id) - WINDOW, NEVER, batchId
            );
        } catch {}
    }

    // ---- games ----

    /// bob against what is wrong, carol against anything.
    function openGame(uint256 s) external step(s) {
        if (ids.length == 0 || live.length >= GAMES_AT_ONCE) return;
        bytes32 id = ids[recent(ids.length)];
        Posted storage p = posted[id];
        bool honest = p.belief != 0 && number & 1 == 0;
        Body memory b = bodies[id];
        bool may = statusOf(id) == OPEN && clock <= windowEnd(id);
        outcome = 0;
        refill(honest ? bob : carol);
        vm.prank(honest ? bob : carol);
        try disputes.challenge(b) {
            assertTrue(may, "a challenge in its window");
        } catch {
            assertTrue(!may, "whoever is in time may challenge");
            return;
        }
        hear();
        if (honest) p.bobIn = true;
        uint256 mine = honest ? 0 : (number >> 8 & 0xff) % BELIEFS;
        games.push(Played(now_, "", 0, p.belief, mine, clock, true));
        live.push(games.length - 1);
    }

    function advance(uint256 s) external step(s) {
        pass(clock + (number >> 8) % 400, number & 1 == 0);
    }

    function drawn() private view returns (uint256) {
        return live[(number >> 24 & 0xffff) % live.length];
    }

    /// Who is honest answers at once.
    function playHonestly(uint256 s) external step(s) {
        if (live.length == 0) return;
        uint256 g = drawn();
        load(g);
        if (honestTurn()) rightMove(g);
    }

    /// A move of whoever it is; the dishonest move well, or anyhow, or not at all.
    function play(uint256 s) external step(s) {
        if (live.length == 0) return;
        uint256 g = drawn();
        load(g);
        if (honestTurn()) return rightMove(g);
        if (clock > deadline()) return; // it fell silent
        uint256 how = number >> 48 & 15;
        uint256 p = phase();
        Posted storage posted_ = posted[now_.claimId];
        if (how == 0) {
            concede(side());
        } else if (p == 1) {
            commitTrace(g);
        } else if (p == 9 && posted_.trace != posted_.belief) {
            try this.sendOutputOf(posted_.trace) {
                revert Failed("another output is not there");
            } catch {}
            return;
        } else if (how == 1 && askable()) {
            challengeOutput();
        } else if (how < 8 || p == 3 || p > 6) {
            move(games[g].mine, games[g].theirs);
        } else if (p == 2) {
            selectChild(games[g].theirs, (number >> 64 & 0xff) % (1 << levels(round())));
        } else if (p == 4) {
            pickElementAt(games[g].theirs, (number >> 64 & 0xff) % (1 << level()), number >> 72 & 15);
        } else if (p == 5) {
            sendStates(garbled(states(games[g].theirs)));
            hear();
        } else {
            sendSegment((number >> 64 & 0xff) % (shown.length / 8 + 1), shown);
            hear();
        }
        store(g);
    }

    function sendOutputOf(uint256 belief) external {
        sendOutput(outputPath(belief));
    }

    function garbled(bytes memory values) private view returns (bytes memory) {
        uint256 from = (number >> 64 & 0xffff) % values.length;
        for (uint256 i = from; i < values.length && i < from + 9; ++i) {
            values[i] ^= bytes1(uint8(number >> 80));
        }
        return values;
    }

    /// Whoever likes ends a game that is overdue, or that nobody can win; any other stays as it is.
    function endGame(uint256 s) external step(s) {
        if (live.length == 0) return;
        uint256 g = drawn();
        load(g);
        Terms memory t = words();
        if (closable(g)) {
            close();
        } else if (clock > deadline()) {
            assertTrue(!honestTurn(), "the honest are never late");
            timeout();
            assertTrue(outcome != 0, "over");
        } else {
            vm.prank(mallory);
            try disputes.timeout(t, now_.a, now_.b, now_.n, now_.c, now_.v) {
                revert Failed("a timeout before its time");
            } catch {}
            vm.prank(mallory);
            try disputes.close(t, now_.a, now_.b, now_.n, now_.c, now_.v) {
                revert Failed("a game that can be won was closed");
            } catch {}
            return;
        }
        store(g);
    }

    // ---- ends of claims ----

    function endClaim(uint256 s) external step(s) {
        if (ids.length == 0) return;
        bytes32 id = ids[recent(ids.length)];
        Body memory b = bodies[id];
        uint256 before = wealth(b.claimant);
        vm.prank(mallory);
        try claims.finalize(b, epochOf(id)) {
            if (b.claimant == alice) aliceFees += before - wealth(alice);
            assertTrue(before - wealth(b.claimant) <= CLAIM_FEE + 0.1 ether, "no more than the fee");
            reached |= posted[id].belief == 0 ? MADE_FINAL : WRONG_FINAL;
        } catch {
            vm.prank(mallory);
            try claims.release(b) {
                assertTrue(retiredNow || posted[id].batch != 0, "nobody may give it up");
                reached |= RELEASED;
            } catch {}
        }
        truth(id);
    }

    function endBatch(uint256 s) external step(s) {
        if (batchList.length == 0) return;
        Batch memory b = batchList[recent(batchList.length)];
        uint256 before = wealth(b.claimant);
        try batches.finalizeBatch(b) {
            if (b.claimant == alice) aliceFees += before - wealth(alice);
            reached |= BATCH_FINAL;
        } catch {
            try batches.releaseBatch(b) {
                assertTrue(retiredNow, "nobody may give it up");
            } catch {}
        }
        if (batches.statusOf(batches.idOf(b)) == 2) {
            assertTrue(b.claimant != alice, "alice's batches hold");
            reached |= BATCH_LOST;
        }
    }

    // ---- others ----

    /// Who has no part in a game moves nothing, and nobody may speak for the system's contracts.
    function intrude(uint256 s) external step(s) {
        vm.startPrank(mallory);
        bytes32 id = ids.length == 0 ? bytes32(0) : ids[recent(ids.length)];
        Body memory b = bodies[id];
        refusedTo(address(claims), abi.encodeCall(claims.lose, (id, b.batch, b.lot, true)));
        refusedTo(address(claims), abi.encodeCall(claims.endGame, (id)));
        refusedTo(address(claims), abi.encodeCall(claims.openGame, (id)));
        refusedTo(address(disputes), abi.encodeCall(disputes.forfeit, (b, mallory)));
        refusedTo(address(stakes), abi.encodeCall(stakes.pay, (alice, 1, mallory)));
        refusedTo(address(stakes), abi.encodeCall(stakes.unlock, (mallory, 1)));
        vm.stopPrank();
        if (live.length == 0) return;
        uint256 g = drawn();
        load(g);
        Terms memory t = words();
        bytes32[] memory none = new bytes32[](levels(round()));
        vm.startPrank(mallory);
        refusedTo(address(disputes), abi.encodeCall(disputes.concede, (t, now_.a, now_.b, now_.n, now_.c, now_.v)));
        refusedTo(
            address(disputes), abi.encodeCall(disputes.select, (now_.claimId, now_.a, challengers(), 0, now_.n, none))
        );
        refusedTo(
            address(disputes), abi.encodeCall(disputes.reveal, (now_.claimId, claimants(), now_.b, new bytes(512)))
        );
        if (phase() == 5) {
            bytes memory values = states(games[g].theirs);
            refusedTo(
                address(disputes),
                abi.encodeCall(disputes.revealStates, (now_.claimId, claimants(), now_.b, now_.n, now_.c, values))
            );
        }
        vm.stopPrank();
        assertEq(disputes.games(keyOf(now_)), keccak256(abi.encode(now_)), "the game is as it was");
    }

    function refusedTo(address to, bytes memory data) private {
        (bool done,) = to.call(data);
        assertTrue(!done, "a stranger is refused");
    }

    function moveMoney(uint256 s) external step(s) {
        address who = [bob, carol, dave][number % 3];
        vm.startPrank(who);
        uint256 what = number >> 8 & 3;
        if (what == 0) {
            uint256 some = (number >> 16) % 20 ether;
            if (free(who) > some) stakes.requestWithdraw(some);
        } else if (what == 1) {
            try stakes.withdraw() {} catch {}
        } else if (what == 2) {
            uint256 purse = token.balanceOf(who);
            if (purse != 0) stakes.deposit(purse);
        } else {
            stakes.sweepBurned();
        }
        vm.stopPrank();
    }

    uint256 private constant RETIRE = uint256(keccak256("retire"));

    /// Once in a while the end of the deployment.
    function rarely(uint256 s) external step(s) {
        if (retiredNow || (number >> 8 & 1023 != 0 && s != RETIRE)) return;
        claims.retireDeployment();
        retiredNow = true;
        reached |= RETIRED;
        pass(clock + 100_001, true);
    }

    // ---- duties ----

    /// carol demands data, mallory draws for audits.
    function askForDuties(uint256 s) external step(s) {
        if (ids.length == 0) return;
        bytes32 id = ids[recent(ids.length)];
        Body memory b = bodies[id];
        uint8 kind = uint8(number >> 8 & 1);
        refill(carol);
        if (number & 1 == 0) {
            vm.prank(carol);
            try duty.demand(b, kind) {
                if (b.claimant == alice) dues.push(Due(id, true, kind, clock + DEMAND_SECONDS));
            } catch {}
        } else {
            vm.prank(mallory);
            try duty.draw(b, epochOf(id)) {
                if (b.claimant == alice) dues.push(Due(id, false, 0, clock + AUDIT_SECONDS));
            } catch {}
        }
    }

    /// dave does a duty, if he can and likes to; or anybody says that it was not done.
    function endDuties(uint256 s) external step(s) {
        if (ids.length == 0) return;
        bytes32 id = ids[recent(ids.length)];
        Body memory b = bodies[id];
        Posted storage p = posted[id];
        uint256 slot = claims.slotOf(id);
        (address demander, uint40 until, uint8 kind,) = duty.demands(id);
        if (uint8(slot) != OPEN) {
            if (demander == address(0)) return;
            duty.dropDemand(b);
            reached |= DROPPED;
        } else if (demander != address(0) && clock > until) {
            duty.unanswered(b);
            failed(id, slot, UNANSWERED);
        } else if (slot >> 8 & 2 != 0 && clock > duty.auditDeadline(id)) {
            vm.prank(number & 1 == 0 ? bob : mallory);
            duty.unpublished(b);
            failed(id, slot, UNPUBLISHED);
        } else if (b.claimant == dave && number >> 8 & 1 == 0) {
            if (demander != address(0)) answerDemand(id, kind);
            else if (slot >> 8 & 2 != 0 && (p.trace == NEVER || p.trace == p.belief)) publishRoot(id);
        }
    }

    /// Not doing one's duty is a game that was lost.
    function failed(bytes32 id, uint256 slot, uint256 how) private {
        assertTrue(bodies[id].claimant != alice, "alice does her duties");
        posted[id].lost = true;
        posted[id].won = slot >> 72 & 0xffff;
        assertEq(statusOf(id), INVALID, "lost");
        reached |= how | FORFEITED;
    }

    // ---- what always holds ----

    function verify() private {
        uint256 has = wealth(bob);
        assertTrue(has >= bobHad, "bob never loses");
        bobHad = has;
        has = wealth(alice) + aliceFees;
        assertTrue(has >= aliceHad, "alice loses fees alone");
        aliceHad = has;
    }

    /// One long story reaches every kind of end.
    function testDrawsReachEverything() public {
        uint256 r;
        for (uint256 i = 0; i < 9000 && reached != ALL; ++i) {
            r = uint256(keccak256(abi.encode("reach", i)));
            uint256 what = (r >> 200 & 0xffff) % 18;
            if (what == 0) this.postClaim(r);
            else if (what == 1) this.postBatch(r);
            else if (what == 2) this.openLeaf(r);
            else if (what < 5) this.openGame(r);
            else if (what == 5) this.advance(r);
            else if (what < 9) this.play(r);
            else if (what == 9) this.playHonestly(r);
            else if (what == 10) this.endGame(r);
            else if (what == 11) this.endClaim(r);
            else if (what == 12) this.endBatch(r);
            else if (what == 13) this.intrude(r);
            else if (what == 14) this.moveMoney(r);
            else if (what == 15) this.askForDuties(r);
            else if (what == 16) this.endDuties(r);
            else if (i > 7000) this.rarely(RETIRE);
            if (i % 20 == 0) conserved();
        }
        this.afterInvariant();
        assertEq(reached, ALL, "every kind of end");
    }
}
