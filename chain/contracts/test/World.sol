// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Ground} from "./Ground.sol";
import {Disputes} from "../src/Disputes.sol";
import {Body, State, Terms} from "../src/Types.sol";
import {Payouts} from "../src/game/Payouts.sol";

interface VmLogs {
    struct Log {
        bytes32[] topics;
        bytes data;
        address emitter;
    }

    function snapshotState() external returns (uint256);
    function revertToState(uint256 id) external returns (bool);
    function recordLogs() external;
    function getRecordedLogs() external returns (Log[] memory);
}

/// Two players that rebuild every game from its events.
abstract contract World is Ground {
    VmLogs internal constant logs = VmLogs(address(vm));

    // ---- playing ----

    State internal now_; // the newest state seen in the logs
    bytes internal shown; // by the last reveal of states
    bytes32 internal committed; // the trace root, as the player keeps it
    uint8 internal outcome;
    uint8 internal reason;
    uint64 internal computed;
    mapping(bytes32 => Body) internal bodies;

    function phase() internal view returns (uint256) {
        return now_.a >> 56 & 0xff;
    }

    function made() internal view returns (uint256) {
        return now_.a >> 48 & 0xff;
    }

    function round() internal view returns (uint256) {
        return now_.a >> 32 & 0xff;
    }

    function position() internal view returns (uint256) {
        return now_.a & 0xffffffff;
    }

    function ordinal() internal view returns (uint256) {
        return now_.a >> 80 & 0xffff;
    }

    function units() internal view returns (uint256) {
        return now_.a >> 64 & 0xffff;
    }

    function deadline() internal view returns (uint256) {
        return now_.b >> 56 & 0xffffffffff;
    }

    function claimantLeft() internal view returns (uint256) {
        return now_.b >> 32 & 0xffffff;
    }

    function challengerLeft() internal view returns (uint256) {
        return now_.b >> 8 & 0xffffff;
    }

    function claimant() internal view returns (address) {
        return address(uint160(now_.a >> 96));
    }

    function challenger() internal view returns (address) {
        return address(uint160(now_.b >> 96));
    }

    function element() internal view returns (uint256) {
        return now_.c >> 176;
    }

    function low() internal view returns (uint256) {
        return now_.c >> 152 & 0xffffff;
    }

    function high() internal view returns (uint256) {
        return now_.c >> 128 & 0xffffff;
    }

    /// The claim that now_ is about, without its claimant.
    function words() internal view returns (Terms memory) {
        return wordsOf(now_.claimId);
    }

    function wordsOf(bytes32 claimId) internal view returns (Terms memory) {
        Body storage b = bodies[claimId];
        return Terms(b.batch, b.lot, b.modelId, b.inputRoot, b.outputRoot);
    }

    /// a of now_ without the claimant, b without the challenger: as the side must send them whose move it is.
    function claimants() internal view returns (uint256) {
        return now_.a << 160 >> 160;
    }

    function challengers() internal view returns (uint256) {
        return now_.b << 160 >> 160;
    }

    function keyOf(State memory s) internal pure returns (bytes32) {
        return keccak256(abi.encode(s.claimId, s.a >> 80 & 0xffff));
    }

    /// Reads what the last calls emitted, and that the contract stored what it said.
    function hear() internal {
        VmLogs.Log[] memory heard = logs.getRecordedLogs();
        for (uint256 i = 0; i < heard.length; ++i) {
            if (heard[i].emitter != address(disputes)) continue;
            bytes32 event_ = heard[i].topics[0];
            bytes memory data = heard[i].data;
            if (event_ == Payouts.GameOver.selector) {
                uint16 which;
                (which, outcome, reason, computed) = abi.decode(data, (uint16, uint8, uint8, uint64));
                assertEq(disputes.games(keccak256(abi.encode(heard[i].topics[1], which))), bytes32(0), "over");
                continue;
            }
            State memory s;
            s.claimId = heard[i].topics[1];
            if (event_ == Disputes.Opened.selector) {
                (s.a, s.b) = abi.decode(data, (uint256, uint256));
                assertEq(address(uint160(s.b >> 96)), address(uint160(uint256(heard[i].topics[2]))), "challenger");
            } else if (event_ == Disputes.Revealed.selector) {
                (s.a, s.b, s.n,) = abi.decode(data, (uint256, uint256, bytes32, bytes));
                if (s.a >> 48 & 0xff == 1) committed = s.n;
            } else if (event_ == Disputes.Selected.selector) {
                (s.a, s.b, s.n) = abi.decode(data, (uint256, uint256, bytes32));
            } else if (event_ == Disputes.Narrowed.selector) {
                (s.a, s.b, s.n, s.c) = abi.decode(data, (uint256, uint256, bytes32, uint256));
            } else if (event_ == Disputes.StatesRevealed.selector) {
                (s.a, s.b, s.n, s.c, shown) = abi.decode(data, (uint256, uint256, bytes32, uint256, bytes));
                s.v = keccak256(shown);
            } else if (event_ == Disputes.Agreed.selector) {
                (s.a, s.b, s.n, s.c, s.v, committed) =
                    abi.decode(data, (uint256, uint256, bytes32, uint256, bytes32, bytes32));
            } else {
                continue;
            }
            assertEq(disputes.games(keyOf(s)), keccak256(abi.encode(s)), "what was stored is what was said");
            now_ = s;
        }
    }

    /// alice claims what she believes.
    function claim(uint256 belief) internal returns (bytes32 claimId) {
        Body memory b = Body(
            0, uint256(salt++) << 128, alice, modelId, inputRoot, traceNode(belief, 1, outputChunk() >> 1)
        );
        return post(b);
    }

    uint128 private salt;

    function post(Body memory b) internal returns (bytes32 claimId) {
        vm.prank(b.claimant);
        claimId = claims.post(b.modelId, b.inputRoot, b.outputRoot, b.lot, "", "");
        bodies[claimId] = b;
        assertEq(claimId, claims.idOf(b), "id");
    }

    function finalize(bytes32 claimId) internal {
        claims.finalize(bodies[claimId], 0);
    }

    function challenge(bytes32 claimId, address who) internal {
        logs.recordLogs();
        outcome = 0;
        vm.prank(who);
        disputes.challenge(bodies[claimId]);
        hear();
    }

    /// Levels of the round, written down from the page.
    function levels(uint256 round_) internal view returns (uint256) {
        uint256 q = depth < 2 ? depth : 2;
        uint256 r = depth - q;
        if (r == 0) return 0;
        uint256 n = 1 + (r > 5 ? (r - 5 + 4) / 5 : 0);
        uint256 b0 = r < 5 ? r : 5;
        if (round_ >= n) return 0;
        if (round_ == 0) return b0;
        uint256 s = r - b0;
        return round_ * s / (n - 1) - (round_ - 1) * s / (n - 1);
    }

    /// Level of the node that the round starts from.
    function level() internal view returns (uint256 l) {
        l = depth;
        for (uint256 i = 0; i < round(); ++i) {
            l -= levels(i);
        }
    }

    function revealed(uint256 belief) internal view returns (bytes memory data) {
        uint256 b = levels(round());
        uint256 l = level();
        if (b == 0) {
            for (uint256 i = 0; i < 1 << l; ++i) {
                data = abi.encodePacked(data, chunkOf(belief, (position() << l) + i));
            }
        } else {
            for (uint256 i = 0; i < 1 << b; ++i) {
                data = abi.encodePacked(data, traceNode(belief, l - b, (position() << b) + i));
            }
        }
    }

    /// From the output block to the trace root.
    function outputPath(uint256 belief) internal view returns (bytes32[] memory) {
        return tracePath(belief, 1, outputChunk() >> 1, depth);
    }

    function sendCommit(uint256 belief) internal {
        bytes memory nodes = revealed(belief);
        vm.prank(claimant());
        disputes.commitTrace(now_.claimId, claimants(), now_.b, nodes);
    }

    function commit(uint256 belief) internal {
        sendCommit(belief);
        hear();
        assertEq(committed, traceNode(belief, depth, 0), "the root of what was shown");
    }

    function revealNodes(uint256 belief) internal {
        bytes memory nodes = revealed(belief);
        vm.prank(claimant());
        disputes.reveal(now_.claimId, claimants(), now_.b, nodes);
        hear();
    }

    function challengeOutput() internal {
        vm.prank(challenger());
        disputes.challengeOutput(now_.claimId, now_.a, challengers(), now_.n);
        hear();
    }

    function proveOutput(uint256 belief) internal {
        sendOutput(outputPath(belief));
        hear();
    }

    function sendOutput(bytes32[] memory path) internal {
        Terms memory t = words();
        vm.prank(claimant());
        disputes.proveOutput(t, claimants(), now_.b, path);
    }

    /// mine: the challenger's belief; theirs: what was revealed. The first child that differs, or the first.
    function selectNode(uint256 mine, uint256 theirs) internal {
        uint256 b = levels(round());
        uint256 l = level() - b;
        uint256 base = position() << b;
        uint256 child;
        for (uint256 i = 0; i < 1 << b; ++i) {
            if (traceNode(mine, l, base + i) != traceNode(theirs, l, base + i)) {
                child = i;
                break;
            }
        }
        selectChild(theirs, child);
    }

    function selectChild(uint256 theirs, uint256 child) internal {
        uint256 b = levels(round());
        uint256 l = level() - b;
        uint256 index = (position() << b) + child;
        bytes32 hash = traceNode(theirs, l, index);
        bytes32[] memory path = tracePath(theirs, l, index, l + b);
        vm.prank(challenger());
        disputes.select(now_.claimId, now_.a, challengers(), child, hash, path);
        hear();
    }

    function firstDifference(uint256 mine, uint256 theirs) internal view returns (uint256 child, uint256 slot) {
        uint256 base = position() << level();
        for (child = 0; child < 1 << level(); ++child) {
            bytes memory a = chunkOf(mine, base + child);
            bytes memory b = chunkOf(theirs, base + child);
            for (uint256 i = 0; i < 128; ++i) {
                if (a[i] != b[i]) return (child, i / 8);
            }
        }
        return (0, 0);
    }

    function pickElement(uint256 mine, uint256 theirs) internal {
        (uint256 child, uint256 slot) = firstDifference(mine, theirs);
        pickElementAt(theirs, child, slot);
    }

    struct Pick {
        uint256 pick;
        bytes chunk;
        bytes32[] siblings;
        bytes descriptor;
        bytes32[] path;
    }

    /// The instruction that the chunk belongs to is 0 but in the output block.
    function pickOf(uint256 theirs, uint256 child, uint256 slot) internal view returns (Pick memory p) {
        uint256 c = (position() << level()) + child;
        uint256 instruction = c >= outputChunk() ? 1 : 0;
        p.pick = instruction << 64 | slot << 32 | child;
        p.chunk = chunkOf(theirs, c);
        p.siblings = tracePath(theirs, 0, c, level());
        p.descriptor = descriptor[instruction];
        p.path = programPath(instruction);
    }

    function pickElementAt(uint256 theirs, uint256 child, uint256 slot) internal {
        sendPick(pickOf(theirs, child, slot));
        hear();
    }

    function sendPick(Pick memory p) internal {
        Terms memory t = words();
        vm.prank(challenger());
        disputes.selectElement(t, now_.a, challengers(), p.pick, p.chunk, p.siblings, p.descriptor, p.path);
    }

    /// The points t that the page names, as the belief has them.
    function states(uint256 belief) internal view returns (bytes memory values) {
        uint256 m = high() - low();
        uint256 stride = (m + 65) / 65;
        for (uint256 i = 1; stride * i <= m; ++i) {
            values = abi.encodePacked(values, stateOf(belief, element(), low() + stride * i - 1));
        }
    }

    function sendStates(bytes memory values) internal {
        vm.prank(claimant());
        disputes.revealStates(now_.claimId, claimants(), now_.b, now_.n, now_.c, values);
    }

    function revealStateValues(uint256 belief) internal {
        sendStates(states(belief));
        hear();
    }

    function segmentOf(uint256 mine) internal view returns (uint256 segment) {
        bytes memory a = states(mine);
        bytes memory b = shown;
        segment = b.length / 8;
        for (uint256 i = 0; i < b.length; ++i) {
            if (a[i] != b[i]) return i / 8;
        }
    }

    function pickSegment(uint256 mine) internal {
        sendSegment(segmentOf(mine), shown);
        hear();
    }

    function sendSegment(uint256 segment, bytes memory values) internal {
        vm.prank(challenger());
        disputes.selectSegment(now_.claimId, now_.a, challengers(), now_.n, now_.c, segment, values);
    }

    /// The openings of the step that is left.
    function openings(uint256 theirs) internal view returns (bytes memory d, bytes memory o) {
        return openingsOf(theirs, position(), element(), high());
    }

    function openingsOf(uint256 theirs, uint256 chunk, uint256 p, uint256 t)
        internal
        view
        returns (bytes memory d, bytes memory o)
    {
        uint256 instruction = chunk >= outputChunk() ? 1 : 0;
        d = descriptor[instruction];
        if (p >= N) return (d, "");
        if (instruction == 1) {
            uint256 c = p / 16;
            o = opening(chunkOf(theirs, c), tracePath(theirs, 0, c, depth));
        } else if (t == 0) {
            o = flatOpening(1, p / 16);
        } else if (t <= terms) {
            o = flatOpening(2, p / 16);
        }
    }

    function sendProof(address who, bytes memory d, bytes memory o) internal {
        Terms memory t = words();
        vm.prank(who);
        disputes.proveStep(t, now_.a, now_.b, now_.c, committed, d, o);
    }

    function prove(address who, uint256 theirs) internal {
        (bytes memory d, bytes memory o) = openings(theirs);
        sendProof(who, d, o);
        hear();
    }

    function timeout() internal {
        Terms memory t = words();
        disputes.timeout(t, now_.a, now_.b, now_.n, now_.c, now_.v);
        hear();
    }

    function concede(address who) internal {
        Terms memory t = words();
        vm.prank(who);
        disputes.concede(t, now_.a, now_.b, now_.n, now_.c, now_.v);
        hear();
    }

    function close() internal {
        Terms memory t = words();
        disputes.close(t, now_.a, now_.b, now_.n, now_.c, now_.v);
        hear();
    }

    /// One move of whoever is to move.
    function move(uint256 mine, uint256 theirs) internal {
        uint256 p = phase();
        if (p == 1) commit(theirs);
        else if (p == 2) selectNode(mine, theirs);
        else if (p == 3) revealNodes(theirs);
        else if (p == 4) pickElement(mine, theirs);
        else if (p == 5) revealStateValues(theirs);
        else if (p == 6) pickSegment(mine);
        else if (p == 9) proveOutput(theirs);
        else prove(claimant(), theirs);
    }

    function playTo(uint256 phase_, uint256 mine, uint256 theirs) internal {
        if (phase_ == 9) {
            commit(theirs);
            challengeOutput();
        }
        while (phase() != phase_) move(mine, theirs);
    }

    function play(uint256 mine, uint256 theirs) internal {
        while (outcome == 0) move(mine, theirs);
    }

    function statusOf(bytes32 claimId) internal view returns (uint256) {
        return claims.slotOf(claimId) & 0xff;
    }

    function openGames(bytes32 claimId) internal view returns (uint256) {
        return claims.slotOf(claimId) >> 56 & 0xffff;
    }

    function windowEnd(bytes32 claimId) internal view returns (uint256) {
        return claims.slotOf(claimId) >> 16 & (1 << 35) - 1;
    }

    /// Where `Claims` keeps the claim's slot.
    function storageOf(bytes32 claimId) internal view returns (bytes32 place) {
        for (uint256 i = 0; i < 32; ++i) {
            place = keccak256(abi.encode(claimId, i));
            if (uint256(vm.load(address(claims), place)) == claims.slotOf(claimId)) return place;
        }
        revert Failed("no slot of the claim");
    }

    function snapshot() internal returns (uint256) {
        return logs.snapshotState();
    }

    /// Everything as it was, what this test remembers too.
    function restore(uint256 id) internal {
        assertTrue(logs.revertToState(id), "snapshot");
        logs.getRecordedLogs();
    }

    function free(address who) internal view returns (uint256 amount) {
        (amount,,,) = stakes.accounts(who);
    }

    function locked(address who) internal view returns (uint256 amount) {
        (, amount,,) = stakes.accounts(who);
    }

    /// Every token that came in is in somebody's account, or burned.
    function checkMoney() internal view {
        uint256 sum = stakes.burned();
        address[4] memory everybody = [alice, bob, carol, address(duties)];
        for (uint256 i = 0; i < 4; ++i) {
            (uint128 a, uint128 b, uint128 c,) = stakes.accounts(everybody[i]);
            sum += uint256(a) + b + c;
        }
        assertEq(sum, token.balanceOf(address(stakes)), "money");
    }
}
