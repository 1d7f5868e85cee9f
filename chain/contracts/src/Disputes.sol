// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Body, Description, State, Terms} from "./Types.sol";
import {Agreement} from "./game/Agreement.sol";
import {Packed} from "./game/Packed.sol";
import {Payouts} from "./game/Payouts.sol";
import {Schedule} from "./game/Schedule.sol";
import {IJudge} from "./interfaces/IJudge.sol";
import {Describe} from "./judge/Describe.sol";
import {Merkle} from "./judge/Merkle.sol";

/// The dispute game: claimant and challenger narrow their difference to one scalar step, and the judge computes that.
///
/// Of a game only the hash of its state is stored. Whoever moves brings the state that the move answers, without the words
/// that the call computes from what the move shows: anything that does not belong to the game makes another hash than the
/// stored one, and is refused as a stale state. So a move can be sent twice, or land after a reorg, and do no harm. Every
/// move emits the new state and what it reveals; none calls another contract unless it must. docs/protocol.md, section 5,
/// is the page that both this file and challenge/game follow; errors come in the order that stands there.
contract Disputes is Payouts {
    event Opened(bytes32 indexed claimId, address indexed challenger, uint256 a, uint256 b);
    event Revealed(bytes32 indexed claimId, uint256 a, uint256 b, bytes32 n, bytes data);
    event Selected(bytes32 indexed claimId, uint256 a, uint256 b, bytes32 n);
    event Narrowed(bytes32 indexed claimId, uint256 a, uint256 b, bytes32 n, uint256 c);
    event StatesRevealed(bytes32 indexed claimId, uint256 a, uint256 b, bytes32 n, uint256 c, bytes values);
    event Agreed(bytes32 indexed claimId, uint256 a, uint256 b, bytes32 n, uint256 c, bytes32 v, bytes32 traceRoot);

    /// Agreed moves leave room for those that follow on chain.
    uint256 private constant AGREED_MOVES_END = 192;
    /// What agreed states have in common, of their word a: claimant, ordinal, units; depth.
    uint256 private constant SAME = ~uint256((1 << 64) - 1) | 0xff << 40;
    /// The flag of a model's shape that its program compares claimed outputs with its own.
    uint256 private constant TOLERANT = 8;
    /// Of a chunk that begins with the i32 1: what a trace of a tolerant model ends in when the claim holds (5.6).
    bytes32 private constant HOLDS = 0xf6c5de7251ea74a6682e0b10450098b478fd643e5b1e7245d1e3e785066f39e7;

    IJudge public immutable judge;
    uint256 public immutable claimantBudget;
    uint256 public immutable challengerBudget;
    uint256 public immutable minimumTime;

    /// Of every open game, under keccak(claimId, ordinal): the hash of its state.
    mapping(bytes32 => bytes32) public games;

    constructor(address stakes_, address models_, address claims_, address judge_, Parameters memory p)
        Payouts(stakes_, models_, claims_, p)
    {
        if (p.claimantBudget == 0 || p.challengerBudget == 0 || p.minimumTime == 0) revert InvalidParameter();
        // Times left, those of an agreed state too, fit 24 bits.
        if (uint256(p.claimantBudget) + p.challengerBudget >= 1 << 24 || p.minimumTime >= 1 << 24) {
            revert InvalidParameter();
        }
        judge = IJudge(judge_);
        claimantBudget = p.claimantBudget;
        challengerBudget = p.challengerBudget;
        minimumTime = p.minimumTime;
    }

    // ---- moves ----

    function challenge(Body calldata body) external {
        if (msg.sender == body.claimant) revert SelfChallenge();
        bytes32 claimId = _idOf(body);
        (uint256 ordinal, uint256 openBefore, uint256 depth) = claims.openGame(claimId);
        unchecked {
            uint256 units = openBefore + 1; // Claims keeps both counts in 16 bits
            stakes.lock(msg.sender, challengerBond * units);
            uint256 a = uint256(uint160(body.claimant)) << 96 | ordinal << 80 | units << 64 | Packed.COMMIT << 56
                | depth << 40;
            uint256 time = claimantBudget < minimumTime ? minimumTime : claimantBudget;
            uint256 b = Packed.clocks(
                uint256(uint160(msg.sender)), block.timestamp + time, claimantBudget, challengerBudget
            );
            games[Packed.key(claimId, ordinal)] = Packed.hash(claimId, a, b, 0, 0, 0);
            emit Opened(claimId, msg.sender, a, b);
        }
    }

    function commitTrace(bytes32 claimId, uint256 a, uint256 b, bytes calldata nodes) external {
        a = Packed.mine(a);
        _due(a, b, Packed.COMMIT);
        (bytes32 root, uint256 phase) = _rootOf(a, nodes);
        bytes32 key = _stored(claimId, a, b, 0, 0, 0);
        claims.bindTrace(claimId, uint160(uint256(root)));
        a = Packed.next(a, phase);
        b = Packed.claimantMoved(b, minimumTime);
        games[key] = Packed.hash(claimId, a, b, root, 0, 0);
        emit Revealed(claimId, a, b, root, nodes);
    }

    function reveal(bytes32 claimId, uint256 a, uint256 b, bytes calldata data) external {
        a = Packed.mine(a);
        _due(a, b, Packed.REVEAL);
        (bytes32 node, uint256 phase) = _rootOf(a, data);
        bytes32 key = _stored(claimId, a, b, node, 0, 0);
        a = Packed.next(a, phase);
        b = Packed.claimantMoved(b, minimumTime);
        games[key] = Packed.hash(claimId, a, b, node, 0, 0);
        emit Revealed(claimId, a, b, node, data);
    }

    function select(
        bytes32 claimId,
        uint256 a,
        uint256 b,
        uint256 child,
        bytes32 hash,
        bytes32[] calldata siblings
    ) external {
        b = Packed.mine(b);
        _due(a, b, Packed.SELECT);
        uint256 levels = Schedule.levels(Packed.depth(a), Packed.round(a));
        if (siblings.length != levels) revert WrongLength();
        if (child >> levels != 0) revert OutOfRange();
        bytes32 key = _stored(claimId, a, b, Merkle.climb(hash, child, siblings), 0, 0);
        a = Packed.next(_descend(a, levels, child), Packed.REVEAL);
        unchecked {
            a += 1 << 32; // round
        }
        b = Packed.challengerMoved(b, minimumTime);
        games[key] = Packed.hash(claimId, a, b, hash, 0, 0);
        emit Selected(claimId, a, b, hash);
    }

    /// Instead of a selection, by a challenger whose own trace hashes to the same root, and does not end in the output claimed.
    function challengeOutput(bytes32 claimId, uint256 a, uint256 b, bytes32 n) external {
        b = Packed.mine(b);
        if (Packed.phase(a) != Packed.SELECT && Packed.phase(a) != Packed.ELEMENT) revert WrongPhase();
        if (Packed.round(a) != 0) revert WrongPhase();
        if (block.timestamp > Packed.deadline(b)) revert TooLate();
        bytes32 key = _stored(claimId, a, b, n, 0, 0);
        a = Packed.next(a, Packed.OUTPUT);
        b = Packed.challengerMoved(b, minimumTime);
        games[key] = Packed.hash(claimId, a, b, n, 0, 0);
        emit Selected(claimId, a, b, n);
    }

    function selectElement(
        Terms calldata t,
        uint256 a,
        uint256 b,
        uint256 pick,
        bytes calldata chunk,
        bytes32[] calldata siblings,
        bytes calldata descriptor,
        bytes32[] calldata path
    ) external {
        b = Packed.mine(b);
        bytes32 claimId = _idOf(t, Packed.account(a));
        bytes32 key = _takeChunk(claimId, a, b, pick, chunk, siblings);
        bytes32 leaf = _takeDescriptor(t.modelId, pick, descriptor, path);
        uint256 c;
        (a, c) = _element(a, pick, chunk, descriptor);
        b = Packed.challengerMoved(b, minimumTime);
        games[key] = Packed.hash(claimId, a, b, leaf, c, 0);
        emit Narrowed(claimId, a, b, leaf, c);
    }

    function revealStates(bytes32 claimId, uint256 a, uint256 b, bytes32 n, uint256 c, bytes calldata values)
        external
    {
        a = Packed.mine(a);
        _due(a, b, Packed.STATES);
        bytes32 key = _stored(claimId, a, b, n, c, 0);
        _widthOf(c, values);
        a = Packed.next(a, Packed.SEGMENT);
        b = Packed.claimantMoved(b, minimumTime);
        games[key] = Packed.hash(claimId, a, b, n, c, keccak256(values));
        emit StatesRevealed(claimId, a, b, n, c, values);
    }

    function selectSegment(
        bytes32 claimId,
        uint256 a,
        uint256 b,
        bytes32 n,
        uint256 c,
        uint256 segment,
        bytes calldata values
    ) external {
        b = Packed.mine(b);
        bytes32 key;
        (key, a, c) = _segment(claimId, a, b, n, c, segment, values);
        b = Packed.challengerMoved(b, minimumTime);
        games[key] = Packed.hash(claimId, a, b, n, c, 0);
        emit Narrowed(claimId, a, b, n, c);
    }

    // ---- moves that end a game ----

    /// The claimed output lies where it belongs under the trace root: by the claimant, who wins with that.
    function proveOutput(Terms calldata t, uint256 a, uint256 b, bytes32[] calldata path) external {
        a = Packed.mine(a);
        _due(a, b, Packed.OUTPUT);
        bytes32 claimId = _idOf(t, msg.sender);
        uint256 shape = models.shapeOf(t.modelId);
        uint256 outputDepth = shape >> 8 & 0xff;
        if (path.length + outputDepth != Packed.depth(a)) revert WrongLength();
        bytes32 root = Merkle.climb(
            shape & TOLERANT == 0 ? t.outputRoot : HOLDS, (shape >> 24 & 0xffffffff) >> outputDepth, path
        );
        _claimantWins(_end(_stored(claimId, a, b, root, 0, 0), claimId, a, b, BY_OUTPUT), shape, false);
    }

    function proveStep(
        Terms calldata t,
        uint256 a,
        uint256 b,
        uint256 c,
        bytes32 traceRoot,
        bytes calldata descriptor,
        bytes calldata openings
    ) external {
        _due(a, b, Packed.STEP);
        _side(a, b);
        bytes32 claimId = _idOf(t, Packed.account(a));
        bytes32 key = _stored(claimId, a, b, Merkle.descriptor(descriptor), c, 0);
        _prove(t, _end(key, claimId, a, b, BY_STEP), c, traceRoot, descriptor, openings);
    }

    function selectElementAndProve(
        Terms calldata t,
        uint256 a,
        uint256 b,
        uint256 pick,
        bytes calldata chunk,
        bytes32[] calldata siblings,
        bytes calldata descriptor,
        bytes32[] calldata path,
        bytes32 traceRoot,
        bytes calldata openings
    ) external {
        b = Packed.mine(b);
        bytes32 claimId = _idOf(t, Packed.account(a));
        bytes32 key = _takeChunk(claimId, a, b, pick, chunk, siblings);
        _takeDescriptor(t.modelId, pick, descriptor, path);
        uint256 c;
        (a, c) = _element(a, pick, chunk, descriptor);
        if (Packed.phase(a) != Packed.STEP) revert WrongPhase();
        _prove(t, _end(key, claimId, a, b, BY_STEP), c, traceRoot, descriptor, openings);
    }

    function selectSegmentAndProve(
        Terms calldata t,
        uint256 a,
        uint256 b,
        uint256 c,
        uint256 segment,
        bytes calldata values,
        bytes32 traceRoot,
        bytes calldata descriptor,
        bytes calldata openings
    ) external {
        b = Packed.mine(b);
        bytes32 claimId = _idOf(t, Packed.account(a));
        bytes32 key;
        (key, a, c) = _segment(claimId, a, b, Merkle.descriptor(descriptor), c, segment, values);
        if (Packed.phase(a) != Packed.STEP) revert WrongPhase();
        _prove(t, _end(key, claimId, a, b, BY_STEP), c, traceRoot, descriptor, openings);
    }

    function timeout(Terms calldata t, uint256 a, uint256 b, bytes32 n, uint256 c, bytes32 v) external {
        if (block.timestamp <= Packed.deadline(b)) revert NotOver();
        bytes32 claimId = _idOf(t, Packed.account(a));
        Ended memory e = _end(_stored(claimId, a, b, n, c, v), claimId, a, b, BY_TIMEOUT);
        // Odd phases are the claimant's.
        uint256 shape = models.shapeOf(t.modelId);
        if (Packed.phase(a) & 1 != 0) _challengerWins(e, t, shape, false);
        else _claimantWins(e, shape, false);
    }

    function concede(Terms calldata t, uint256 a, uint256 b, bytes32 n, uint256 c, bytes32 v) external {
        if (block.timestamp > Packed.deadline(b)) revert TooLate();
        _side(a, b);
        bytes32 claimId = _idOf(t, Packed.account(a));
        Ended memory e = _end(_stored(claimId, a, b, n, c, v), claimId, a, b, BY_CONCESSION);
        uint256 shape = models.shapeOf(t.modelId);
        if (msg.sender == Packed.account(a)) _challengerWins(e, t, shape, true);
        else _claimantWins(e, shape, true);
    }

    function close(Terms calldata t, uint256 a, uint256 b, bytes32 n, uint256 c, bytes32 v) external {
        bytes32 claimId = _idOf(t, Packed.account(a));
        Ended memory e = _end(_stored(claimId, a, b, n, c, v), claimId, a, b, BY_CLOSING);
        e.slot = claims.endGame(claimId);
        if (!_overtaken(e)) revert NotSettled();
        _close(e);
    }

    // ---- play off chain ----

    function agree(
        State calldata from,
        State calldata to,
        bytes32 traceRoot,
        bytes calldata claimantSignature,
        bytes calldata challengerSignature
    ) external {
        bytes32 key = _agreed(from, to, traceRoot, claimantSignature, challengerSignature);
        games[key] = Packed.hash(to.claimId, to.a, to.b, to.n, to.c, to.v);
        emit Agreed(to.claimId, to.a, to.b, to.n, to.c, to.v, traceRoot);
    }

    function agreeAndProve(
        Terms calldata t,
        State calldata from,
        State calldata to,
        bytes32 traceRoot,
        bytes calldata claimantSignature,
        bytes calldata challengerSignature,
        bytes calldata descriptor,
        bytes calldata openings
    ) external {
        bytes32 key = _agreed(from, to, traceRoot, claimantSignature, challengerSignature);
        _due(to.a, to.b, Packed.STEP);
        _side(to.a, to.b);
        if (_idOf(t, Packed.account(to.a)) != to.claimId || Merkle.descriptor(descriptor) != to.n || to.v != 0) {
            revert StaleState();
        }
        _prove(t, _end(key, to.claimId, to.a, to.b, BY_STEP), to.c, traceRoot, descriptor, openings);
    }

    // ---- what moves share ----

    function _due(uint256 a, uint256 b, uint256 phase) private view {
        if (Packed.phase(a) != phase) revert WrongPhase();
        if (block.timestamp > Packed.deadline(b)) revert TooLate();
    }

    function _side(uint256 a, uint256 b) private view {
        if (msg.sender != Packed.account(a) && msg.sender != Packed.account(b)) revert NotYourMove();
    }

    /// The state is the stored one of an open game; where it is stored.
    function _stored(bytes32 claimId, uint256 a, uint256 b, bytes32 n, uint256 c, bytes32 v)
        private
        view
        returns (bytes32 key)
    {
        key = Packed.key(claimId, Packed.ordinal(a));
        if (games[key] != Packed.hash(claimId, a, b, n, c, v)) revert StaleState();
    }

    function _descend(uint256 a, uint256 levels, uint256 child) private pure returns (uint256) {
        uint256 position = (Packed.position(a) << levels | child) & 0xffffffff;
        return a >> 32 << 32 | position;
    }

    /// The node that the nodes, or at the end the chunks, that a state's round shows hash to; the phase that follows.
    function _rootOf(uint256 a, bytes calldata data) private pure returns (bytes32 root, uint256 phase) {
        uint256 depth = Packed.depth(a);
        uint256 levels = Schedule.levels(depth, Packed.round(a));
        uint256 pos;
        assembly ("memory-safe") {
            pos := data.offset
        }
        if (levels != 0) {
            if (data.length != 32 << levels) revert WrongLength();
            return (Merkle.rootOfNodes(pos, levels), Packed.SELECT);
        }
        levels = Schedule.raw(depth);
        if (data.length != Merkle.CHUNK_BYTES << levels) revert WrongLength();
        return (Merkle.rootOfChunks(pos, levels), Packed.ELEMENT);
    }

    /// The chunk belongs to the node of the stored state.
    function _takeChunk(
        bytes32 claimId,
        uint256 a,
        uint256 b,
        uint256 pick,
        bytes calldata chunk,
        bytes32[] calldata siblings
    ) private view returns (bytes32 key) {
        _due(a, b, Packed.ELEMENT);
        uint256 levels = Schedule.raw(Packed.depth(a));
        if (chunk.length != Merkle.CHUNK_BYTES || siblings.length != levels) revert WrongLength();
        uint256 child = pick & 0xffffffff;
        if (child >> levels != 0) revert OutOfRange();
        uint256 pos;
        assembly ("memory-safe") {
            pos := chunk.offset
        }
        return _stored(claimId, a, b, Merkle.climb(Merkle.leaf(pos), child, siblings), 0, 0);
    }

    function _takeDescriptor(bytes32 modelId, uint256 pick, bytes calldata descriptor, bytes32[] calldata path)
        private
        view
        returns (bytes32 leaf)
    {
        (bytes32 programRoot, uint256 instructions) = models.programOf(modelId);
        uint256 instruction = pick >> 64;
        if (instruction >= instructions) revert OutOfRange();
        if (path.length != Merkle.depth(instructions)) revert WrongLength();
        leaf = Merkle.descriptor(descriptor);
        if (Merkle.climb(leaf, instruction, path) != programRoot) revert WrongDescriptor();
    }

    /// Which element of which tensor is picked; the words a and c after it.
    function _element(uint256 a, uint256 pick, bytes calldata chunk, bytes calldata descriptor)
        private
        pure
        returns (uint256, uint256)
    {
        Description memory d = Describe.describe(descriptor);
        a = _descend(a, Schedule.raw(Packed.depth(a)), pick & 0xffffffff);
        uint256 position = Packed.position(a);
        uint256 slot = pick >> 32 & 0xffffffff;
        unchecked {
            if (position < d.firstChunk || position - d.firstChunk >= d.span) revert OutOfRange();
            uint256 perChunk = Merkle.CHUNK_BYTES / d.elementBytes;
            if (slot >= perChunk) revert OutOfRange();
            uint256 element = (position - d.firstChunk) * perChunk + slot;
            bool fold = d.fold && element < d.elements;
            uint256 bits = _bits(chunk, slot * d.elementBytes, d.elementBytes);
            return (
                Packed.next(a, fold ? Packed.STATES : Packed.STEP),
                Packed.fold(element, 0, fold ? d.terms + 1 : 0, 0, bits)
            );
        }
    }

    /// Little-endian.
    function _bits(bytes calldata chunk, uint256 from, uint256 width) private pure returns (uint256 bits) {
        assembly ("memory-safe") {
            let w := calldataload(add(chunk.offset, from))
            for { let i := 0 } lt(i, width) { i := add(i, 1) } { bits := or(bits, shl(shl(3, i), byte(i, w))) }
        }
    }

    /// Bytes of each of the values that are shown between the state's low and high.
    function _widthOf(uint256 c, bytes calldata values) private pure returns (uint256) {
        unchecked {
            (, uint256 count) = Schedule.segments(Packed.high(c) - Packed.low(c));
            if (values.length == count << 2) return 4;
            if (values.length == count << 3) return 8;
            revert WrongLength();
        }
    }

    /// The values are those of the stored state; the words a and c of the segment picked.
    function _segment(
        bytes32 claimId,
        uint256 a,
        uint256 b,
        bytes32 n,
        uint256 c,
        uint256 segment,
        bytes calldata values
    ) private view returns (bytes32 key, uint256, uint256) {
        _due(a, b, Packed.SEGMENT);
        key = _stored(claimId, a, b, n, c, keccak256(values));
        unchecked {
            uint256 low = Packed.low(c);
            uint256 high = Packed.high(c);
            uint256 lowValue = Packed.lowValue(c);
            uint256 highValue = Packed.highValue(c);
            (uint256 stride, uint256 count) = Schedule.segments(high - low);
            if (segment > count) revert OutOfRange();
            uint256 width = _widthOf(c, values);
            if (segment != count) {
                high = low - 1 + stride * (segment + 1);
                highValue = _value(values, segment * width, width);
            }
            if (segment != 0) {
                low += stride * segment;
                lowValue = _value(values, (segment - 1) * width, width);
            }
            c = Packed.fold(Packed.element(c), low, high, lowValue, highValue);
            return (key, Packed.next(a, low == high ? Packed.STEP : Packed.STATES), c);
        }
    }

    /// Big-endian.
    function _value(bytes calldata values, uint256 from, uint256 width) private pure returns (uint256 value) {
        assembly ("memory-safe") {
            value := shr(sub(256, shl(3, width)), calldataload(add(values.offset, from)))
        }
    }

    /// Takes the game off the books; those of the claim follow when it is known who wins.
    function _end(bytes32 key, bytes32 claimId, uint256 a, uint256 b, uint256 reason) private returns (Ended memory) {
        games[key] = 0;
        return Ended(claimId, a, b, 0, reason, 0);
    }

    function _prove(
        Terms calldata t,
        Ended memory e,
        uint256 c,
        bytes32 traceRoot,
        bytes calldata descriptor,
        bytes calldata openings
    ) private {
        (bytes32 weightsRoot, uint256 shape) = models.weightsOf(t.modelId);
        e.computed = _judged(t, shape, weightsRoot, c, traceRoot, descriptor, openings);
        if (e.computed == Packed.highValue(c)) _claimantWins(e, shape, false);
        else _challengerWins(e, t, shape, false);
        // The claim's slot is there only now: an end reads and writes it once.
        if (e.slot >> 96 != uint160(uint256(traceRoot))) revert WrongTraceRoot();
    }

    /// What the judge computes: `IJudge.judge`, called by hand, since descriptor and openings go from calldata to calldata.
    function _judged(
        Terms calldata t,
        uint256 shape,
        bytes32 weightsRoot,
        uint256 c,
        bytes32 traceRoot,
        bytes calldata descriptor,
        bytes calldata openings
    ) private view returns (uint256 computed) {
        uint256 start;
        assembly ("memory-safe") {
            start := mload(0x40) // free memory, not kept
        }
        unchecked {
            // Thirteen words: where the descriptor lies, element, t, prev, four roots, four depths, where the openings lie.
            uint256 head = start + 4;
            uint256 descriptorAt = head + 13 * 32;
            uint256 openingsAt = descriptorAt + 32 + (descriptor.length + 31 & ~uint256(31));
            _put(start, uint256(bytes32(IJudge.judge.selector)));
            _put(head, descriptorAt - head);
            _put(head + 32, Packed.element(c));
            _put(head + 64, Packed.high(c));
            _put(head + 96, Packed.lowValue(c));
            _put(head + 128, uint256(traceRoot));
            _put(head + 160, uint256(weightsRoot));
            _put(head + 192, uint256(t.inputRoot));
            _put(head + 224, shape & TOLERANT == 0 ? 0 : uint256(t.outputRoot)); // an exact model reads no claimed outputs
            _put(head + 256, shape >> 16 & 0xff);
            _put(head + 288, Merkle.depth(shape >> 88 & 0xffffffff));
            _put(head + 320, Merkle.depth(shape >> 56 & 0xffffffff));
            _put(head + 352, Merkle.depth(shape >> 152 & 0xffffffff));
            _put(head + 384, openingsAt - head);
            address judge_ = address(judge);
            assembly ("memory-safe") {
                mstore(descriptorAt, descriptor.length)
                calldatacopy(add(descriptorAt, 32), descriptor.offset, descriptor.length)
                mstore(openingsAt, openings.length)
                calldatacopy(add(openingsAt, 32), openings.offset, openings.length)
                let end := add(add(openingsAt, 32), openings.length)
                if iszero(staticcall(gas(), judge_, start, sub(end, start), 0, 32)) {
                    returndatacopy(start, 0, returndatasize())
                    revert(start, returndatasize())
                }
                computed := mload(0)
            }
        }
    }

    function _put(uint256 pos, uint256 word) private pure {
        assembly ("memory-safe") {
            mstore(pos, word)
        }
    }

    function _agreed(
        State calldata from,
        State calldata to,
        bytes32 traceRoot,
        bytes calldata claimantSignature,
        bytes calldata challengerSignature
    ) private returns (bytes32 key) {
        key = _stored(from.claimId, from.a, from.b, from.n, from.c, from.v);
        if (!_succeeds(from, to)) revert NotAgreed();
        bytes32 digest = Agreement.digest(to, traceRoot);
        if (!Agreement.signed(digest, claimantSignature, Packed.account(to.a))) revert WrongSignature();
        if (!Agreement.signed(digest, challengerSignature, Packed.account(to.b))) revert WrongSignature();
        // A lost claim's games end by the clocks they have: nobody waits for a prize because two others agree to.
        if (claims.slotOf(from.claimId) & 0xff != CLAIM_OPEN) revert ClaimSettled();
        claims.bindTrace(from.claimId, uint160(uint256(traceRoot)));
    }

    /// The same game, later, in a state whose fields further moves cannot overflow.
    function _succeeds(State calldata from, State calldata to) private view returns (bool) {
        uint256 a = to.a;
        uint256 b = to.b;
        if (from.claimId != to.claimId || (from.a ^ a) & SAME != 0 || (from.b ^ b) >> 96 != 0) return false;
        uint256 move = Packed.move(a);
        if (move <= Packed.move(from.a) || move < AGREED_MOVES || move >= AGREED_MOVES_END) return false;
        uint256 phase = Packed.phase(a);
        if (phase <= Packed.COMMIT || phase > Packed.STEP && phase != Packed.OUTPUT || b & 0xff != 0) return false;
        uint256 budgets = claimantBudget + challengerBudget;
        return Packed.deadline(b) <= block.timestamp + budgets && Packed.claimantLeft(b) <= budgets
            && Packed.challengerLeft(b) <= budgets;
    }
}
