// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ClaimSlot} from "./ClaimSlot.sol";
import {Body} from "./Types.sol";
import {IClaims} from "./interfaces/IClaims.sol";
import {IDuties} from "./interfaces/IDuties.sol";
import {IModels} from "./interfaces/IModels.sol";
import {IStakes} from "./interfaces/IStakes.sol";
import {Merkle} from "./judge/Merkle.sol";

/// The L1 block that an OP-stack chain's block derives from.
interface IL1Block {
    function timestamp() external view returns (uint64);
}

/// The one call that ends a claim whose claimant did not do its duty.
interface IForfeit {
    function forfeit(Body calldata body, address winner) external;
}

/// What a claimant owes besides right answers, and who is paid for looking (docs/protocol.md, section 6): committed data on
/// demand, its trace root when drawn for an audit; attestations of validators and their share of the fees.
///
/// The contract's own account in `Stakes` is the pool of fees. No token is called here.
contract Duties is IDuties {
    /// The claimant owes block number `block_` of its input (kind 0) or output (kind 1) until the deadline.
    event Demanded(bytes32 indexed claimId, address indexed demander, uint8 kind, uint32 block_, uint64 deadline);
    /// It is on chain: 2^h chunks.
    event Answered(bytes32 indexed claimId, uint8 kind, uint32 block_, bytes chunks);
    /// A demand ended without an answer: by forfeit, or because the claim was over before.
    event Unanswered(bytes32 indexed claimId, address indexed demander);
    /// A validator staked on having the claim's trace.
    event AttestedClaim(bytes32 indexed claimId, address indexed validator, uint160 commitment, uint96 stake);
    /// Whoever attested has its stake back, and `reward` more.
    event Collected(bytes32 indexed claimId, address indexed validator, uint256 stake, uint256 reward);
    /// The root that a validator committed to is the published one.
    event Reported(bytes32 indexed claimId, address indexed validator, uint256 stake, uint256 total);
    /// Randomness of an epoch.
    event Recorded(uint64 indexed epoch, uint64 previous, bytes32 beacon);
    /// The claimant owes its trace root until the deadline.
    event Drawn(bytes32 indexed claimId, uint64 deadline);
    /// There it is.
    event Published(bytes32 indexed claimId, bytes32 traceRoot);

    error InvalidParameter();
    error UnknownClaim();
    error ClaimNotOpen();
    error ClaimOpen();
    error NotClaimant();
    error WindowOver();
    error DemandPending();
    error NoDemand();
    error AllGiven();
    error TooLate();
    error TooEarly(uint256 from);
    error WrongLength();
    error WrongPath();
    error WrongEpoch();
    error AlreadyRecorded();
    error NotDrawn();
    error AlreadyDrawn();
    error AlreadyBound();
    error AlreadyAttested();
    error NoAttestation();
    error TooLittle(uint256 least);
    error WrongTraceRoot();
    error NotAudited();

    // A claim's slot and flags (docs/protocol.md, 4.1).
    uint256 private constant OPEN = 1;
    uint256 private constant FINAL = 3;
    uint256 private constant FLAGS = 8;
    uint256 private constant TERMS = 88;
    uint256 private constant ROOT_TAG = 96;
    uint8 private constant DEMANDED = 1;
    uint8 private constant DRAWN = 2;
    uint8 private constant AUDITED = 4;

    uint8 private constant INPUT = 0;
    uint8 private constant OUTPUT = 1;
    /// Levels of the block that one demand asks for: 32 chunks, 4 KiB.
    uint256 private constant BLOCK_LEVELS = 5;
    /// The flag of a model's shape that it is tolerant.
    uint256 private constant TOLERANT = 8;
    /// keccak256(00 01 00 .. 00): the output block of a tolerant model's trace when its claim is right, one chunk with a 1.
    bytes32 private constant HOLDS = 0xf6c5de7251ea74a6682e0b10450098b478fd643e5b1e7245d1e3e785066f39e7;
    /// In the place of a commitment that was reported to fit.
    uint160 private constant FITS = 1;

    struct Parameters {
        uint32 demandSeconds;
        uint32 auditSeconds;
        uint32 reportSeconds;
        uint32 epochSeconds;
        uint16 auditBps;
        uint96 demandBase;
        uint96 demandPerChunk;
        uint96 attestStake;
        address l1Block; // an OP-stack chain's predeploy; 0: the chain's own time is used
    }

    struct Demand {
        address demander; // 0: none
        uint40 deadline;
        uint8 kind;
        uint32 block_;
    }

    struct Attestation {
        uint160 commitment; // FITS: reported
        uint96 stake;
    }

    /// What is left for those who reported and have not collected.
    struct Reward {
        uint112 total; // of money, once `known`
        uint112 stake; // of theirs
        bool known;
    }

    struct Beacon {
        bytes32 value;
        uint64 previous; // the recorded epoch before
    }

    IStakes public immutable stakes;
    IModels public immutable models;
    IClaims public immutable claims;
    IForfeit public immutable disputes;
    uint256 public immutable demandSeconds;
    uint256 public immutable auditSeconds;
    uint256 public immutable reportSeconds;
    uint256 public immutable epochSeconds;
    uint256 public immutable auditBps;
    uint256 public immutable demandBase;
    uint256 public immutable demandPerChunk;
    uint256 public immutable attestStake;
    address public immutable l1Block;

    mapping(bytes32 claimId => Demand) public demands;
    /// Blocks given so far of input and output.
    mapping(bytes32 claimId => uint32[2]) public given;
    /// Where a claim's first window ended, once it was extended; before, the claim's slot says it.
    mapping(bytes32 claimId => uint256) public firstWindowEnd;
    /// Until when a drawn claim's trace root must be published.
    mapping(bytes32 claimId => uint256) public auditDeadline;
    mapping(bytes32 claimId => mapping(address validator => Attestation)) public attestations;
    mapping(bytes32 claimId => uint256) public attesters;
    mapping(bytes32 claimId => Reward) public rewards;
    mapping(uint256 epoch => Beacon) public beacons;
    uint64 public lastEpoch;
    /// Of the pool, what is promised to validators already.
    uint256 public promised;

    constructor(address stakes_, address models_, address claims_, address disputes_, Parameters memory p) {
        if (p.demandSeconds == 0 || p.auditSeconds == 0 || p.reportSeconds == 0 || p.epochSeconds == 0) {
            revert InvalidParameter();
        }
        if (p.auditBps > 10000 || p.attestStake == 0) revert InvalidParameter();
        stakes = IStakes(stakes_);
        models = IModels(models_);
        claims = IClaims(claims_);
        disputes = IForfeit(disputes_);
        demandSeconds = p.demandSeconds;
        auditSeconds = p.auditSeconds;
        reportSeconds = p.reportSeconds;
        epochSeconds = p.epochSeconds;
        auditBps = p.auditBps;
        demandBase = p.demandBase;
        demandPerChunk = p.demandPerChunk;
        attestStake = p.attestStake;
        l1Block = p.l1Block;
    }

    // ---- demands ----

    /// Obliges the claimant of an open claim, in its window, to put the next block of its input or output on chain. The
    /// price is locked; the claimant gets it with the answer. One demand at a time.
    function demand(Body calldata body, uint8 kind) external {
        (bytes32 claimId, uint256 slot) = _open(body);
        if (block.timestamp > ClaimSlot.windowEnd(slot)) revert WindowOver();
        if (slot >> FLAGS & DEMANDED != 0) revert DemandPending();
        if (kind > OUTPUT) revert InvalidParameter();
        (uint256 depth, uint256 chunks) = _array(body.modelId, kind);
        uint256 height = _height(depth);
        uint32 next = given[claimId][kind];
        if (uint256(next) << height >= chunks) revert AllGiven();
        uint256 deadline = block.timestamp + demandSeconds;
        demands[claimId] = Demand(msg.sender, uint40(deadline), kind, next);
        stakes.lock(msg.sender, priceOf(height));
        claims.mark(claimId, DEMANDED, 0, false);
        emit Demanded(claimId, msg.sender, kind, next, uint64(deadline));
    }

    /// The demanded block, by anyone: 2^h chunks and the siblings of the node above them, lowest first.
    function answer(Body calldata body, bytes calldata chunks, bytes32[] calldata path) external {
        (bytes32 claimId, uint256 slot) = _open(body);
        Demand memory d = demands[claimId];
        if (d.demander == address(0)) revert NoDemand();
        if (block.timestamp > d.deadline) revert TooLate();
        (uint256 depth, uint256 count) = _array(body.modelId, d.kind);
        uint256 height = _height(depth);
        if (chunks.length != Merkle.CHUNK_BYTES << height || path.length != depth - height) revert WrongLength();
        uint256 pos;
        assembly ("memory-safe") {
            pos := chunks.offset
        }
        bytes32 root = Merkle.climb(Merkle.rootOfChunks(pos, height), d.block_, path);
        if (root != (d.kind == INPUT ? body.inputRoot : body.outputRoot)) revert WrongPath();
        _nothingBehind(count, d.block_, height, pos, path);
        delete demands[claimId];
        given[claimId][d.kind] = d.block_ + 1;
        _keepWindow(claimId, slot);
        claims.mark(claimId, 0, DEMANDED, true);
        stakes.pay(d.demander, priceOf(height), body.claimant);
        emit Answered(claimId, d.kind, d.block_, chunks);
    }

    /// Behind an array's last chunk everything is zero (docs/machine.md, section 4): in the block at `pos`, and in the nodes
    /// beside the path. A claimant that could hide something there would have an array of which nobody else can show paths.
    function _nothingBehind(uint256 count, uint256 block_, uint256 height, uint256 pos, bytes32[] calldata path)
        private
        pure
    {
        unchecked {
            uint256 first = block_ << height; // a demand is of a block that begins within the array
            uint256 end = pos + (Merkle.CHUNK_BYTES << height);
            uint256 bits;
            for (pos += (count - first) * Merkle.CHUNK_BYTES; pos < end; pos += 32) {
                assembly ("memory-safe") {
                    bits := or(bits, calldataload(pos))
                }
            }
            if (bits != 0) revert WrongPath();
            bytes32 zero = keccak256(abi.encodePacked(uint8(0), new bytes(Merkle.CHUNK_BYTES)));
            for (uint256 level = 0; level < height + path.length; ++level) {
                if (level >= height) {
                    uint256 beside = (first >> level) ^ 1;
                    if (beside << level >= count && path[level - height] != zero) revert WrongPath();
                }
                zero = Merkle.node(zero, zero);
            }
        }
    }

    /// The demand's time is over: the claim is lost. By anybody; the demander is the winner.
    function unanswered(Body calldata body) external {
        (bytes32 claimId,) = _open(body);
        Demand memory d = demands[claimId];
        if (d.demander == address(0)) revert NoDemand();
        if (block.timestamp <= d.deadline) revert TooEarly(uint256(d.deadline) + 1);
        _endDemand(claimId, body.modelId, d);
        disputes.forfeit(body, d.demander);
    }

    /// The claim ended while a demand was pending: the demander has its money back. By anybody.
    function dropDemand(Body calldata body) external {
        (bytes32 claimId, uint256 slot) = _known(body);
        if (uint8(slot) == OPEN) revert ClaimOpen();
        Demand memory d = demands[claimId];
        if (d.demander == address(0)) revert NoDemand();
        _endDemand(claimId, body.modelId, d);
    }

    function _endDemand(bytes32 claimId, bytes32 modelId, Demand memory d) private {
        delete demands[claimId];
        (uint256 depth,) = _array(modelId, d.kind);
        stakes.unlock(d.demander, priceOf(_height(depth)));
        emit Unanswered(claimId, d.demander);
    }

    /// What a demand for 2^height chunks costs.
    function priceOf(uint256 height) public view returns (uint256) {
        return demandBase + (demandPerChunk << height);
    }

    function _height(uint256 depth) private pure returns (uint256) {
        return depth < BLOCK_LEVELS ? depth : BLOCK_LEVELS;
    }

    /// Depth of the input's or the output's tree, and how many chunks of it can be demanded. A tolerant claim's output is the
    /// array that was claimed, which is not in the trace.
    function _array(bytes32 modelId, uint8 kind) private view returns (uint256 depth, uint256 chunks) {
        uint256 shape = models.shapeOf(modelId);
        if (kind == OUTPUT && shape & TOLERANT == 0) {
            depth = uint8(shape >> 8);
            return (depth, 1 << depth);
        }
        chunks = kind == INPUT ? uint32(shape >> 56) : uint32(shape >> 152);
        return (Merkle.depth(chunks), chunks);
    }

    // ---- randomness and audits ----

    /// Randomness for the claims posted before this epoch began, by the first who asks in it. An epoch is of the time of the
    /// L1 block that this block derives from, whose RANDAO nobody knew when those claims were posted.
    function record() external {
        uint256 time = l1Block == address(0) ? block.timestamp : IL1Block(l1Block).timestamp();
        uint64 epoch = uint64(time / epochSeconds);
        uint64 previous = lastEpoch;
        if (epoch <= previous) revert AlreadyRecorded();
        bytes32 value = keccak256(abi.encode(epoch, block.prevrandao));
        beacons[epoch] = Beacon(value, previous);
        lastEpoch = epoch;
        emit Recorded(epoch, previous, value);
    }

    /// The claim's lot has fallen on it: its claimant owes the trace root. `epoch` is the first recorded one after the
    /// claim's posting. By anybody.
    function draw(Body calldata body, uint256 epoch) external {
        (bytes32 claimId, uint256 slot) = _open(body);
        if (slot >> FLAGS & (DRAWN | AUDITED) != 0) revert AlreadyDrawn();
        if (!_isDrawn(claimId, slot, epoch)) revert NotDrawn();
        uint256 deadline = block.timestamp + auditSeconds;
        auditDeadline[claimId] = deadline;
        claims.mark(claimId, DRAWN, 0, false);
        emit Drawn(claimId, uint64(deadline));
    }

    /// The trace root, by the claimant: siblings from the output block's root upwards; a tolerant model's is that of a chunk
    /// which says that the claim holds. From now on it binds the claim, and
    /// can be challenged for a whole window more.
    function publish(Body calldata body, bytes32 traceRoot, bytes32[] calldata path) external {
        (bytes32 claimId, uint256 slot) = _open(body);
        if (msg.sender != body.claimant) revert NotClaimant();
        if (slot >> FLAGS & DRAWN == 0) revert NotDrawn();
        if (block.timestamp > auditDeadline[claimId]) revert TooLate();
        uint256 shape = models.shapeOf(body.modelId);
        uint256 outputDepth = uint8(shape >> 8);
        if (path.length != uint8(shape >> 16) - outputDepth) revert WrongLength();
        uint256 index = uint32(shape >> 24) >> outputDepth;
        bytes32 block_ = shape & TOLERANT == 0 ? body.outputRoot : HOLDS;
        if (Merkle.climb(block_, index, path) != traceRoot) revert WrongPath();
        claims.bindTrace(claimId, uint160(uint256(traceRoot)));
        _keepWindow(claimId, slot);
        claims.mark(claimId, AUDITED, DRAWN, true);
        emit Published(claimId, traceRoot);
    }

    /// The audit's time is over: the claim is lost. By anybody, who is the winner.
    function unpublished(Body calldata body) external {
        (bytes32 claimId, uint256 slot) = _open(body);
        if (slot >> FLAGS & DRAWN == 0) revert NotDrawn();
        uint256 deadline = auditDeadline[claimId];
        if (block.timestamp <= deadline) revert TooEarly(deadline + 1);
        disputes.forfeit(body, msg.sender);
    }

    /// Whether the claim may become final as far as audits go.
    function cleared(Body calldata body, uint256 epoch) external view returns (bool) {
        if (auditBps == 0) return true;
        (bytes32 claimId, uint256 slot) = _known(body);
        if (slot >> FLAGS & AUDITED != 0) return true;
        return slot >> FLAGS & DRAWN == 0 && !_isDrawn(claimId, slot, epoch);
    }

    function _isDrawn(bytes32 claimId, uint256 slot, uint256 epoch) private view returns (bool) {
        if (auditBps == 0) return false;
        uint256 end = firstWindowEnd[claimId];
        if (end == 0) end = ClaimSlot.windowEnd(slot);
        uint256 posted = (end - _window(slot)) / epochSeconds;
        Beacon memory beacon = beacons[epoch];
        if (beacon.value == 0 || epoch <= posted || beacon.previous > posted) revert WrongEpoch();
        return uint256(uint16(uint256(keccak256(abi.encode(beacon.value, claimId))))) * 10000 < auditBps << 16;
    }

    /// An extension must not move the claim to another epoch.
    function _keepWindow(bytes32 claimId, uint256 slot) private {
        if (firstWindowEnd[claimId] == 0) firstWindowEnd[claimId] = ClaimSlot.windowEnd(slot);
    }

    function _window(uint256 slot) private view returns (uint256) {
        return uint32(claims.termsOf(uint8(slot >> TERMS)) >> 16);
    }

    // ---- attestations and fees ----

    /// A validator says that it has the claim's trace, before anybody has shown the root: commitment is the low 160 bits of
    /// keccak(abi.encode(claimId, validator, traceRoot)). The stake is locked until the claim is over.
    function attest(bytes32 claimId, uint160 commitment, uint96 stake) external {
        uint256 slot = claims.slotOf(claimId);
        if (slot == 0) revert UnknownClaim();
        if (uint8(slot) != OPEN) revert ClaimNotOpen();
        if (block.timestamp > ClaimSlot.windowEnd(slot)) revert WindowOver();
        if (slot >> ROOT_TAG != 0) revert AlreadyBound();
        if (stake < attestStake) revert TooLittle(attestStake);
        if (commitment <= FITS) revert InvalidParameter();
        if (attestations[claimId][msg.sender].stake != 0) revert AlreadyAttested();
        attestations[claimId][msg.sender] = Attestation(commitment, stake);
        attesters[claimId] += 1;
        stakes.lock(msg.sender, stake);
        emit AttestedClaim(claimId, msg.sender, commitment, stake);
    }

    /// After an audited claim became final, within `reportSeconds`: the sender's commitment fits the published root.
    function report(Body calldata body, bytes32 traceRoot) external {
        (bytes32 claimId, uint256 slot) = _known(body);
        if (uint8(slot) != FINAL || slot >> FLAGS & AUDITED == 0) revert NotAudited();
        if (block.timestamp > ClaimSlot.windowEnd(slot) + reportSeconds) revert TooLate();
        if (uint160(uint256(traceRoot)) != slot >> ROOT_TAG) revert WrongTraceRoot();
        Attestation storage a = attestations[claimId][msg.sender];
        if (a.stake == 0 || a.commitment == FITS) revert NoAttestation();
        bytes32 fits = keccak256(abi.encode(claimId, msg.sender, traceRoot));
        if (a.commitment != uint160(uint256(fits))) revert WrongTraceRoot();
        a.commitment = FITS;
        Reward storage r = rewards[claimId];
        r.stake += a.stake;
        emit Reported(claimId, msg.sender, a.stake, r.stake);
    }

    /// The stake of an attestation back, and the share of the fees if it was reported to fit; when the claim is over and,
    /// where it was audited, the time to report too. By anybody, for the validator.
    function collect(Body calldata body, address validator) external {
        (bytes32 claimId, uint256 slot) = _known(body);
        if (uint8(slot) == OPEN) revert ClaimOpen();
        Attestation memory a = attestations[claimId][validator];
        if (a.stake == 0) revert NoAttestation();
        uint256 reward;
        if (uint8(slot) == FINAL && slot >> FLAGS & AUDITED != 0) {
            uint256 from = ClaimSlot.windowEnd(slot) + reportSeconds + 1;
            if (block.timestamp < from) revert TooEarly(from);
            if (a.commitment == FITS) reward = _share(claimId, body, slot, a.stake);
        }
        delete attestations[claimId][validator];
        stakes.unlock(validator, a.stake);
        if (reward != 0) {
            promised -= reward;
            stakes.pay(address(this), reward, validator);
        }
        emit Collected(claimId, validator, a.stake, reward);
    }

    /// The first collection fixes what the claim's validators get together; each takes its part of what is left.
    function _share(bytes32 claimId, Body calldata body, uint256 slot, uint256 stake) private returns (uint256 share) {
        Reward memory r = rewards[claimId];
        if (!r.known) {
            uint256 fee = claims.feeOf(uint8(slot >> TERMS), uint128(body.lot));
            uint256 left = _pool() - promised;
            uint256 total = fee * 10000 / auditBps; // a claim that was audited: auditBps is not 0
            if (total > left) total = left;
            if (total > type(uint112).max) total = type(uint112).max;
            r.total = uint112(total);
            r.known = true;
            promised += total;
        }
        share = r.total * stake / r.stake;
        r.total -= uint112(share);
        r.stake -= uint112(stake);
        rewards[claimId] = r;
    }

    /// All fees that are here, locked: those of lost claims come as free money.
    function _pool() private returns (uint256) {
        (uint128 free, uint128 locked,,) = stakes.accounts(address(this));
        if (free != 0) stakes.lock(address(this), free);
        return uint256(free) + locked;
    }

    // ---- claims ----

    function _known(Body calldata body) private view returns (bytes32 claimId, uint256 slot) {
        claimId = claims.idOf(body);
        slot = claims.slotOf(claimId);
        if (slot == 0) revert UnknownClaim();
    }

    function _open(Body calldata body) private view returns (bytes32 claimId, uint256 slot) {
        (claimId, slot) = _known(body);
        if (uint8(slot) != OPEN) revert ClaimNotOpen();
    }
}
