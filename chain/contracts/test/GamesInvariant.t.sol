// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {World} from "./World.sol";
import {Batch} from "../src/Batches.sol";
import {Body, State, Terms} from "../src/Types.sol";

/// Forge draws calls of everybody at the whole system while games are played for real: alice claims what is true and defends it,
/// bob challenges what is wrong, both by the moves of `World` and never late, often in the last second. dave claims anything, carol
/// challenges anything: they lie, point anywhere, show garbage, fall silent, concede. Mallory calls what she may not.
///
/// After every call: the tokens are where the books say; bob has never less than before, alice only less by the fees of her claims
/// that became final; no game runs beyond its clocks. A claim of which a game was lost is never final, nor is a wrong one that bob
/// challenged; a right one of alice's is never invalid. At the end of a run every game can be ended, and is.
contract GamesInvariantTest is World {
    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    uint256 private constant BELIEFS = 5; // 0: the truth
    uint256 private constant GAMES_AT_ONCE = 6;
    uint256 private constant MOVES_MAX = 19; // docs/deployment.md
    uint256 private constant NEVER = type(uint256).max;
    uint256 private constant OPEN = 1;
    uint256 private constant INVALID = 2;
    uint256 private constant FINAL = 3;
    uint256 private constant VOID = 4;

    struct Posted {
        uint256 belief;
        uint256 trace; // the belief that it is defended by: of a hollow claim another one
        bool bobIn; // bob opened a game of it in time
        bool lost; // a challenger won a game of it
        uint256 won; // smallest ordinal that won, NEVER for none
        bytes32 batch;
    }

    struct Played {
        State state;
        bytes shown;
        bytes32 root; // committed
        uint256 theirs; // belief of the claimant
        uint256 mine; // of the challenger
        uint256 began;
        bool live;
    }

    address internal dave = address(0xDA7E);
    address internal mallory = address(0x3A110);

    uint256 private clock;
    uint256 private number; // of drawn calls, so that equal arguments draw different things
    bytes32[] private ids;
    mapping(bytes32 => Posted) private posted;
    Played[] private games;
    uint256[] private live; // indexes of games that are not over
    Batch[] private batchList;
    mapping(bytes32 => bytes32[2]) private leafOutputs;
    mapping(bytes32 => uint256) private leafBeliefs; // of both leaves: first | second << 8
    uint256 private bobHad;
    uint256 private aliceHad; // with the fees that she paid
    uint256 private aliceFees;
    uint64 private batchSalt;
    bool private retiredNow;

    /// What happened, so that a test can ask for all of it.
    uint256 public reached;
    uint256 private constant CLAIMANT_WINS = 1;
    uint256 private constant CHALLENGER_WINS = 2;
    uint256 private constant BOB_WINS = 4;
    uint256 private constant ALICE_WINS = 8;
    uint256 private constant TIMED_OUT = 16;
    uint256 private constant CONCEDED = 32;
    uint256 private constant CLOSED = 64;
    uint256 private constant STEP = 128;
    uint256 private constant MADE_FINAL = 256;
    uint256 private constant BATCH_FINAL = 512;
    uint256 private constant BATCH_LOST = 1024;
    uint256 private constant FORFEITED = 2048;
    uint256 private constant RELEASED = 4096;
    uint256 private constant WRONG_FINAL = 8192; // nobody challenged it: that is allowed
    uint256 private constant RETIRED = 16384;
    uint256 private constant OUTPUT = 32768; // an output was asked for and shown
    uint256 private constant HOLLOW = 65536; // and another was not there
    uint256 private constant ALL = 131071;

    // What never changes of the beliefs' traces, kept: hashing it again would be most of the time.
    mapping(bytes32 => bytes32) private node;
    mapping(bytes32 => bytes) private chunk_;

    function setUp() public {
        deploy();
        makeModel(4, 70);
        fund(dave);
        believe(1, 0, 3, 2); // a sum's state, and what follows from it
        believe(2, 1, 18, 0); // the map's output
        believe(3, 0, 19, 71); // the fold's stored value alone
        faults[4].on = true; // padding of the output that is not zero
        faults[4].raw = true;
        faults[4].chunk = outputChunk() + 1;
        faults[4].offset = 100;
        for (uint256 b = 0; b < BELIEFS; ++b) {
            for (uint256 c = 0; c < 1 << depth; ++c) {
                chunk_[keccak256(abi.encode(b, c))] = chunkOf(b, c);
            }
            for (uint256 l = 0; l <= depth; ++l) {
                for (uint256 i = 0; i < 1 << depth - l; ++i) {
                    node[keccak256(abi.encode(b, l, i))] = traceNode(b, l, i);
                }
            }
            assertTrue(
                (traceNode(b, 1, outputChunk() >> 1) == traceNode(0, 1, outputChunk() >> 1)) == (b == 0), "wrong"
            );
        }
        clock = block.timestamp;
        bobHad = wealth(bob);
        aliceHad = wealth(alice);
    }

    function believe(uint256 belief, uint256 instruction, uint256 element_, uint256 term) private {
        faults[belief].on = true;
        faults[belief].instruction = instruction;
        faults[belief].element = element_;
        faults[belief].term = term;
        faults[belief].delta = 1;
    }

    function chunkOf(uint256 belief, uint256 c) internal view override returns (bytes memory) {
        bytes memory kept = chunk_[keccak256(abi.encode(belief, c))];
        return kept.length == 0 ? super.chunkOf(belief, c) : kept;
    }

    function traceNode(uint256 belief, uint256 l, uint256 i) internal view override returns (bytes32) {
        bytes32 kept = node[keccak256(abi.encode(belief, l, i))];
        return kept == 0 ? super.traceNode(belief, l, i) : kept;
    }

    // ---- what forge draws ----

    function targetSelectors() external view returns (FuzzSelector[] memory r) {
        bytes4[] memory s = new bytes4[](16);
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
            belief,
            number >> 24 & 3 == 0 ? 0 : belief
        );
    }

    function add(Body memory b, uint256 belief, uint256 trace) private {
        bytes32 id = post(b);
        ids.push(id);
        posted[id] = Posted(belief, trace, false, false, NEVER, 0);
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

    function leafHash(bytes32 output, uint256 index) private view returns (bytes32) {
        return keccak256(abi.encodePacked(uint8(3), uint128((index + 1) * 1 ether), modelId, inputRoot, output));
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
            uint256 belief = leafBeliefs[batchId] >> 8 * i & 0xff;
            posted[id] = Posted(belief, belief, false, false, NEVER, batchId);
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
        games.push(Played(now_, "", 0, p.trace, mine, clock, true));
        live.push(games.length - 1);
    }

    function side() private view returns (address) {
        uint256 p = phase();
        return p == 2 || p == 4 || p == 6 ? challenger() : claimant();
    }

    function honestTurn() private view returns (bool) {
        address who = side();
        return who == alice || who == bob;
    }

    function load(uint256 g) private {
        Played storage p = games[g];
        now_ = p.state;
        shown = p.shown;
        committed = p.root;
        outcome = 0;
        reason = 0;
    }

    /// Keeps what came of a move, and looks at it.
    function store(uint256 g) private {
        Played storage p = games[g];
        p.state = now_;
        p.shown = shown;
        p.root = committed;
        assertTrue(made() <= MOVES_MAX, "no more moves than the page says");
        if (outcome == 0) {
            assertTrue(deadline() <= p.began + 2 * uint256(BUDGET) + (made() + 1) * MINIMUM, "bounded time");
            return;
        }
        p.live = false;
        for (uint256 i = 0; i < live.length; ++i) {
            if (live[i] != g) continue;
            live[i] = live[live.length - 1];
            live.pop();
            break;
        }
        ended(p);
    }

    function ended(Played storage p) private {
        bytes32 id = p.state.claimId;
        uint256 o = p.state.a >> 80 & 0xffff;
        if (outcome == 2) {
            assertTrue(challenger() != bob, "bob is right");
            reached |= claimant() == alice ? ALICE_WINS | CLAIMANT_WINS : CLAIMANT_WINS;
        } else if (outcome == 3) {
            assertTrue(claimant() != alice, "alice is right");
            posted[id].lost = true;
            if (o < posted[id].won) posted[id].won = o;
            reached |= challenger() == bob ? BOB_WINS | CHALLENGER_WINS : CHALLENGER_WINS;
        } else {
            reached |= CLOSED;
        }
        if (reason == 1) reached |= STEP;
        if (reason == 2) reached |= TIMED_OUT;
        if (reason == 3) reached |= CONCEDED;
        if (reason == 5) reached |= OUTPUT;
        if (outcome == 3 && challenger() == bob && phase() == 9) reached |= HOLLOW;
    }

    /// Nobody can win it any more.
    function closable(uint256 g) private view returns (bool) {
        bytes32 id = games[g].state.claimId;
        uint256 status = statusOf(id);
        return status == VOID || (status == INVALID && posted[id].won < (games[g].state.a >> 80 & 0xffff));
    }

    /// The right move of the side whose turn it is.
    function rightMove(uint256 g) private {
        load(g);
        if (closable(g)) {
            close();
        } else if (phase() == 7 && challenger() == bob && number >> 60 & 1 == 0) {
            prove(bob, games[g].theirs);
            assertTrue(outcome == 3 || outcome == 4, "bob's step is wrong");
        } else if (phase() == 2 && round() == 0 && games[g].theirs == games[g].mine) {
            challengeOutput(); // nothing differs
        } else {
            move(games[g].mine, games[g].theirs);
        }
        store(g);
    }

    /// Time goes on to `to`; who is honest moves before its time is over, now or at its last second.
    function pass(uint256 to, bool lazily) private {
        for (;;) {
            uint256 first = NEVER;
            uint256 due = to + 1;
            for (uint256 i = 0; i < live.length; ++i) {
                load(live[i]);
                if (!honestTurn() || deadline() >= due) continue;
                first = live[i];
                due = deadline();
            }
            if (first == NEVER) break;
            if (lazily && due > clock) {
                clock = due;
                vm.warp(clock);
            }
            rightMove(first);
        }
        if (to > clock) clock = to;
        vm.warp(clock);
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
        if (p == 9 && games[g].theirs != posted[now_.claimId].belief) {
            assertTrue(!this.provesOutput(games[g].theirs), "another output is not there");
            return; // nothing to show
        }
        if (how == 0) {
            concede(side());
        } else if (how == 15 && p == 2 && round() == 0) {
            challengeOutput();
        } else if (how < 8 || p == 1 || p == 3 || p > 6) {
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

    function provesOutput(uint256 belief) external returns (bool) {
        try this.sendOutputOf(belief) {
            return true;
        } catch {
            return false;
        }
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
        try claims.finalize(b, 0) {
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

    /// What may be said of a claim at any time.
    function truth(bytes32 id) private view {
        Posted storage p = posted[id];
        uint256 status = statusOf(id);
        if (p.lost) assertTrue(status == INVALID || status == VOID, "a lost claim is never final");
        if (p.bobIn) assertTrue(status != FINAL, "nor is a wrong one that bob challenged");
        if (bodies[id].claimant == alice) assertTrue(status != INVALID, "nor is a right one invalid");
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

    /// A duty that dave did not do; and, once in a while, the end of the deployment.
    function rarely(uint256 s) external step(s) {
        if (number >> 8 & 1023 == 0 && !retiredNow) {
            claims.retireDeployment();
            retiredNow = true;
            reached |= RETIRED;
            pass(clock + 100_001, true);
            return;
        }
        if (ids.length == 0 || number >> 32 & 7 != 0) return;
        bytes32 id = ids[recent(ids.length)];
        Body memory b = bodies[id];
        if (b.claimant != dave || statusOf(id) != OPEN) return;
        uint256 ordinal_ = claims.slotOf(id) >> 72 & 0xffff;
        duties.forfeit(b, number & 1 == 0 ? bob : carol);
        posted[id].lost = true;
        posted[id].won = ordinal_;
        reached |= FORFEITED;
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

    function wealth(address who) private view returns (uint256) {
        (uint128 a, uint128 b, uint128 c,) = stakes.accounts(who);
        return uint256(a) + b + c + token.balanceOf(who);
    }

    function conserved() private view {
        address[7] memory all = [alice, bob, carol, dave, mallory, address(duties), address(disputes)];
        uint256 sum = stakes.burned();
        for (uint256 i = 0; i < all.length; ++i) {
            (uint128 a, uint128 b, uint128 c,) = stakes.accounts(all[i]);
            sum += uint256(a) + b + c;
        }
        assertEq(sum, token.balanceOf(address(stakes)), "money");
    }

    function refill(address who) private {
        if (free(who) >= 200 ether) return;
        fund(who);
        if (who == bob) bobHad += PURSE;
        if (who == alice) aliceHad += PURSE;
    }

    /// Rather one of the newest.
    function recent(uint256 n) private view returns (uint256) {
        uint256 back = (number >> 128 & 0xffff) % 10;
        return back < n ? n - 1 - back : (number >> 128 & 0xffff) % n;
    }

    /// One long story reaches every kind of end.
    function testDrawsReachEverything() public {
        uint256 r;
        for (uint256 i = 0; i < 6000 && reached != ALL; ++i) {
            r = uint256(keccak256(abi.encode("reach", i)));
            uint256 what = r >> 200 & 15;
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
            else if (i > 4000 || r >> 8 & 1023 != 0) this.rarely(r);
            if (i % 20 == 0) conserved();
        }
        this.afterInvariant();
        assertEq(reached, ALL, "every kind of end");
    }
}
