// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ClaimSlot} from "./ClaimSlot.sol";
import {Claims} from "./Claims.sol";
import {Stakes} from "./Stakes.sol";
import {Body} from "./Types.sol";

/// What names a batch; its hash is the batch's id. `modelId` is 0 for a root-only batch.
struct Batch {
    address claimant;
    uint64 salt;
    bytes32 root;
    uint32 count;
    uint8 kind;
    bytes32 modelId;
}

/// Many claims at the price of a few words each (docs/protocol.md, 4.5). Either only a root is on chain, and a leaf is nothing
/// until its claimant opens it; or the leaves are in calldata, one window, bond and fee stand for all of them, and a leaf that
/// loses takes the batch with it.
contract Batches {
    /// A root-only batch begins; `modelHint` says what its leaves are probably about.
    event RootPosted(
        bytes32 indexed batchId,
        address indexed claimant,
        bytes32 indexed modelHint,
        bytes32 root,
        uint32 count,
        uint64 salt
    );
    /// A batch in calldata begins; `leaves` are 80 bytes each.
    event BatchPosted(
        bytes32 indexed batchId,
        address indexed claimant,
        bytes32 indexed modelId,
        bytes32 root,
        uint32 count,
        uint64 salt,
        uint256 terms,
        uint64 windowEnd,
        bytes leaves
    );
    /// All its leaves are final.
    event BatchFinalized(bytes32 indexed batchId);
    /// A leaf lost: those that are not final never will be.
    event BatchLost(bytes32 indexed batchId);
    /// It was given up without a verdict.
    event BatchReleased(bytes32 indexed batchId);

    error Unauthorized();
    error InvalidParameter();
    error BatchExists();
    error UnknownBatch();
    error BatchNotOpen();
    error ModelInactive();
    error ModelVoid();
    error DeploymentRetired();
    error TooManyLeaves();
    error NotClaimant();
    error WrongPath();
    error WindowOver();
    error WindowOpen();
    error LeavesOpen();
    error NotReleasable();

    bytes32 private constant BATCH_DOMAIN = keccak256("gainsay.batch");

    uint8 private constant ROOT_ONLY = 1;
    uint8 private constant CALLDATA = 2;

    uint256 private constant OPEN = 1;
    uint256 private constant LOST = 2;
    uint256 private constant FINAL = 3;
    uint256 private constant VOID = 4;

    /// Leaves of one batch in calldata, and the bytes of one: value 16 | inputRoot 32 | outputRoot 32.
    uint256 private constant LEAVES_MAX = 4096;
    uint256 private constant LEAF_BYTES = 80;

    // A batch's slot: value 128 | count 32 | openLeaves 32 | depth 5 | windowEnd 35 | terms 8 | kind 8 | status 8
    uint256 private constant KIND = 8;
    uint256 private constant TERMS = 16;
    uint256 private constant WINDOW = 24; // depth and windowEnd, as a claim's slot has them too
    uint256 private constant OPEN_LEAVES = 64;
    uint256 private constant COUNT = 96;
    uint256 private constant VALUE = 128;

    Stakes public immutable stakes;
    Claims public immutable claims;

    /// The packed word of each batch, 0 for what is none; of a root-only one windowEnd is when it was posted.
    mapping(bytes32 batchId => uint256) public slotOf;

    constructor(address stakes_, address claims_) {
        stakes = Stakes(stakes_);
        claims = Claims(claims_);
    }

    // ---- only a root ----

    /// Says that `count` leaves under `root` exist since now. Locks nothing and claims nothing; in a retired deployment it is
    /// of no use, since no leaf can be opened there.
    function postRoot(bytes32 root, uint32 count, uint64 salt, bytes32 modelHint) external returns (bytes32 batchId) {
        if (count == 0) revert InvalidParameter();
        batchId = _idOf(Batch(msg.sender, salt, root, count, ROOT_ONLY, 0));
        if (slotOf[batchId] != 0) revert BatchExists();
        slotOf[batchId] = uint256(count) << COUNT | block.timestamp << WINDOW | uint256(ROOT_ONLY) << KIND | OPEN;
        emit RootPosted(batchId, msg.sender, modelHint, root, count, salt);
    }

    /// Makes a leaf of a root-only batch a claim, as `Claims.post` does: bond, fee and window start now. By the claimant.
    function openLeaf(
        Body calldata body,
        uint64 salt,
        uint32 count,
        bytes32[] calldata path,
        bytes calldata input,
        bytes calldata output
    ) external returns (bytes32 claimId) {
        if (msg.sender != body.claimant) revert NotClaimant();
        _leafSlot(body, salt, count, path, ROOT_ONLY);
        return claims.postLeaf(body, input, output);
    }

    // ---- leaves in calldata ----

    /// Claims all leaves at once, about one model: each is value 16 | inputRoot 32 | outputRoot 32. One window for all from
    /// now; bond and fee of all are locked.
    function postLeaves(uint64 salt, bytes32 modelId, bytes calldata leaves) external returns (bytes32 batchId) {
        uint256 count = leaves.length / LEAF_BYTES;
        if (count == 0 || leaves.length % LEAF_BYTES != 0) revert InvalidParameter();
        if (count > LEAVES_MAX) revert TooManyLeaves();
        uint256 terms = claims.current();
        if (uint8(terms) != 0) revert DeploymentRetired();
        uint256 depth = claims.accepted(modelId);
        if (depth == 0) revert ModelInactive();
        (bytes32 root, uint256 value) = _rootOf(modelId, leaves, count);
        if (value >> 128 != 0) revert InvalidParameter();
        batchId = _idOf(Batch(msg.sender, salt, root, uint32(count), CALLDATA, modelId));
        if (slotOf[batchId] != 0) revert BatchExists();
        uint256 windowEnd = block.timestamp + uint32(terms >> 16);
        uint256 slot = value << VALUE | count << COUNT | ClaimSlot.window(depth - 1, windowEnd) << WINDOW
            | uint256(uint8(terms >> 8)) << TERMS | uint256(CALLDATA) << KIND | OPEN;
        slotOf[batchId] = slot;
        (uint256 bond, uint256 fee) = _locked(slot);
        stakes.lock(msg.sender, bond + fee);
        emit BatchPosted(batchId, msg.sender, modelId, root, uint32(count), salt, terms, uint64(windowEnd), leaves);
    }

    /// Makes a leaf of a batch in calldata a claim of its own, in the batch's window and on its bond: to challenge it, demand
    /// its data or audit it. By anybody, while the window lasts.
    function openLeaf(Body calldata body, uint64 salt, uint32 count, bytes32[] calldata path)
        external
        returns (bytes32 claimId)
    {
        uint256 slot = _leafSlot(body, salt, count, path, CALLDATA);
        if (uint8(slot) != OPEN) revert BatchNotOpen();
        if (block.timestamp > _windowEnd(slot)) revert WindowOver();
        slotOf[body.batch] = slot + (1 << OPEN_LEAVES);
        return claims.openLeaf(body, uint8(slot >> TERMS), uint40(slot >> WINDOW));
    }

    /// Makes all leaves final, by anybody: the window is over, and none of those that were opened is unfinal. The bond is free
    /// again, the fee goes to the pool.
    function finalizeBatch(Batch calldata batch) external {
        (bytes32 batchId, uint256 slot) = _open(batch);
        if (block.timestamp <= _windowEnd(slot)) revert WindowOpen();
        if (uint32(slot >> OPEN_LEAVES) != 0) revert LeavesOpen();
        if (claims.models().voided(batch.modelId)) revert ModelVoid();
        slotOf[batchId] = slot & ~uint256(0xff) | FINAL;
        emit BatchFinalized(batchId);
        (uint256 bond, uint256 fee) = _locked(slot);
        stakes.unlock(batch.claimant, bond);
        if (fee == 0) return;
        address duties = stakes.duties();
        stakes.pay(batch.claimant, fee, duties);
        stakes.lock(duties, fee);
    }

    /// Gives a batch up without a verdict, by anybody: its model is void, or the deployment was retired long enough ago.
    function releaseBatch(Batch calldata batch) external {
        (bytes32 batchId, uint256 slot) = _open(batch);
        if (!claims.models().voided(batch.modelId) && !claims.graceOver()) revert NotReleasable();
        slotOf[batchId] = slot & ~uint256(0xff) | VOID;
        emit BatchReleased(batchId);
        (uint256 bond, uint256 fee) = _locked(slot);
        stakes.unlock(batch.claimant, bond + fee);
    }

    /// One of its leaves lost; by Claims. What was locked for the batch, once: the next leaf that loses gets nothing.
    function lose(bytes32 batchId) external returns (uint256 bond, uint256 fee) {
        if (msg.sender != address(claims)) revert Unauthorized();
        uint256 slot = slotOf[batchId];
        if (uint8(slot) != OPEN) return (0, 0);
        slotOf[batchId] = slot & ~uint256(0xff) | LOST;
        emit BatchLost(batchId);
        return _locked(slot);
    }

    /// One of its opened leaves became final; by Claims. Refused when the batch is over.
    function leafFinal(bytes32 batchId) external {
        if (msg.sender != address(claims)) revert Unauthorized();
        uint256 slot = slotOf[batchId];
        if (uint8(slot) != OPEN) revert BatchNotOpen();
        slotOf[batchId] = slot - (1 << OPEN_LEAVES);
    }

    function _open(Batch calldata batch) private view returns (bytes32 batchId, uint256 slot) {
        batchId = _idOf(batch);
        slot = slotOf[batchId];
        if (slot == 0) revert UnknownBatch();
        if (batch.kind != CALLDATA || uint8(slot) != OPEN) revert BatchNotOpen();
    }

    function _windowEnd(uint256 slot) private pure returns (uint256) {
        return ClaimSlot.windowEnd(slot >> (WINDOW - ClaimSlot.WINDOW));
    }

    function _locked(uint256 slot) private view returns (uint256 bond, uint256 fee) {
        return claims.sumsOf(uint8(slot >> TERMS), uint32(slot >> COUNT), uint128(slot >> VALUE));
    }

    // ---- trees ----

    /// The slot of the batch that the body is a leaf of: number `lot >> 128` of `count`, `path` its siblings, lowest first.
    function _leafSlot(Body calldata body, uint64 salt, uint32 count, bytes32[] calldata path, uint8 kind)
        private
        view
        returns (uint256 slot)
    {
        uint256 index = body.lot >> 128;
        if (index >= count) revert WrongPath();
        // The number of levels is the count's, so every bit of the index takes part and no inner node passes for a leaf.
        if (1 << path.length < count || (path.length != 0 && 1 << (path.length - 1) >= count)) revert WrongPath();
        bytes32 node = _leaf(uint128(body.lot), body.modelId, body.inputRoot, body.outputRoot);
        for (uint256 i = 0; i < path.length; ++i) {
            node = index & 1 == 0 ? _node(node, path[i]) : _node(path[i], node);
            index >>= 1;
        }
        Batch memory batch = Batch(body.claimant, salt, node, count, kind, kind == CALLDATA ? body.modelId : bytes32(0));
        if (_idOf(batch) != body.batch) revert WrongPath();
        slot = slotOf[body.batch];
        if (slot == 0) revert UnknownBatch();
    }

    /// Root of the leaves in calldata, and the sum of their values.
    function _rootOf(bytes32 modelId, bytes calldata leaves, uint256 n)
        private
        pure
        returns (bytes32 root, uint256 value)
    {
        bytes32[] memory level = new bytes32[](n + 1); // one more: where a level is completed
        for (uint256 i = 0; i < n; ++i) {
            bytes calldata leaf = leaves[i * LEAF_BYTES:(i + 1) * LEAF_BYTES];
            uint128 v = uint128(bytes16(leaf));
            value += v;
            level[i] = _leaf(v, modelId, bytes32(leaf[16:]), bytes32(leaf[48:]));
        }
        bytes32 missing = 0;
        while (n > 1) {
            if (n & 1 == 1) level[n] = missing;
            n = (n + 1) >> 1;
            for (uint256 i = 0; i < n; ++i) {
                level[i] = _node(level[2 * i], level[2 * i + 1]);
            }
            missing = _node(missing, missing);
        }
        root = level[0];
    }

    function _leaf(uint128 value, bytes32 modelId, bytes32 inputRoot, bytes32 outputRoot)
        private
        pure
        returns (bytes32 r)
    {
        assembly ("memory-safe") {
            let m := mload(0x40) // free memory, not kept
            mstore8(m, 3)
            mstore(add(m, 1), shl(128, value))
            mstore(add(m, 17), modelId)
            mstore(add(m, 49), inputRoot)
            mstore(add(m, 81), outputRoot)
            r := keccak256(m, 113)
        }
    }

    function _node(bytes32 left, bytes32 right) private pure returns (bytes32 r) {
        assembly ("memory-safe") {
            let m := mload(0x40)
            mstore8(m, 1)
            mstore(add(m, 1), left)
            mstore(add(m, 33), right)
            r := keccak256(m, 65)
        }
    }

    // ---- views ----

    /// The id of a batch of that name, whether it exists or not.
    function idOf(Batch calldata batch) external view returns (bytes32) {
        return _idOf(batch);
    }

    function _idOf(Batch memory batch) private view returns (bytes32) {
        return keccak256(abi.encode(BATCH_DOMAIN, block.chainid, address(this), batch));
    }

    /// 0 unknown, 1 open, 2 lost, 3 final, 4 void.
    function statusOf(bytes32 batchId) external view returns (uint256) {
        return uint8(slotOf[batchId]);
    }

    /// What is locked for the leaves of an open batch in calldata.
    function lockedOf(bytes32 batchId) external view returns (uint256 bond, uint256 fee) {
        uint256 slot = slotOf[batchId];
        if (uint8(slot) != OPEN || uint8(slot >> KIND) != CALLDATA) return (0, 0);
        return _locked(slot);
    }

    /// `Claims.statusOf` for a leaf, opened or not. An unopened leaf of a root-only batch has status 0: it claims nothing.
    function leafStatus(Body calldata body, uint64 salt, uint32 count, bytes32[] calldata path)
        external
        view
        returns (uint8 status, bool isFinal, uint256 valueAtStake, uint256 attesters, uint256 earliestFinality)
    {
        if (claims.slotOf(claims.idOf(body)) != 0) return claims.statusOf(body);
        if (uint8(slotOf[body.batch] >> KIND) != CALLDATA) return (0, false, 0, 0, 0);
        uint256 slot = _leafSlot(body, salt, count, path, CALLDATA);
        uint256 state = uint8(slot);
        if (state == FINAL) return (uint8(FINAL), true, 0, 0, _windowEnd(slot) + 1);
        if (state != OPEN || claims.models().voided(body.modelId)) return (uint8(VOID), false, 0, 0, 0);
        uint256 windowEnd = _windowEnd(slot);
        (valueAtStake,) = _locked(slot);
        earliestFinality = windowEnd < block.timestamp ? block.timestamp : windowEnd + 1;
        return (uint8(OPEN), false, valueAtStake, 0, earliestFinality);
    }
}
