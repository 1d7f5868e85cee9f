// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Test} from "./Test.sol";
import {Descriptor as D} from "./Descriptor.sol";
import {Batches} from "../src/Batches.sol";
import {Claims} from "../src/Claims.sol";
import {Disputes} from "../src/Disputes.sol";
import {Models} from "../src/Models.sol";
import {Stakes} from "../src/Stakes.sol";
import {Payouts} from "../src/game/Payouts.sol";
import {Body, Header} from "../src/Types.sol";
import {DevToken} from "../src/dev/DevToken.sol";
import {Judge} from "../src/judge/Judge.sol";

/// Says of every claim that nothing is owed for it, and reports what a test tells it to.
contract NoDuties {
    Disputes private immutable disputes;

    constructor(Disputes disputes_) {
        disputes = disputes_;
    }

    function cleared(Body calldata, uint256) external pure returns (bool) {
        return true;
    }

    function attesters(bytes32) external pure returns (uint256) {
        return 0;
    }

    function forfeit(Body calldata body, address winner) external {
        disputes.forfeit(body, winner);
    }
}

/// Stands where models' descriptors are judged: no test here voids a model by a rule.
contract NobodyInspects {}

/// All contracts deployed, a model of two instructions whose trace is as deep and whose fold is as long as the test wants,
///.
///
///     0  FOLD  y[p] = w[p] + sum over j < K of (j + 1) * x[p]      20 elements of i64, at chunk 0; the gap behind is its own
///     1  MAP   z[p] = y[p] + 5                                     20 elements of i64: the output block, the last two chunks
///
/// A *belief* is what a player holds true: 0 is the truth, others have faults.
abstract contract Ground is Test {
    uint256 internal constant N = 20;
    uint64 internal constant WINDOW = 1000;
    uint32 internal constant BUDGET = 600;
    uint32 internal constant MINIMUM = 50;
    uint64 internal constant UNBONDING = 5000;
    uint256 internal constant CLAIM_BOND = 10 ether;
    uint128 internal constant CHALLENGER_BOND = 4 ether;
    uint16 internal constant BURN_BPS = 3000;
    uint128 internal constant REFUND_PER_MOVE = 0.01 ether;
    uint256 internal constant CLAIM_FEE = 0.5 ether;
    /// minimumBond 96 | minimumFee 72 | bondBps 16 | feeBps 16 | windowSeconds 32 | version 8 | retired 8
    uint256 internal constant TERMS =
        CLAIM_BOND << 152 | CLAIM_FEE << 80 | 100 << 64 | 10 << 48 | uint256(WINDOW) << 16;
    uint16 internal constant CONCEDE_BPS = 5000;
    uint256 internal constant PURSE = 1000 ether;

    address internal alice = address(0xA11CE); // claims
    address internal bob = address(0xB0B); // challenges
    address internal carol = address(0xCA01);

    DevToken internal token;
    Batches internal batches;
    NoDuties internal duties;
    Stakes internal stakes;
    Models internal models;
    Claims internal claims;
    Disputes internal disputes;
    Judge internal judge;

    uint256 internal depth; // of the trace
    uint256 internal above; // levels of the program's tree above its two descriptors
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
        token = DevToken(make("DevToken.sol", ""));
        judge = Judge(make("Judge.sol", abi.encode(make("Elementary.sol:Elementary", ""))));
        stakes = Stakes(make("Stakes.sol", abi.encode(token, UNBONDING)));
        models =
            Models(make("Models.sol", abi.encode(stakes, new NobodyInspects(), 1 ether, 0, 10000, BURN_BPS)));
        claims = Claims(
            make(
                "Claims.sol",
                abi.encode(
                    stakes, models, deployed(1), deployed(2), deployed(3), address(this), 100, 100_000, 4096, TERMS
                )
            )
        );
        batches = Batches(make("Batches.sol", abi.encode(stakes, claims)));
        disputes = Disputes(make("Disputes.sol", abi.encode(stakes, models, claims, judge, parameters())));
        duties = makeDuties();
        stakes.wire(address(models), address(claims), address(batches), address(disputes), address(duties));
        fund(alice);
        fund(bob);
        fund(carol);
        zeros[0] = leafOf(new bytes(128));
        for (uint256 h = 1; h <= 32; ++h) {
            zeros[h] = nodeOf(zeros[h - 1], zeros[h - 1]);
        }
        vm.warp(1_700_000_000);
    }

    /// What stands where duties are kept: nothing is owed, unless a test wants it otherwise.
    function makeDuties() internal virtual returns (NoDuties) {
        return new NoDuties(disputes);
    }

    function parameters() internal pure returns (Payouts.Parameters memory) {
        return Payouts.Parameters(
            BUDGET, BUDGET, MINIMUM, CHALLENGER_BOND, REFUND_PER_MOVE, CONCEDE_BPS, BURN_BPS
        );
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
            programRoot: programRoot(),
            instructions: uint32(2 << above),
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

    /// The tree of a program of which only the first two instructions are known to the test.
    function programRoot() internal view returns (bytes32 r) {
        r = nodeOf(D.leaf(descriptor[0]), D.leaf(descriptor[1]));
        for (uint256 i = 0; i < above; ++i) {
            r = nodeOf(r, keccak256(abi.encode("instructions", i)));
        }
    }

    function programPath(uint256 instruction) internal view returns (bytes32[] memory path) {
        path = new bytes32[](1 + above);
        path[0] = D.leaf(descriptor[1 - instruction]);
        for (uint256 i = 0; i < above; ++i) {
            path[1 + i] = keccak256(abi.encode("instructions", i));
        }
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

    function chunkOf(uint256 belief, uint256 c) internal view virtual returns (bytes memory r) {
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

    function traceNode(uint256 belief, uint256 level, uint256 index) internal view virtual returns (bytes32) {
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
}
