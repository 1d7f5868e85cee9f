// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {NoDuties} from "./Ground.sol";
import {World} from "./World.sol";
import {Batch} from "../src/Batches.sol";
import {Duties} from "../src/Duties.sol";
import {Body, State} from "../src/Types.sol";

/// Who plays in `GamesInvariant.t.sol`, and what they remember: claims, games and duties, played for real. alice claims what is true,
/// defends it and does its duties; bob challenges what is wrong; neither is ever late. dave claims and carol challenges anything.
abstract contract Players is World {
    uint256 internal constant BELIEFS = 5; // 0: the truth
    uint256 internal constant GAMES_AT_ONCE = 6;
    uint256 internal constant MOVES_MAX = 19; // docs/deployment.md
    uint256 internal constant NEVER = type(uint256).max;
    uint256 internal constant OPEN = 1;
    uint256 internal constant INVALID = 2;
    uint256 internal constant FINAL = 3;
    uint256 internal constant VOID = 4;

    struct Posted {
        uint256 belief;
        bool bobIn; // bob opened a game of it in time
        bool lost; // a challenger won a game of it
        uint256 won; // smallest ordinal that won, NEVER for none
        uint256 since; // when it was posted
        uint256 trace; // belief of the trace that its games are bound to, NEVER before the first commitment
        bytes32 batch;
    }

    /// alice owes it: an answer to a demand, or the trace root of a claim that was drawn.
    struct Due {
        bytes32 id;
        bool demand;
        uint8 kind;
        uint256 deadline;
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

    uint32 internal constant DEMAND_SECONDS = 200;
    uint32 internal constant AUDIT_SECONDS = 300;
    uint32 internal constant EPOCH_SECONDS = 100;
    uint16 internal constant AUDIT_BPS = 3000;

    address internal dave = address(0xDA7E);
    address internal mallory = address(0x3A110);

    uint256 internal clock;
    uint256 internal number; // of drawn calls, so that equal arguments draw different things
    bytes32[] internal ids;
    mapping(bytes32 => Posted) internal posted;
    Played[] internal games;
    uint256[] internal live; // indexes of games that are not over
    Batch[] internal batchList;
    mapping(bytes32 => bytes32[2]) internal leafOutputs;
    mapping(bytes32 => uint256) internal leafBeliefs; // of both leaves: first | second << 8
    Duties internal duty; // `duties`, by its own name
    Due[] internal dues;
    uint256[] internal epochs; // that were recorded
    uint256 internal bobHad;
    uint256 internal aliceHad; // with the fees that she paid
    uint256 internal aliceFees;
    uint64 internal batchSalt;
    bool internal retiredNow;

    /// What happened, so that a test can ask for all of it.
    uint256 public reached;
    uint256 internal constant CLAIMANT_WINS = 1;
    uint256 internal constant CHALLENGER_WINS = 2;
    uint256 internal constant BOB_WINS = 4;
    uint256 internal constant ALICE_WINS = 8;
    uint256 internal constant TIMED_OUT = 16;
    uint256 internal constant CONCEDED = 32;
    uint256 internal constant CLOSED = 64;
    uint256 internal constant STEP = 128;
    uint256 internal constant MADE_FINAL = 256;
    uint256 internal constant BATCH_FINAL = 512;
    uint256 internal constant BATCH_LOST = 1024;
    uint256 internal constant FORFEITED = 2048;
    uint256 internal constant RELEASED = 4096;
    uint256 internal constant WRONG_FINAL = 8192; // nobody challenged it: that is allowed
    uint256 internal constant RETIRED = 16384;
    uint256 internal constant ASKED = 32768; // bob asked for an output that was not there
    uint256 internal constant SHOWN = 65536; // an output that was asked for was there
    uint256 internal constant ANSWERED = 1 << 17;
    uint256 internal constant UNANSWERED = 1 << 18;
    uint256 internal constant PUBLISHED = 1 << 19;
    uint256 internal constant UNPUBLISHED = 1 << 20;
    uint256 internal constant DROPPED = 1 << 21;
    uint256 internal constant ALL = (1 << 22) - 1;

    // What never changes of the beliefs' traces, kept: hashing it again would be most of the time.
    mapping(bytes32 => bytes32) internal node;
    mapping(bytes32 => bytes) internal chunk_;

    function prepare() internal {
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

    function makeDuties() internal override returns (NoDuties) {
        Duties.Parameters memory p = Duties.Parameters(
            DEMAND_SECONDS, AUDIT_SECONDS, 1000, EPOCH_SECONDS, AUDIT_BPS, 0.01 ether, 0.001 ether, 1 ether, address(0)
        );
        duty = Duties(make("Duties.sol:Duties", abi.encode(stakes, models, claims, disputes, p)));
        return NoDuties(address(duty));
    }

    function believe(uint256 belief, uint256 instruction, uint256 element_, uint256 term) internal {
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

    function side() internal view returns (address) {
        uint256 p = phase();
        return p == 2 || p == 4 || p == 6 ? challenger() : claimant();
    }

    function honestTurn() internal view returns (bool) {
        address who = side();
        return who == alice || who == bob;
    }

    function load(uint256 g) internal {
        Played storage p = games[g];
        now_ = p.state;
        shown = p.shown;
        committed = p.root;
        outcome = 0;
        reason = 0;
    }

    /// Keeps what came of a move, and looks at it.
    function store(uint256 g) internal {
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

    function ended(Played storage p) internal {
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
        if (reason == 5) reached |= SHOWN;
    }

    /// Nobody can win it any more.
    function closable(uint256 g) internal view returns (bool) {
        bytes32 id = games[g].state.claimId;
        uint256 status = statusOf(id);
        return status == VOID || (status == INVALID && posted[id].won < (games[g].state.a >> 80 & 0xffff));
    }

    /// The claimant's first move: alice's trace is the truth, dave's may be another than the one that his output is of.
    function commitTrace(uint256 g) internal {
        Posted storage p = posted[games[g].state.claimId];
        if (p.trace == NEVER) {
            p.trace = claimant() == dave && number >> 84 & 3 == 0 ? (number >> 88) % BELIEFS : p.belief;
        }
        games[g].theirs = p.trace;
        commit(p.trace);
    }

    /// The output may still be asked for.
    function askable() internal view returns (bool) {
        return (phase() == 2 || phase() == 4) && round() == 0;
    }

    /// The right move of the side whose turn it is.
    function rightMove(uint256 g) internal {
        load(g);
        Posted storage p = posted[games[g].state.claimId];
        if (closable(g)) {
            close();
        } else if (phase() == 1) {
            commitTrace(g);
        } else if (challenger() == bob && askable() && p.trace != p.belief) {
            challengeOutput();
            reached |= ASKED;
        } else if (phase() == 7 && challenger() == bob && number >> 60 & 1 == 0) {
            prove(bob, games[g].theirs);
            assertTrue(outcome == 3 || outcome == 4, "bob's step is wrong");
        } else {
            move(games[g].mine, games[g].theirs);
        }
        store(g);
    }

    /// Time goes on to `to`; who is honest moves, and does its duties, before its time is over, now or at its last second.
    function pass(uint256 to, bool lazily) internal {
        for (;;) {
            uint256 first = NEVER;
            uint256 due = to + 1;
            bool game;
            for (uint256 i = 0; i < live.length; ++i) {
                load(live[i]);
                if (!honestTurn() || deadline() >= due) continue;
                (first, due, game) = (live[i], deadline(), true);
            }
            for (uint256 i = 0; i < dues.length; ++i) {
                if (dues[i].deadline < due) (first, due, game) = (i, dues[i].deadline, false);
            }
            if (first == NEVER) break;
            if (lazily && due > clock) {
                clock = due;
                vm.warp(clock);
            }
            if (game) rightMove(first);
            else doDuty(first);
        }
        if (to > clock) clock = to;
        vm.warp(clock);
        if (number >> 90 & 3 != 0 && clock / EPOCH_SECONDS > duty.lastEpoch()) {
            vm.prevrandao(bytes32(number));
            duty.record();
            epochs.push(clock / EPOCH_SECONDS);
        }
    }

    /// alice does what she owes.
    function doDuty(uint256 i) internal {
        Due memory d = dues[i];
        dues[i] = dues[dues.length - 1];
        dues.pop();
        if (statusOf(d.id) != OPEN) return; // it was given up
        if (d.demand) answerDemand(d.id, d.kind);
        else publishRoot(d.id);
    }

    function answerDemand(bytes32 id, uint8 kind) internal {
        uint256 o = outputChunk();
        uint256 belief = posted[id].belief;
        bytes memory data = kind == 0
            ? abi.encodePacked(flat(2, 0), flat(2, 1))
            : abi.encodePacked(chunkOf(belief, o), chunkOf(belief, o + 1));
        duty.answer(bodies[id], data, new bytes32[](0));
        reached |= ANSWERED;
    }

    function publishRoot(bytes32 id) internal {
        Posted storage p = posted[id];
        bytes32[] memory path = outputPath(p.belief);
        bytes32 root = traceNode(p.belief, depth, 0);
        vm.prank(bodies[id].claimant);
        duty.publish(bodies[id], root, path);
        p.trace = p.belief;
        reached |= PUBLISHED;
    }

    /// The first epoch that was recorded after the claim was posted; 0: none was.
    function epochOf(bytes32 id) internal view returns (uint256 epoch) {
        uint256 posted_ = posted[id].since / EPOCH_SECONDS;
        for (uint256 i = epochs.length; i > 0 && epochs[i - 1] > posted_; --i) {
            epoch = epochs[i - 1];
        }
    }

    /// Bonds and fees of what somebody's claims and batches, as far as they are open, are worth; no game is.
    function owed(address who) internal view returns (uint256 sum) {
        for (uint256 i = 0; i < ids.length; ++i) {
            uint256 slot = claims.slotOf(ids[i]);
            Body memory b = bodies[ids[i]];
            if (b.claimant != who || uint8(slot) != OPEN || posted[ids[i]].batch != 0) continue;
            sum += claims.bondOf(0, uint128(b.lot)) + claims.feeOf(0, uint128(b.lot));
        }
        for (uint256 i = 0; i < batchList.length; ++i) {
            if (batchList[i].claimant != who) continue;
            (uint256 b, uint256 f) = batches.lockedOf(batches.idOf(batchList[i]));
            sum += b + f;
        }
    }

    /// What may be said of a claim at any time.
    function truth(bytes32 id) internal view {
        Posted storage p = posted[id];
        uint256 status = statusOf(id);
        if (p.lost) assertTrue(status == INVALID || status == VOID, "a lost claim is never final");
        if (p.bobIn) assertTrue(status != FINAL, "nor is a wrong one that bob challenged");
        if (bodies[id].claimant == alice) assertTrue(status != INVALID, "nor is a right one invalid");
    }

    function leafHash(bytes32 output, uint256 index) internal view returns (bytes32) {
        return keccak256(abi.encodePacked(uint8(3), uint128((index + 1) * 1 ether), modelId, inputRoot, output));
    }

    function wealth(address who) internal view returns (uint256) {
        (uint128 a, uint128 b, uint128 c,) = stakes.accounts(who);
        return uint256(a) + b + c + token.balanceOf(who);
    }

    function conserved() internal view {
        address[7] memory all = [alice, bob, carol, dave, mallory, address(duties), address(disputes)];
        uint256 sum = stakes.burned();
        for (uint256 i = 0; i < all.length; ++i) {
            (uint128 a, uint128 b, uint128 c,) = stakes.accounts(all[i]);
            sum += uint256(a) + b + c;
        }
        assertEq(sum, token.balanceOf(address(stakes)), "money");
    }

    function refill(address who) internal {
        if (free(who) >= 200 ether) return;
        fund(who);
        if (who == bob) bobHad += PURSE;
        if (who == alice) aliceHad += PURSE;
    }

    /// Rather one of the newest.
    function recent(uint256 n) internal view returns (uint256) {
        uint256 back = (number >> 128 & 0xffff) % 10;
        return back < n ? n - 1 - back : (number >> 128 & 0xffff) % n;
    }
}
