// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Test} from "./Test.sol";
import {Batches} from "../src/Batches.sol";
import {Claims} from "../src/Claims.sol";
import {Disputes} from "../src/Disputes.sol";
import {Duties} from "../src/Duties.sol";
import {Inspector} from "../src/Inspector.sol";
import {Models} from "../src/Models.sol";
import {Stakes} from "../src/Stakes.sol";
import {Body, Header} from "../src/Types.sol";
import {DevToken} from "../src/dev/DevToken.sol";
import {Payouts} from "../src/game/Payouts.sol";

/// The real contracts around `Duties`, and claims about one model whose arrays the tests know.
abstract contract DutiesWorld is Test {
    uint64 internal constant WINDOW = 1000;
    uint32 internal constant DEMAND = 300;
    uint32 internal constant AUDIT = 400;
    uint32 internal constant REPORT = 500;
    uint32 internal constant EPOCH = 60;
    uint96 internal constant BASE = 1 ether;
    uint96 internal constant PER_CHUNK = 0.25 ether;
    uint96 internal constant STAKE = 2 ether;
    uint256 internal constant BOND = 100 ether;
    uint256 internal constant FEE = 3 ether;
    uint256 internal constant PURSE = 1000 ether;

    address internal alice = address(0xA11CE); // claims
    address internal bob = address(0xB0B); // demands, validates
    address internal carol = address(0xCA01); // registers, validates
    address internal owner = address(0x0111);

    DevToken internal token;
    Stakes internal stakes;
    Models internal models;
    Claims internal claims;
    Batches internal batches;
    Disputes internal disputes;
    Duties internal duties;
    bytes32 internal modelId;
    bytes32[] internal tracePath;
    bytes32 internal traceRoot;

    function setUp() public {
        deploy(5000, address(0));
    }

    function deploy(uint16 auditBps, address l1Block) internal {
        vm.warp(1_700_000_000);
        token = DevToken(make("DevToken.sol", ""));
        stakes = Stakes(make("Stakes.sol", abi.encode(token, 100)));
        address inspector = make("Inspector.sol", "");
        models = Models(make("Models.sol", abi.encode(stakes, inspector, 3 ether, 0, 20000, 2500)));
        uint256 terms = BOND << 152 | FEE << 80 | uint256(WINDOW) << 16;
        claims = Claims(
            make(
                "Claims.sol",
                abi.encode(stakes, models, deployed(1), deployed(2), deployed(3), owner, 5000, 50000, 4096, terms)
            )
        );
        batches = Batches(make("Batches.sol", abi.encode(stakes, claims)));
        Payouts.Parameters memory game = Payouts.Parameters(600, 600, 60, 10 ether, 0.1 ether, 2000, 2500);
        disputes = Disputes(make("Disputes.sol", abi.encode(stakes, models, claims, address(1), game)));
        Duties.Parameters memory p =
            Duties.Parameters(DEMAND, AUDIT, REPORT, EPOCH, auditBps, BASE, PER_CHUNK, STAKE, l1Block);
        duties = Duties(make("Duties.sol:Duties", abi.encode(stakes, models, claims, disputes, p)));
        stakes.wire(address(models), address(claims), address(batches), address(disputes), address(duties));
        address[3] memory all = [alice, bob, carol];
        for (uint256 i = 0; i < 3; ++i) {
            token.mint(all[i], PURSE);
            vm.startPrank(all[i]);
            token.approve(address(stakes), type(uint256).max);
            stakes.deposit(PURSE);
            vm.stopPrank();
        }
        vm.prank(carol);
        modelId = models.register(header(), "");
        delete tracePath;
        traceRoot = node(chunk(1000), chunk(1001)); // the output block, number 15 of its level
        for (uint256 i = 0; i < 4; ++i) {
            tracePath.push(keccak256(abi.encode("sibling", i)));
            traceRoot = keccak256(abi.encodePacked(uint8(1), tracePath[i], traceRoot));
        }
    }

    function header() internal pure virtual returns (Header memory) {
        return Header({
            domain: keccak256("gainsay.model"),
            law: 1,
            lowering: 1,
            onnxHash: 0,
            programRoot: keccak256("program"),
            instructions: 2,
            weightsRoot: keccak256("weights"),
            weightsChunks: 3,
            inputsChunks: 40,
            traceDepth: 5,
            outputChunk: 30,
            outputDepth: 1,
            outputs: 1,
            cost: 7,
            toleranceAbs: 0,
            toleranceRel: 0,
            ioHash: 0
        });
    }

    // ---- arrays, by the plainest means ----

    function bytesOf(uint256 i) internal pure returns (bytes memory) {
        if (i >= 40 && i < 1000) return new bytes(128);
        bytes32 h = keccak256(abi.encode(i));
        return abi.encodePacked(h, h, h, h);
    }

    function chunk(uint256 i) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(uint8(0), bytesOf(i)));
    }

    function node(bytes32 a, bytes32 b) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(uint8(1), a, b));
    }

    function inputNode(uint256 level, uint256 index) internal pure returns (bytes32) {
        if (level == 0) return chunk(index);
        return node(inputNode(level - 1, 2 * index), inputNode(level - 1, 2 * index + 1));
    }

    function body(uint256 salt) internal view returns (Body memory) {
        return Body(0, salt << 128 | 5, alice, modelId, inputNode(6, 0), node(chunk(1000), chunk(1001)));
    }

    function post(uint256 salt) internal returns (Body memory b) {
        b = body(salt);
        vm.prank(alice);
        claims.post(b.modelId, b.inputRoot, b.outputRoot, b.lot, "", "");
    }

    function inputBlock(uint256 i) internal pure returns (bytes memory r, bytes32[] memory path) {
        for (uint256 k = 0; k < 32; ++k) {
            r = abi.encodePacked(r, bytesOf(32 * i + k));
        }
        path = new bytes32[](1);
        path[0] = inputNode(5, 1 - i);
    }

    // ---- money ----

    function free(address who) internal view returns (uint256 r) {
        (r,,,) = stakes.accounts(who);
    }

    function locked(address who) internal view returns (uint256 r) {
        (, r,,) = stakes.accounts(who);
    }

    function conserved() internal view {
        address[6] memory all = [alice, bob, carol, address(disputes), address(duties), address(claims)];
        uint256 sum = stakes.burned();
        for (uint256 i = 0; i < 6; ++i) {
            sum += free(all[i]) + locked(all[i]);
        }
        assertEq(sum, 3 * PURSE, "money");
    }

    function status(Body memory b) internal view returns (uint256) {
        return uint8(claims.slotOf(claims.idOf(b)));
    }

    function windowEnd(Body memory b) internal view returns (uint256) {
        return claims.slotOf(claims.idOf(b)) >> 16 & (1 << 35) - 1;
    }

    // ---- what the tests do ----

    function ask(Body memory b, uint8 kind) internal {
        vm.prank(bob);
        duties.demand(b, kind);
    }

    function record(uint256 random) internal returns (uint256 epoch) {
        vm.prevrandao(bytes32(random));
        duties.record();
        return block.timestamp / EPOCH;
    }

    /// A beacon that draws the claim, or does not.
    function recordFor(Body memory b, bool drawn) internal returns (uint256 epoch) {
        bytes32 id = claims.idOf(b);
        uint256 e = block.timestamp / EPOCH;
        for (uint256 random = 1;; ++random) {
            bytes32 beacon = keccak256(abi.encode(uint64(e), random));
            bool falls = uint256(uint16(uint256(keccak256(abi.encode(beacon, id))))) * 10000 < 5000 << 16;
            if (falls == drawn) return record(random);
        }
    }
}
