// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Test} from "./Test.sol";
import {Descriptor as D} from "./Descriptor.sol";
import {Claims} from "../src/Claims.sol";
import {Disputes} from "../src/Disputes.sol";
import {Models} from "../src/Models.sol";
import {Stakes} from "../src/Stakes.sol";
import {Header, State} from "../src/Types.sol";
import {DevToken} from "../src/dev/DevToken.sol";
import {Elementary} from "../src/judge/Elementary.sol";
import {Judge} from "../src/judge/Judge.sol";

interface VmLogs {
    struct Log {
        bytes32[] topics;
        bytes data;
        address emitter;
    }

    function recordLogs() external;
    function getRecordedLogs() external returns (Log[] memory);
}

/// All contracts deployed, a model of two instructions whose trace is as deep and whose fold is as long as the test wants,
/// and two players that rebuild every game from its events.
///
///     0  FOLD  y[p] = w[p] + sum over j < K of (j + 1) * x[p]      20 elements of i64, at chunk 0; the gap behind is its own
///     1  MAP   z[p] = y[p] + 5                                     20 elements of i64: the output block, the last two chunks
///
/// A *belief* is what a player holds true: 0 is the truth, others have faults.
abstract contract World is Test {
    VmLogs internal constant logs = VmLogs(address(vm));

    uint256 internal constant N = 20;
    uint64 internal constant WINDOW = 1000;
    uint32 internal constant BUDGET = 600;
    uint32 internal constant MINIMUM = 50;
    uint64 internal constant UNBONDING = 5000;
    uint256 internal constant CLAIM_BOND = 10 ether;
    uint128 internal constant CHALLENGER_BOND = 4 ether;
    uint16 internal constant BURN_BPS = 3000;
    uint16 internal constant CONCEDE_BPS = 5000;
    uint256 internal constant PURSE = 1000 ether;

    address internal alice = address(0xA11CE); // claims
    address internal bob = address(0xB0B); // challenges
    address internal carol = address(0xCA01);

    DevToken internal token;
    Stakes internal stakes;
    Models internal models;
    Claims internal claims;
    Disputes internal disputes;
    Judge internal judge;

    uint256 internal depth; // of the trace
    uint256 internal terms;
    bytes32 internal modelId;
    bytes[2] internal descriptor;
    bytes32 internal inputRoot;
    Header internal header;

    struct Fault {
        bool on;
        uint256 instruction; // 0: the fold's state from `term` on, and what follows; 1: the map's output alone
        uint256 element;
        uint256 term; // terms + 1: the stored value alone
        int64 delta;
        // Raw damage: a byte of a chunk that no element explains.
        bool raw;
        uint256 chunk;
        uint256 offset;
    }

    mapping(uint256 => Fault) internal faults;
    bytes32[33] internal zeros;

    function deploy() internal {
        token = new DevToken();
        judge = new Judge(address(new Elementary()));
        stakes = new Stakes(address(token), UNBONDING, BURN_BPS);
        models = new Models(address(stakes), 1 ether, 0);
        claims = new Claims(address(stakes), address(models), WINDOW, CLAIM_BOND, 100, 4096);
        disputes = new Disputes(
            address(stakes),
            address(models),
            address(claims),
            address(judge),
            Disputes.Parameters(BUDGET, BUDGET, MINIMUM, CHALLENGER_BOND, CONCEDE_BPS)
        );
        stakes.wire(address(models), address(claims), address(disputes));
        fund(alice);
        fund(bob);
        fund(carol);
        zeros[0] = leafOf(new bytes(128));
        for (uint256 h = 1; h <= 32; ++h) {
            zeros[h] = nodeOf(zeros[h - 1], zeros[h - 1]);
        }
        vm.warp(1_700_000_000);
    }

    function fund(address who) internal {
        token.mint(who, PURSE);
        vm.prank(who);
        token.approve(address(stakes), type(uint256).max);
        vm.prank(who);
        stakes.deposit(PURSE);
    }

    // ---- the model ----

    function makeModel(uint256 depth_, uint256 terms_) internal {
        depth = depth_;
        terms = terms_;
        uint32 output = outputChunk();
        bytes memory onP = D.row(N, 1, D.line(0, 1, 0));
        descriptor[0] = abi.encodePacked(
            D.head(2, 0x96, 7, 7, 0, 0, output, uint64(N * (1 + terms))),
            D.box2(N, terms),
            D.tensor(D.view_(1, 7, hex"00", 1, 0, N, onP)),
            D.iota(D.line(1, 0, 1)),
            D.tensor(D.view_(2, 7, hex"00", 1, 0, N, onP))
        );
        descriptor[1] = abi.encodePacked(
            D.head(1, 0x82, 7, 0, 0, output, 2, uint64(N * (2 + terms))),
            D.box1(N),
            D.tensor(D.view_(0, 7, hex"00", 1, 0, N, onP)),
            D.const64(5)
        );
        inputRoot = nodeOf(leafOf(flat(2, 0)), leafOf(flat(2, 1)));
        header = Header({
            domain: keccak256("gainsay.model"),
            law: 1,
            lowering: 0,
            onnxHash: 0,
            programRoot: nodeOf(D.leaf(descriptor[0]), D.leaf(descriptor[1])),
            instructions: 2,
            weightsRoot: nodeOf(leafOf(flat(1, 0)), leafOf(flat(1, 1))),
            weightsChunks: 2,
            inputsChunks: 2,
            traceDepth: uint32(depth),
            outputChunk: output,
            outputDepth: 1,
            outputs: 1,
            cost: uint64(N * (2 + terms)),
            toleranceAbs: 0,
            toleranceRel: 0,
            ioHash: 0
        });
        vm.prank(carol);
        modelId = models.register(header, "file:///model.gsp");
    }

    function outputChunk() internal view returns (uint32) {
        return uint32((1 << depth) - 2);
    }

    function weight(uint256 p) internal pure returns (int64) {
        return p >= N ? int64(0) : int64(int256(p * p) - 7);
    }

    function input(uint256 p) internal pure returns (int64) {
        return p >= N ? int64(0) : int64(3 - 2 * int256(p));
    }

    /// s_t of element p; t = terms + 1 is the stored value.
    function stateOf(uint256 belief, uint256 p, uint256 t) internal view returns (uint64) {
        uint256 j = t > terms ? terms : t;
        int256 s = int256(weight(p)) + int256(j * (j + 1) / 2) * input(p);
        Fault storage f = faults[belief];
        if (f.on && f.instruction == 0 && f.element == p && t >= f.term) s += f.delta;
        return uint64(int64(s));
    }

    function outputOf(uint256 belief, uint256 p) internal view returns (uint64) {
        uint64 z;
        unchecked {
            z = stateOf(belief, p, terms + 1) + 5;
            Fault storage f = faults[belief];
            if (f.on && f.instruction == 1 && f.element == p) z += uint64(f.delta);
        }
        return z;
    }

    /// Chunk of the weights (1) or inputs (2).
    function flat(uint256 space, uint256 chunk) internal pure returns (bytes memory r) {
        for (uint256 i = 0; i < 16; ++i) {
            uint256 p = chunk * 16 + i;
            r = abi.encodePacked(r, little(uint64(space == 1 ? weight(p) : input(p))));
        }
    }

    function little(uint64 v) internal pure returns (bytes8 r) {
        for (uint256 i = 0; i < 8; ++i) {
            r = (r << 8) | (bytes8(uint64(v & 0xff)));
            v >>= 8;
        }
    }

    function chunkOf(uint256 belief, uint256 c) internal view returns (bytes memory r) {
        r = new bytes(128);
        uint256 output = outputChunk();
        if (c < 2 || c >= output) {
            r = "";
            for (uint256 i = 0; i < 16; ++i) {
                uint256 p = (c < 2 ? c : c - output) * 16 + i;
                uint64 v = p >= N ? 0 : c < 2 && output > c ? stateOf(belief, p, terms + 1) : outputOf(belief, p);
                r = abi.encodePacked(r, little(v));
            }
        }
        Fault storage f = faults[belief];
        if (f.raw && f.chunk == c) r[f.offset] = bytes1(uint8(r[f.offset]) ^ 0x40);
    }

    // ---- trees ----

    function leafOf(bytes memory chunk) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(uint8(0), chunk));
    }

    function nodeOf(bytes32 l, bytes32 r) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(uint8(1), l, r));
    }

    function traceNode(uint256 belief, uint256 level, uint256 index) internal view returns (bytes32) {
        uint256 from = index << level;
        uint256 to = (index + 1) << level;
        Fault storage f = faults[belief];
        bool damaged = f.raw && f.chunk >= from && f.chunk < to;
        if (from >= 2 && to <= outputChunk() && !damaged) return zeros[level];
        if (level == 0) return leafOf(chunkOf(belief, index));
        return nodeOf(traceNode(belief, level - 1, 2 * index), traceNode(belief, level - 1, 2 * index + 1));
    }

    function tracePath(uint256 belief, uint256 level, uint256 index, uint256 top)
        internal
        view
        returns (bytes32[] memory path)
    {
        path = new bytes32[](top - level);
        for (uint256 h = level; h < top; ++h) {
            path[h - level] = traceNode(belief, h, index ^ 1);
            index >>= 1;
        }
    }

    function opening(bytes memory chunk, bytes32[] memory path) internal pure returns (bytes memory r) {
        r = chunk;
        for (uint256 i = 0; i < path.length; ++i) {
            r = abi.encodePacked(r, path[i]);
        }
    }

    function flatOpening(uint256 space, uint256 chunk) internal pure returns (bytes memory) {
        return abi.encodePacked(flat(space, chunk), leafOf(flat(space, chunk ^ 1)));
    }

    // ---- playing ----

    State internal now_; // the newest state seen in the logs
    uint8 internal outcome;
    uint8 internal reason;

    bytes32 private constant GAME_STATE = Disputes.GameState.selector;
    bytes32 private constant GAME_OVER = Disputes.GameOver.selector;

    /// Reads what the last calls emitted.
    function hear() internal {
        VmLogs.Log[] memory heard = logs.getRecordedLogs();
        for (uint256 i = 0; i < heard.length; ++i) {
            if (heard[i].emitter != address(disputes)) continue;
            if (heard[i].topics[0] == GAME_STATE) {
                bytes32 hash;
                (hash, now_) = abi.decode(heard[i].data, (bytes32, State));
                assertEq(hash, disputes.stateHashOf(heard[i].topics[1], now_), "state hash in the event");
                assertEq(heard[i].topics[2], now_.claimId, "claim in the event");
            } else if (heard[i].topics[0] == GAME_OVER) {
                (outcome, reason) = abi.decode(heard[i].data, (uint8, uint8));
            }
        }
    }

    /// alice claims what she believes.
    function claim(uint256 belief) internal returns (bytes32 claimId) {
        bytes32 root = traceNode(belief, 1, outputChunk() >> 1);
        vm.prank(alice);
        claimId = claims.post(modelId, inputRoot, root, 0, "", "");
    }

    function challenge(bytes32 claimId, address who) internal {
        logs.recordLogs();
        outcome = 0;
        vm.prank(who);
        disputes.challenge(claimId);
        hear();
    }

    /// Levels of the round, written down from the page.
    function levels(uint256 round) internal view returns (uint256) {
        if (depth <= 2) return 0;
        uint256 r = depth - 2;
        uint256 n = (r + 4) / 5;
        return round >= n ? 0 : (round + 1) * r / n - round * r / n;
    }

    function revealed(uint256 belief) internal view returns (bytes memory data) {
        uint256 b = levels(now_.round);
        uint256 level = now_.phase == 1 ? depth : now_.level;
        if (b == 0) {
            for (uint256 i = 0; i < 1 << level; ++i) {
                data = abi.encodePacked(data, chunkOf(belief, (uint256(now_.position) << level) + i));
            }
        } else {
            for (uint256 i = 0; i < 1 << b; ++i) {
                data = abi.encodePacked(data, traceNode(belief, level - b, (uint256(now_.position) << b) + i));
            }
        }
    }

    function commit(uint256 belief) internal {
        bytes32 root = traceNode(belief, depth, 0);
        bytes32[] memory path = tracePath(belief, 1, outputChunk() >> 1, depth);
        bytes memory nodes = revealed(belief);
        State memory s = now_;
        vm.prank(s.claimant);
        disputes.commitTrace(s, root, path, nodes);
        hear();
    }

    function revealNodes(uint256 belief) internal {
        bytes memory nodes = revealed(belief);
        State memory s = now_;
        vm.prank(s.claimant);
        disputes.reveal(s, nodes);
        hear();
    }

    /// mine: the challenger's belief; theirs: what was revealed. The first child that differs, or the first.
    function selectNode(uint256 mine, uint256 theirs) internal {
        uint256 b = levels(now_.round);
        uint256 level = now_.level - b;
        uint256 base = uint256(now_.position) << b;
        uint256 child;
        for (uint256 i = 0; i < 1 << b; ++i) {
            if (traceNode(mine, level, base + i) != traceNode(theirs, level, base + i)) {
                child = i;
                break;
            }
        }
        bytes32 hash = traceNode(theirs, level, base + child);
        bytes32[] memory path = tracePath(theirs, level, base + child, level + b);
        State memory s = now_;
        vm.prank(s.challenger);
        disputes.select(s, child, hash, path);
        hear();
    }

    function firstDifference(uint256 mine, uint256 theirs) internal view returns (uint256 child, uint256 slot) {
        uint256 base = uint256(now_.position) << now_.level;
        for (child = 0; child < 1 << now_.level; ++child) {
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

    function pickElementAt(uint256 theirs, uint256 child, uint256 slot) internal {
        uint256 c = (uint256(now_.position) << now_.level) + child;
        uint256 instruction = c >= outputChunk() ? 1 : 0;
        bytes memory chunk = chunkOf(theirs, c);
        bytes32[] memory siblings = tracePath(theirs, 0, c, now_.level);
        bytes32[] memory path = new bytes32[](1);
        path[0] = D.leaf(descriptor[1 - instruction]);
        State memory s = now_;
        bytes memory d = descriptor[instruction];
        vm.prank(s.challenger);
        disputes.selectElement(s, child, slot, chunk, siblings, instruction, d, path);
        hear();
    }

    /// The points t that the page names, as the belief has them.
    function states(uint256 belief) internal view returns (bytes memory values) {
        uint256 m = now_.high - now_.low;
        uint256 stride = (m + 65) / 65;
        for (uint256 i = 1; stride * i <= m; ++i) {
            values = abi.encodePacked(values, stateOf(belief, now_.element, now_.low + stride * i - 1));
        }
    }

    function revealStateValues(uint256 belief) internal {
        bytes memory values = states(belief);
        State memory s = now_;
        vm.prank(s.claimant);
        disputes.revealStates(s, values);
        hear();
    }

    function pickSegment(uint256 mine, uint256 theirs) internal {
        bytes memory a = states(mine);
        bytes memory b = states(theirs);
        uint256 segment = b.length / 8;
        for (uint256 i = 0; i < b.length; ++i) {
            if (a[i] != b[i]) {
                segment = i / 8;
                break;
            }
        }
        State memory s = now_;
        vm.prank(s.challenger);
        disputes.selectSegment(s, segment, b);
        hear();
    }

    /// The openings of the step that is left.
    function openings(uint256 theirs) internal view returns (bytes memory d, bytes memory o) {
        uint256 instruction = now_.position >= outputChunk() ? 1 : 0;
        d = descriptor[instruction];
        uint256 p = now_.element;
        if (p >= N) return (d, "");
        if (instruction == 1) {
            uint256 c = p / 16;
            o = opening(chunkOf(theirs, c), tracePath(theirs, 0, c, depth));
        } else if (now_.high == 0) {
            o = flatOpening(1, p / 16);
        } else if (now_.high <= terms) {
            o = flatOpening(2, p / 16);
        }
    }

    function prove(address who, uint256 theirs) internal {
        (bytes memory d, bytes memory o) = openings(theirs);
        State memory s = now_;
        vm.prank(who);
        disputes.proveStep(s, d, o);
        hear();
    }

    /// One move of whoever is to move.
    function move(uint256 mine, uint256 theirs) internal {
        uint8 phase = now_.phase;
        if (phase == 1) commit(theirs);
        else if (phase == 2) selectNode(mine, theirs);
        else if (phase == 3) revealNodes(theirs);
        else if (phase == 4) pickElement(mine, theirs);
        else if (phase == 5) revealStateValues(theirs);
        else if (phase == 6) pickSegment(mine, theirs);
        else prove(now_.claimant, theirs);
    }

    function playTo(uint8 phase, uint256 mine, uint256 theirs) internal {
        while (now_.phase != phase) move(mine, theirs);
    }

    function play(uint256 mine, uint256 theirs) internal {
        while (outcome == 0) move(mine, theirs);
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
        address[3] memory everybody = [alice, bob, carol];
        for (uint256 i = 0; i < 3; ++i) {
            (uint128 a, uint128 b, uint128 c,) = stakes.accounts(everybody[i]);
            sum += uint256(a) + b + c;
        }
        assertEq(sum, token.balanceOf(address(stakes)), "money");
    }
}
