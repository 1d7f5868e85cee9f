// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Batches} from "./Batches.sol";
import {ClaimSlot} from "./ClaimSlot.sol";
import {Models} from "./Models.sol";
import {Policy} from "./Policy.sol";
import {Stakes} from "./Stakes.sol";
import {Body} from "./Types.sol";
import {IDuties} from "./interfaces/IDuties.sol";

/// What inference nodes say: this model made this output of this input. Open until a challenger wins, or final
/// (docs/protocol.md, section 4). Of a claim one slot is stored; what it says is its id's preimage, the body.
contract Claims is Policy {
    /// A claim begins. `input` and `output` are what the poster gives of the arrays; nobody looked at them.
    event Posted(
        bytes32 indexed claimId,
        address indexed claimant,
        bytes32 indexed modelId,
        bytes32 inputRoot,
        bytes32 outputRoot,
        uint256 lot,
        bytes32 batch,
        uint256 terms,
        uint64 windowEnd,
        bytes input,
        bytes output
    );
    /// Nobody can challenge it any more: it holds.
    event Finalized(bytes32 indexed claimId);
    /// A challenger won: it does not hold.
    event Invalidated(bytes32 indexed claimId);
    /// It was given up without a verdict (a void model, a retired deployment, a lost batch).
    event Released(bytes32 indexed claimId);
    /// Its window was extended: new bytes came on chain.
    event Extended(bytes32 indexed claimId, uint64 windowEnd);

    error Unauthorized();
    error ClaimExists();
    error ModelInactive();
    error ModelVoid();
    error TooManyBytes();
    error UnknownClaim();
    error ClaimNotOpen();
    error WindowOver();
    error WindowOpen();
    error GamesOpen();
    error TooManyGames();
    error DemandPending();
    error NotCleared();
    error NotReleasable();
    error WrongTraceRoot();

    bytes32 private constant CLAIM_DOMAIN = keccak256("gainsay.claim");

    uint256 private constant OPEN = 1;
    uint256 private constant INVALID = 2;
    uint256 private constant FINAL = 3;
    uint256 private constant VOID = 4;

    /// A demand waits for its answer.
    uint256 private constant DEMANDED = 1;
    /// Drawn for an audit that is not answered.
    uint256 private constant DRAWN = 2;
    /// Answered an audit.
    uint256 private constant AUDITED = 4;
    /// A leaf of a batch whose bond stands for it.
    uint256 private constant LEAF = 8;

    // A claim's slot: rootTag 160 | terms 8 | games 16 | openGames 16 | depth 5 | windowEnd 35 | flags 8 | status 8
    uint256 private constant FLAGS = 8;
    uint256 private constant OPEN_GAMES = 56;
    uint256 private constant GAMES = 72;
    uint256 private constant TERMS = 88;
    uint256 private constant ROOT_TAG = 96;
    uint256 private constant GAMES_MAX = type(uint16).max;

    Stakes public immutable stakes;
    Models public immutable models;
    /// Deployed after this contract, at addresses that were known before: to ask `Stakes` who calls would cost a game more
    /// than most of what is done here. `Stakes.wire` refuses a deployment where one of them lies elsewhere.
    Batches public immutable batches;
    address public immutable disputes;
    address public immutable duties;
    /// The most bytes that a claim may bring with it, input and output together.
    uint32 public immutable bytesMax;

    /// Of an active model the depth of its trace and one, else 0; told by Models whenever it changes, so that neither a claim
    /// nor a game has to ask.
    mapping(bytes32 modelId => uint256) public accepted;
    /// The packed word of each claim, 0 for what is none.
    mapping(bytes32 claimId => uint256) public slotOf;

    constructor(
        address stakes_,
        address models_,
        address batches_,
        address disputes_,
        address duties_,
        address owner,
        uint64 termsDelay,
        uint64 retireGrace,
        uint32 bytesMax_,
        uint256 terms
    ) Policy(owner, termsDelay, retireGrace, terms) {
        stakes = Stakes(stakes_);
        models = Models(models_);
        batches = Batches(batches_);
        disputes = disputes_;
        duties = duties_;
        bytesMax = bytesMax_;
    }

    // ---- posting ----

    /// Claims that the model makes the outputs of that root from the inputs of that root. lot = salt 128 | value 128. Locks
    /// bond and fee of the sender's free stake; the window starts now.
    function post(
        bytes32 modelId,
        bytes32 inputRoot,
        bytes32 outputRoot,
        uint256 lot,
        bytes calldata input,
        bytes calldata output
    ) external returns (bytes32 claimId) {
        return _post(Body(0, lot, msg.sender, modelId, inputRoot, outputRoot), input, output);
    }

    /// The same for a leaf of a batch that gave only its root; by Batches, which has checked that the leaf is one and that
    /// its claimant asks.
    function postLeaf(Body calldata body, bytes calldata input, bytes calldata output)
        external
        returns (bytes32 claimId)
    {
        _only(address(batches));
        return _post(body, input, output);
    }

    function _post(Body memory body, bytes calldata input, bytes calldata output) private returns (bytes32 claimId) {
        unchecked {
            // No overflow: both lie in calldata.
            if (input.length + output.length > bytesMax) revert TooManyBytes();
        }
        uint256 terms = current;
        if (uint8(terms) != 0) revert Retired();
        uint256 depth = accepted[body.modelId];
        if (depth == 0) revert ModelInactive();
        uint256 windowEnd;
        uint256 value = uint128(body.lot);
        unchecked {
            windowEnd = block.timestamp + windowOf(terms);
            claimId = _create(body, versionOf(terms), ClaimSlot.window(depth - 1, windowEnd), OPEN);
            stakes.lock(body.claimant, _bond(terms, 1, value) + _fee(terms, 1, value));
        }
        _announce(claimId, body, terms, windowEnd, input, output);
    }

    /// A leaf of a batch whose leaves are on chain becomes a claim of its own: in the batch's window (`ClaimSlot`), under its
    /// terms and on its bond; by Batches.
    function openLeaf(Body calldata body, uint256 version, uint256 window) external returns (bytes32 claimId) {
        _only(address(batches));
        claimId = _create(body, version, window, OPEN | LEAF << FLAGS);
        bytes calldata none = msg.data[0:0];
        _announce(claimId, body, termsOf[version], ClaimSlot.windowEnd(slotOf[claimId]), none, none);
    }

    function _create(Body memory body, uint256 version, uint256 window, uint256 low)
        private
        returns (bytes32 claimId)
    {
        claimId = _idOf(body);
        if (slotOf[claimId] != 0) revert ClaimExists();
        slotOf[claimId] = version << TERMS | window << ClaimSlot.WINDOW | low;
    }

    // Emits Posted, by hand: the compiler's encoding of it costs every claim 130 gas more.
    function _announce(
        bytes32 claimId,
        Body memory body,
        uint256 terms,
        uint256 windowEnd,
        bytes calldata input,
        bytes calldata output
    ) private {
        bytes32 topic = Posted.selector;
        assembly ("memory-safe") {
            let m := mload(0x40) // free memory, not kept
            mstore(m, mload(add(body, 128))) // inputRoot
            mstore(add(m, 32), mload(add(body, 160))) // outputRoot
            mstore(add(m, 64), mload(add(body, 32))) // lot
            mstore(add(m, 96), mload(body)) // batch
            mstore(add(m, 128), terms)
            mstore(add(m, 160), windowEnd)
            mstore(add(m, 192), 256) // where input begins, after eight words
            let tail := add(m, 256)
            mstore(tail, input.length)
            tail := add(tail, 32)
            calldatacopy(tail, input.offset, input.length)
            mstore(add(tail, input.length), 0) // the rest of its last word
            tail := add(tail, and(add(input.length, 31), not(31)))
            mstore(add(m, 224), sub(tail, m)) // where output begins
            mstore(tail, output.length)
            tail := add(tail, 32)
            calldatacopy(tail, output.offset, output.length)
            mstore(add(tail, output.length), 0)
            tail := add(tail, and(add(output.length, 31), not(31)))
            log4(m, sub(tail, m), topic, claimId, mload(add(body, 64)), mload(add(body, 96)))
        }
    }

    /// Claims about the model are accepted from now on (the depth of its trace and one), or no longer (0); by Models.
    function accept(bytes32 modelId, uint256 depthAndOne) external {
        _only(address(models));
        accepted[modelId] = depthAndOne;
    }

    // ---- ending ----

    /// Makes the claim final, by anybody: its window is over, no game is open, no demand pending, and the draw of its epoch
    /// was made and answered. The bond is free again, the fee goes to the pool. From then on windowEnd in the slot says when.
    function finalize(Body calldata body, uint256 epoch) external {
        (bytes32 claimId, uint256 slot) = _open(body);
        if (block.timestamp <= ClaimSlot.windowEnd(slot)) revert WindowOpen();
        if (uint16(slot >> OPEN_GAMES) != 0) revert GamesOpen();
        if (slot >> FLAGS & DEMANDED != 0) revert DemandPending();
        if (models.voided(body.modelId)) revert ModelVoid();
        if (!IDuties(duties).cleared(body, epoch)) revert NotCleared();
        slotOf[claimId] = _with(ClaimSlot.withWindowEnd(slot, block.timestamp), FINAL);
        emit Finalized(claimId);
        if (slot >> FLAGS & LEAF != 0) {
            batches.leafFinal(body.batch);
            return;
        }
        (uint256 bond, uint256 fee) = _locked(slot, body.lot);
        stakes.unlock(body.claimant, bond);
        if (fee == 0) return;
        stakes.pay(body.claimant, fee, duties);
        stakes.lock(duties, fee);
    }

    /// Gives the claim up without a verdict, by anybody: its model is void, or the deployment was retired `retireGrace` ago,
    /// or it is a leaf of a batch that is over, and nobody plays for it. Its games can only be closed.
    function release(Body calldata body) external {
        (bytes32 claimId, uint256 slot) = _open(body);
        bool leaf = slot >> FLAGS & LEAF != 0;
        if (!models.voided(body.modelId) && !graceOver()) {
            if (!leaf || batches.statusOf(body.batch) == OPEN) revert NotReleasable();
            if (uint16(slot >> OPEN_GAMES) != 0) revert GamesOpen();
        }
        slotOf[claimId] = _with(slot, VOID);
        emit Released(claimId);
        if (leaf) return;
        (uint256 bond, uint256 fee) = _locked(slot, body.lot);
        stakes.unlock(body.claimant, bond + fee);
    }

    /// A challenger wins (`game`: one open game less), or a duty is not done; by Disputes, which knows that `batch` and `lot`
    /// are the claim's and that its model is not void. An open claim is invalid from now on, and what was locked for it (the
    /// batch's bond and fee, once, when it is a leaf) is the caller's to settle. The slot is the one before that, the game less.
    function lose(bytes32 claimId, bytes32 batch, uint256 lot, bool game)
        external
        returns (uint256 slot, uint256 bond, uint256 fee)
    {
        _only(disputes);
        slot = slotOf[claimId];
        if (game) slot = _oneLess(slot);
        if (uint8(slot) != OPEN) {
            slotOf[claimId] = slot;
            return (slot, 0, 0);
        }
        slotOf[claimId] = _with(slot, INVALID);
        emit Invalidated(claimId);
        if (slot >> FLAGS & LEAF != 0) (bond, fee) = batches.lose(batch);
        else (bond, fee) = _locked(slot, lot);
    }

    function _with(uint256 slot, uint256 status) private pure returns (uint256) {
        return slot & ~uint256(0xff) | status;
    }

    function _locked(uint256 slot, uint256 lot) private view returns (uint256 bond, uint256 fee) {
        uint256 terms = termsOf[uint8(slot >> TERMS)];
        uint256 value = uint128(lot);
        return (_bond(terms, 1, value), _fee(terms, 1, value));
    }

    function _open(Body calldata body) private view returns (bytes32 claimId, uint256 slot) {
        claimId = _idOf(body);
        slot = _open(claimId);
    }

    function _open(bytes32 claimId) private view returns (uint256 slot) {
        slot = slotOf[claimId];
        if (slot == 0) revert UnknownClaim();
        if (uint8(slot) != OPEN) revert ClaimNotOpen();
    }

    // ---- games and duties ----

    function _only(address who) private view {
        if (msg.sender != who) revert Unauthorized();
    }

    // Disputes and Duties.
    function _onlyGames() private view {
        if (msg.sender != disputes && msg.sender != duties) revert Unauthorized();
    }

    /// One game more of an open claim in its window; by Disputes. `ordinal` is how many there were ever, `openBefore` how
    /// many are open, `depth` that of the trace that they are about.
    function openGame(bytes32 claimId) external returns (uint256 ordinal, uint256 openBefore, uint256 depth) {
        _onlyGames();
        uint256 slot = _open(claimId);
        if (block.timestamp > ClaimSlot.windowEnd(slot)) revert WindowOver();
        openBefore = uint16(slot >> OPEN_GAMES);
        depth = ClaimSlot.depth(slot);
        ordinal = _addGame(claimId, slot, 1 << OPEN_GAMES);
    }

    /// An ordinal for what counts as a game without being one; by Disputes and Duties.
    function addOrdinal(bytes32 claimId) external returns (uint256 ordinal) {
        _onlyGames();
        uint256 slot = slotOf[claimId];
        if (slot == 0) revert UnknownClaim();
        return _addGame(claimId, slot, 0);
    }

    // openGames is at most games, so it cannot overflow where games does not.
    function _addGame(bytes32 claimId, uint256 slot, uint256 more) private returns (uint256 ordinal) {
        ordinal = uint16(slot >> GAMES);
        if (ordinal == GAMES_MAX) revert TooManyGames();
        slotOf[claimId] = slot + (1 << GAMES) + more;
    }

    /// One open game less, whatever became of the claim; by Disputes. The slot after it.
    function endGame(bytes32 claimId) external returns (uint256 slot) {
        _onlyGames();
        slot = _oneLess(slotOf[claimId]);
        slotOf[claimId] = slot;
    }

    function _oneLess(uint256 slot) private pure returns (uint256) {
        if (uint16(slot >> OPEN_GAMES) == 0) revert UnknownClaim();
        unchecked {
            return slot - (1 << OPEN_GAMES);
        }
    }

    /// The first trace root's tag binds the claim; every later one must be the same. By Disputes and Duties.
    function bindTrace(bytes32 claimId, uint160 tag) external {
        _onlyGames();
        uint256 slot = slotOf[claimId];
        if (slot == 0) revert UnknownClaim();
        uint256 bound = slot >> ROOT_TAG;
        if (bound == 0) slotOf[claimId] = slot | uint256(tag) << ROOT_TAG;
        else if (bound != tag) revert WrongTraceRoot();
    }

    /// Sets and clears flags of an open claim; with `extend`, its window lasts at least as long again as its terms say,
    /// from now on. By Duties.
    function mark(bytes32 claimId, uint8 set, uint8 clear, bool extend) external {
        _only(duties);
        if ((set | clear) & ~uint8(DEMANDED | DRAWN | AUDITED) != 0) revert InvalidParameter();
        uint256 slot = _open(claimId) & ~(uint256(clear) << FLAGS) | uint256(set) << FLAGS;
        uint256 windowEnd = block.timestamp + windowOf(termsOf[uint8(slot >> TERMS)]);
        if (extend && windowEnd > ClaimSlot.windowEnd(slot)) {
            slot = ClaimSlot.withWindowEnd(slot, windowEnd);
            emit Extended(claimId, uint64(windowEnd));
        }
        slotOf[claimId] = slot;
    }

    // ---- views ----

    /// The id of what the body says, whether it was ever claimed or not.
    function idOf(Body calldata body) external view returns (bytes32) {
        return _idOf(body);
    }

    // keccak256(abi.encode(CLAIM_DOMAIN, block.chainid, address(this), body)), without a second copy of the body's encoding.
    function _idOf(Body memory body) private view returns (bytes32 r) {
        bytes32 domain = CLAIM_DOMAIN;
        assembly ("memory-safe") {
            let m := mload(0x40) // free memory, not kept
            mstore(m, domain)
            mstore(add(m, 32), chainid())
            mstore(add(m, 64), address())
            mcopy(add(m, 96), body, 192)
            r := keccak256(m, 288)
        }
    }

    /// For who relies on a claim. `valueAtStake`: what its claimant loses if it is wrong (of a leaf: the whole batch's bond).
    /// `attesters`: validators that staked on having its trace. `earliestFinality`: when it can be final at the earliest, by
    /// what is known now; when it became so, if it is; 0 when it never will. An unknown claim has status 0 (an unopened leaf
    /// too: ask `Batches.leafStatus`).
    function statusOf(Body calldata body)
        external
        view
        returns (uint8 status, bool isFinal, uint256 valueAtStake, uint256 attesters, uint256 earliestFinality)
    {
        bytes32 claimId = _idOf(body);
        uint256 slot = slotOf[claimId];
        if (slot == 0) return (0, false, 0, 0, 0);
        status = uint8(slot);
        isFinal = status == FINAL;
        attesters = IDuties(duties).attesters(claimId);
        uint256 windowEnd = ClaimSlot.windowEnd(slot);
        if (isFinal) return (status, true, 0, attesters, windowEnd);
        if (status != OPEN || models.voided(body.modelId)) return (status, false, 0, attesters, 0);
        uint256 next = windowEnd < block.timestamp ? block.timestamp : windowEnd + 1;
        if (slot >> FLAGS & LEAF == 0) {
            (valueAtStake,) = _locked(slot, body.lot);
            return (status, false, valueAtStake, attesters, next);
        }
        if (batches.statusOf(body.batch) != OPEN) return (status, false, 0, attesters, 0);
        (valueAtStake,) = batches.lockedOf(body.batch);
        return (status, false, valueAtStake, attesters, next);
    }

    /// What a claim of that value costs now: what it locks besides, and what it pays when it is final.
    function quote(uint256 value) external view returns (uint256 bond, uint256 fee) {
        if (value >> 128 != 0) revert InvalidParameter();
        return (_bond(current, 1, value), _fee(current, 1, value));
    }
}
