// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Test} from "./Test.sol";
import {Batch, Batches} from "../src/Batches.sol";
import {Claims} from "../src/Claims.sol";
import {Models} from "../src/Models.sol";
import {Stakes} from "../src/Stakes.sol";
import {Body, Header} from "../src/Types.sol";
import {DevToken} from "../src/dev/DevToken.sol";

/// Models whose voiding needs no proof: the consequences are what is tested with it.
contract VoidableModels is Models {
    constructor(address stakes_, uint256 bond, uint256 threshold, uint64 release, uint16 burn)
        Models(stakes_, address(1), bond, threshold, release, burn)
    {}

    function voidNow(bytes32 modelId, address prover, uint8 rule) external {
        _void(modelId, prover, rule);
    }
}

/// Answers what Claims asks of Duties as a test wants it answered.
contract DutiesSwitch {
    bool public refuses;
    mapping(bytes32 => uint256) public attesters;

    function refuse(bool on) external {
        refuses = on;
    }

    function attest(bytes32 claimId) external {
        ++attesters[claimId];
    }

    function cleared(Body calldata, uint256) external view returns (bool) {
        return !refuses;
    }
}

/// Everything that claims are posted with, wired; Disputes is an address that the tests speak as.
abstract contract System is Test {
    uint256 internal constant MINIMUM_BOND = 10 ether;
    uint256 internal constant MINIMUM_FEE = 0.5 ether;
    uint256 internal constant BOND_BPS = 1000;
    uint256 internal constant FEE_BPS = 10;
    uint64 internal constant WINDOW = 1000;
    uint64 internal constant DELAY = 5000;
    uint64 internal constant GRACE = 50000;
    uint64 internal constant RELEASE = 20000;
    uint64 internal constant UNBONDING = 100;
    uint256 internal constant REGISTRANT_BOND = 3 ether;
    uint16 internal constant BURN_BPS = 2500;
    uint32 internal constant BYTES_MAX = 4096;
    uint256 internal constant PURSE = 1000 ether;

    address internal alice = address(0xA11CE); // claims
    address internal bob = address(0xB0B);
    address internal carol = address(0xCA01); // registers models
    address internal owner = address(0x0111);
    address internal disputes = address(0xD15);

    DevToken internal token;
    Stakes internal stakes;
    VoidableModels internal models;
    Claims internal claims;
    Batches internal batches;
    DutiesSwitch internal duties;
    bytes32 internal modelId;

    function word(uint256 minimumBond, uint256 minimumFee, uint256 bondBps, uint256 feeBps, uint256 window)
        internal
        pure
        returns (uint256)
    {
        return minimumBond << 152 | minimumFee << 80 | bondBps << 64 | feeBps << 48 | window << 16;
    }

    function usual() internal pure returns (uint256) {
        return word(MINIMUM_BOND, MINIMUM_FEE, BOND_BPS, FEE_BPS, WINDOW);
    }

    function deploy(uint256 threshold) internal {
        vm.warp(1_700_000_000);
        token = DevToken(make("DevToken.sol", ""));
        stakes = Stakes(make("Stakes.sol", abi.encode(token, UNBONDING)));
        models = VoidableModels(
            make("System.sol:VoidableModels", abi.encode(stakes, REGISTRANT_BOND, threshold, RELEASE, BURN_BPS))
        );
        claims = Claims(
            make(
                "Claims.sol",
                abi.encode(
                    stakes, models, deployed(1), disputes, deployed(2), owner, DELAY, GRACE, BYTES_MAX, usual()
                )
            )
        );
        batches = Batches(make("Batches.sol", abi.encode(stakes, claims)));
        duties = new DutiesSwitch();
        stakes.wire(address(models), address(claims), address(batches), disputes, address(duties));
        fund(alice);
        fund(bob);
        fund(carol);
        modelId = register(0);
    }

    function fund(address who) internal {
        token.mint(who, PURSE);
        vm.startPrank(who);
        token.approve(address(stakes), type(uint256).max);
        stakes.deposit(PURSE);
        vm.stopPrank();
    }

    function header(uint32 number) internal pure returns (Header memory) {
        return Header({
            domain: keccak256("gainsay.model"),
            law: 1,
            lowering: number,
            onnxHash: 0,
            programRoot: keccak256("program"),
            instructions: 2,
            weightsRoot: keccak256("weights"),
            weightsChunks: 3,
            inputsChunks: 4,
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

    function register(uint32 number) internal returns (bytes32) {
        vm.prank(carol);
        return models.register(header(number), "file:///model.gsp");
    }

    /// alice's, about the model, alone.
    function bodyOf(uint256 salt, uint256 value) internal view returns (Body memory) {
        return Body(0, salt << 128 | value, alice, modelId, keccak256("input"), keccak256("output"));
    }

    function post(Body memory body) internal returns (bytes32 claimId) {
        vm.prank(body.claimant);
        return claims.post(body.modelId, body.inputRoot, body.outputRoot, body.lot, "in", "out");
    }

    function bond(uint256 value) internal pure returns (uint256) {
        return MINIMUM_BOND + value * BOND_BPS / 10000;
    }

    function fee(uint256 value) internal pure returns (uint256) {
        return MINIMUM_FEE + value * FEE_BPS / 10000;
    }

    function free(address who) internal view returns (uint256 r) {
        (r,,,) = stakes.accounts(who);
    }

    function locked(address who) internal view returns (uint256 r) {
        (, r,,) = stakes.accounts(who);
    }

    function sumOf(address who) internal view returns (uint256) {
        (uint128 f, uint128 l, uint128 u,) = stakes.accounts(who);
        return uint256(f) + l + u;
    }

    /// All the money of the system's contracts and of those that the tests use is where the token says.
    function conserved() internal view {
        address[10] memory all = [
            alice,
            bob,
            carol,
            owner,
            disputes,
            address(models),
            address(claims),
            address(batches),
            address(duties),
            address(this)
        ];
        uint256 sum = stakes.burned();
        for (uint256 i = 0; i < all.length; ++i) {
            sum += sumOf(all[i]);
        }
        assertEq(sum, token.balanceOf(address(stakes)), "money");
    }

    function statusOf(Body memory body) internal view returns (uint256) {
        return uint8(claims.slotOf(claims.idOf(body)));
    }

    function openGame(Body memory body) internal {
        bytes32 claimId = claims.idOf(body);
        vm.prank(disputes);
        claims.openGame(claimId);
    }

    function endGame(Body memory body) internal {
        bytes32 claimId = claims.idOf(body);
        vm.prank(disputes);
        claims.endGame(claimId);
    }

    function lose(Body memory body) internal returns (uint256 bond_, uint256 fee_) {
        bytes32 id = claims.idOf(body);
        vm.prank(disputes);
        (, bond_, fee_) = claims.lose(id, body.batch, body.lot, false);
    }

    /// Of a claim's slot.
    function windowEnd(uint256 slot) internal pure returns (uint256) {
        return slot >> 16 & (1 << 35) - 1;
    }

    /// The bits of a claim's slot that say how deep the trace of the tests' models is.
    uint256 internal constant DEPTH_BITS = 5 << 51;

    function afterWindow() internal {
        vm.warp(block.timestamp + WINDOW + 1);
    }

    function retireDeployment() internal {
        vm.prank(owner);
        claims.retireDeployment();
    }

    // ---- batches, by the plainest means: all leaves to the next power of two, zero where there is none ----

    struct Leaf {
        uint128 value;
        bytes32 inputRoot;
        bytes32 outputRoot;
    }

    function leavesOf(uint256 n) internal pure returns (Leaf[] memory r) {
        r = new Leaf[](n);
        for (uint256 i = 0; i < n; ++i) {
            r[i] = Leaf(uint128(i * 1 ether + 3), keccak256(abi.encode("in", i)), keccak256(abi.encode("out", i)));
        }
    }

    function packed(Leaf[] memory leaves) internal pure returns (bytes memory r) {
        for (uint256 i = 0; i < leaves.length; ++i) {
            r = abi.encodePacked(r, leaves[i].value, leaves[i].inputRoot, leaves[i].outputRoot);
        }
    }

    function levels(uint256 n) internal pure returns (uint256 d) {
        while (2 ** d < n) ++d;
    }

    function nodeAt(Leaf[] memory leaves, bytes32 model, uint256 level, uint256 index) internal pure returns (bytes32) {
        if (level > 0) {
            return keccak256(
                abi.encodePacked(
                    uint8(1),
                    nodeAt(leaves, model, level - 1, 2 * index),
                    nodeAt(leaves, model, level - 1, 2 * index + 1)
                )
            );
        }
        if (index >= leaves.length) return 0;
        Leaf memory l = leaves[index];
        return keccak256(abi.encodePacked(uint8(3), l.value, model, l.inputRoot, l.outputRoot));
    }

    function pathOf(Leaf[] memory leaves, uint256 index) internal view returns (bytes32[] memory r) {
        r = new bytes32[](levels(leaves.length));
        for (uint256 i = 0; i < r.length; ++i) {
            r[i] = nodeAt(leaves, modelId, i, index >> i ^ 1);
        }
    }

    function batchOf(Leaf[] memory leaves, uint64 salt, uint8 kind) internal view returns (Batch memory) {
        bytes32 root = nodeAt(leaves, modelId, levels(leaves.length), 0);
        return Batch(alice, salt, root, uint32(leaves.length), kind, kind == 2 ? modelId : bytes32(0));
    }

    function leafBody(Leaf[] memory leaves, Batch memory batch, uint256 index) internal view returns (Body memory) {
        Leaf memory l = leaves[index];
        return Body(batches.idOf(batch), index << 128 | l.value, alice, modelId, l.inputRoot, l.outputRoot);
    }

    function postLeaves(Leaf[] memory leaves, uint64 salt) internal returns (Batch memory batch) {
        batch = batchOf(leaves, salt, 2);
        vm.prank(alice);
        bytes32 id = batches.postLeaves(salt, modelId, packed(leaves));
        assertEq(id, batches.idOf(batch), "the batch's id, by the plainest means");
    }

    function openLeaf(Leaf[] memory leaves, Batch memory batch, uint256 index) internal returns (Body memory body) {
        body = leafBody(leaves, batch, index);
        vm.prank(bob); // anybody
        batches.openLeaf(body, batch.salt, batch.count, pathOf(leaves, index));
    }

    function sumsOf(Leaf[] memory leaves) internal pure returns (uint256 bond_, uint256 fee_) {
        uint256 value;
        for (uint256 i = 0; i < leaves.length; ++i) {
            value += leaves[i].value;
        }
        bond_ = leaves.length * MINIMUM_BOND + value * BOND_BPS / 10000;
        fee_ = leaves.length * MINIMUM_FEE + value * FEE_BPS / 10000;
    }
}
