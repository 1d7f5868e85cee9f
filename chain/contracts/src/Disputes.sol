// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Claims} from "./Claims.sol";
import {Models} from "./Models.sol";
import {Stakes} from "./Stakes.sol";
import {Description, Layout, Roots, State} from "./Types.sol";
import {Judge} from "./judge/Judge.sol";
import {Merkle} from "./judge/Merkle.sol";

/// The dispute game: claimant and challenger narrow their difference to one scalar step, and the judge computes that.
///
/// Of a game only the hash of its state is stored. Whoever moves brings the state that the move answers; a state that is
/// not the stored one is refused, so a move can be sent twice, or land after a reorg, and do no harm. Every move emits the
/// new state and what it reveals. docs/protocol.md is the page that both this file and challenge/game follow.
contract Disputes {
    event Opened(bytes32 indexed gameId, bytes32 indexed claimId, address indexed challenger, uint32 index);
    event GameState(bytes32 indexed gameId, bytes32 indexed claimId, bytes32 stateHash, State state);
    event Revealed(bytes32 indexed gameId, bytes data);
    event Judged(bytes32 indexed gameId, address prover, uint64 computed);
    event GameOver(bytes32 indexed gameId, bytes32 indexed claimId, uint8 outcome, uint8 reason);
    event Settled(bytes32 indexed claimId, address indexed winner, uint256 amount);

    error InvalidParameter();
    error SelfChallenge();
    error GameExists();
    error TooManyGames();
    error NoGame();
    error StaleState();
    error WrongPhase();
    error NotYourMove();
    error TooLate();
    error NotOver();
    error ClaimSettled();
    error NotSettled();
    error WrongLength();
    error WrongPath();
    error WrongTraceRoot();
    error OutOfRange();
    error WrongDescriptor();
    error WrongValues();

    bytes32 private constant GAME_DOMAIN = keccak256("gainsay.game");
    bytes32 private constant STATE_DOMAIN = keccak256("gainsay.state");

    // Phases.
    uint8 private constant COMMIT = 1;
    uint8 private constant SELECT = 2;
    uint8 private constant REVEAL = 3;
    uint8 private constant ELEMENT = 4;
    uint8 private constant STATES = 5;
    uint8 private constant SEGMENT = 6;
    uint8 private constant STEP = 7;

    // Of a game: open, then how it ended.
    uint8 private constant OPEN = 1;
    uint8 private constant CLAIMANT_WON = 2;
    uint8 private constant CHALLENGER_WON = 3;
    uint8 private constant CLOSED = 4;

    uint8 private constant BY_STEP = 1;
    uint8 private constant BY_TIMEOUT = 2;
    uint8 private constant BY_CONCESSION = 3;
    uint8 private constant BY_SETTLEMENT = 4;

    uint256 private constant GAMES_MAX = 1 << 16; // of one claim
    uint256 private constant ROUND_LEVELS = 5;
    uint256 private constant RAW_LEVELS = 2;
    uint256 private constant SEGMENTS = 65;

    struct Game {
        bytes32 stateHash;
        uint32 index; // among the claim's games, in order of opening
        uint8 status;
    }

    /// What the games of one claim share. Indexes and counts are at most GAMES_MAX.
    struct Book {
        uint24 games;
        uint24 winner; // 1 + index of the earliest opened game that the challenger won
        uint24 earlier; // games before the winner's that are still open
        uint16 lossBps; // what the winner's game costs the claimant
        address prizeTo;
    }

    Stakes public immutable stakes;
    Models public immutable models;
    Claims public immutable claims;
    Judge public immutable judge;
    uint32 public immutable claimantBudget;
    uint32 public immutable challengerBudget;
    uint32 public immutable minimumTime;
    uint128 public immutable challengerBond;
    uint16 public immutable concedeBps;

    mapping(bytes32 => Game) public games;
    mapping(bytes32 => Book) public books;
    /// Bit i of word i / 256: game i of the claim is open.
    mapping(bytes32 => mapping(uint256 => uint256)) private _open;
    /// The one trace that a claim's claimant is bound to.
    mapping(bytes32 => bytes32) public traceRoots;

    struct Parameters {
        uint32 claimantBudget;
        uint32 challengerBudget;
        uint32 minimumTime;
        uint128 challengerBond;
        uint16 concedeBps;
    }

    constructor(address stakes_, address models_, address claims_, address judge_, Parameters memory p) {
        if (p.claimantBudget == 0 || p.claimantBudget > 1 << 24) revert InvalidParameter();
        if (p.challengerBudget == 0 || p.challengerBudget > 1 << 24) revert InvalidParameter();
        if (p.minimumTime == 0 || p.minimumTime > 1 << 24) revert InvalidParameter();
        if (p.concedeBps == 0 || p.concedeBps > 10000) revert InvalidParameter();
        stakes = Stakes(stakes_);
        models = Models(models_);
        claims = Claims(claims_);
        judge = Judge(judge_);
        claimantBudget = p.claimantBudget;
        challengerBudget = p.challengerBudget;
        minimumTime = p.minimumTime;
        challengerBond = p.challengerBond;
        concedeBps = p.concedeBps;
    }

    // ---- moves ----

    function challenge(bytes32 claimId) external returns (bytes32 gameId) {
        (address claimant, bytes32 modelId) = claims.openGame(claimId);
        if (claimant == msg.sender) revert SelfChallenge();
        gameId = gameIdOf(claimId, msg.sender);
        if (games[gameId].status != 0) revert GameExists();
        Book storage book = books[claimId];
        uint256 index = book.games;
        if (index == GAMES_MAX) revert TooManyGames();
        book.games = uint24(index + 1);
        _open[claimId][index >> 8] |= 1 << (index & 255);
        stakes.lock(msg.sender, challengerBond);

        State memory state;
        state.claimId = claimId;
        state.modelId = modelId;
        state.claimant = claimant;
        state.challenger = msg.sender;
        state.phase = COMMIT;
        state.claimantLeft = claimantBudget;
        state.challengerLeft = challengerBudget;
        state.deadline = uint64(block.timestamp) + _atLeastMinimum(claimantBudget);
        state.traceDepth = models.layoutOf(modelId).traceDepth;
        games[gameId].index = uint32(index);
        games[gameId].status = OPEN;
        emit Opened(gameId, claimId, msg.sender, uint32(index));
        _store(gameId, state);
    }

    function commitTrace(State memory state, bytes32 traceRoot, bytes32[] calldata path, bytes calldata nodes)
        external
    {
        bytes32 gameId = _begin(state, COMMIT);
        Layout memory known = models.layoutOf(state.modelId);
        (,,, bytes32 outputRoot) = claims.roots(state.claimId);
        if (path.length != known.traceDepth - known.outputDepth) revert WrongLength();
        if (_climb(outputRoot, known.outputChunk >> known.outputDepth, path) != traceRoot) revert WrongPath();
        bytes32 bound = traceRoots[state.claimId];
        if (bound == 0) traceRoots[state.claimId] = traceRoot;
        else if (bound != traceRoot) revert WrongTraceRoot();
        state.traceRoot = traceRoot;
        state.node = traceRoot;
        state.level = state.traceDepth;
        _reveal(gameId, state, nodes);
    }

    function reveal(State memory state, bytes calldata nodes) external {
        bytes32 gameId = _begin(state, REVEAL);
        _reveal(gameId, state, nodes);
    }

    function select(State memory state, uint256 child, bytes32 hash, bytes32[] calldata siblings) external {
        bytes32 gameId = _begin(state, SELECT);
        uint256 levels = _levels(state);
        if (siblings.length != levels) revert WrongLength();
        if (child >> levels != 0) revert OutOfRange();
        if (_climb(hash, child, siblings) != state.node) revert WrongPath();
        state.node = hash;
        state.level -= uint8(levels);
        state.position = uint32(uint256(state.position) << levels | child);
        state.round += 1;
        _advance(gameId, state, REVEAL);
    }

    function selectElement(
        State memory state,
        uint256 child,
        uint256 slot,
        bytes calldata chunk,
        bytes32[] calldata siblings,
        uint256 instruction,
        bytes calldata descriptor,
        bytes32[] calldata path
    ) external {
        bytes32 gameId = _begin(state, ELEMENT);
        _takeChunk(state, child, chunk, siblings);
        state.descriptor = _checkDescriptor(state.modelId, instruction, descriptor, path);
        Description memory d = judge.describe(descriptor);
        uint256 position = state.position;
        if (position < d.firstChunk || position >= d.firstChunk + d.span) revert OutOfRange();
        uint256 perChunk = Merkle.CHUNK_BYTES / d.elementBytes;
        if (slot >= perChunk) revert OutOfRange();
        uint256 element = (position - d.firstChunk) * perChunk + slot;
        state.element = uint64(element); // below 2^26 * 2^7
        state.highValue = uint64(_bits(chunk, slot * d.elementBytes, d.elementBytes));
        if (d.fold && element < d.elements) {
            state.high = uint32(d.terms + 1);
            _advance(gameId, state, STATES);
        } else {
            _advance(gameId, state, STEP);
        }
    }

    function revealStates(State memory state, bytes calldata values) external {
        bytes32 gameId = _begin(state, STATES);
        (, uint256 count) = _segments(state);
        if (values.length != count << 3) revert WrongLength();
        state.values = keccak256(values);
        emit Revealed(gameId, values);
        _advance(gameId, state, SEGMENT);
    }

    function selectSegment(State memory state, uint256 segment, bytes calldata values) external {
        bytes32 gameId = _begin(state, SEGMENT);
        if (keccak256(values) != state.values) revert WrongValues();
        (uint256 stride, uint256 count) = _segments(state);
        if (segment > count) revert OutOfRange();
        uint256 low = state.low;
        if (segment < count) {
            state.high = uint32(low + stride * (segment + 1) - 1);
            state.highValue = uint64(bytes8(values[segment << 3:(segment << 3) + 8]));
        }
        if (segment > 0) {
            state.low = uint32(low + stride * segment);
            state.lowValue = uint64(bytes8(values[(segment << 3) - 8:segment << 3]));
        }
        state.values = 0;
        _advance(gameId, state, state.low == state.high ? STEP : STATES);
    }

    function proveStep(State memory state, bytes calldata descriptor, bytes calldata openings) external {
        bytes32 gameId = _check(state);
        if (state.phase != STEP) revert WrongPhase();
        if (msg.sender != state.claimant && msg.sender != state.challenger) revert NotYourMove();
        if (block.timestamp > state.deadline) revert TooLate();
        if (Merkle.descriptor(descriptor) != state.descriptor) revert WrongDescriptor();
        uint256 computed = judge.judge(descriptor, state.element, state.high, state.lowValue, _roots(state), openings);
        emit Judged(gameId, msg.sender, uint64(computed));
        if (computed == state.highValue) _claimantWins(gameId, state, 10000, BY_STEP);
        else _challengerWins(gameId, state, 10000, BY_STEP);
    }

    function timeout(State memory state) external {
        bytes32 gameId = _check(state);
        if (block.timestamp <= state.deadline) revert NotOver();
        if (_claimantsClock(state.phase)) _challengerWins(gameId, state, 10000, BY_TIMEOUT);
        else _claimantWins(gameId, state, 10000, BY_TIMEOUT);
    }

    function concede(State memory state) external {
        bytes32 gameId = _check(state);
        if (block.timestamp > state.deadline) revert TooLate();
        if (msg.sender == state.claimant) {
            // Cheaper only while nobody else has ever played: or a cheat would escape by conceding to a friend.
            uint16 lossBps = books[state.claimId].games == 1 ? concedeBps : 10000;
            _challengerWins(gameId, state, lossBps, BY_CONCESSION);
        } else if (msg.sender == state.challenger) {
            _claimantWins(gameId, state, concedeBps, BY_CONCESSION);
        } else {
            revert NotYourMove();
        }
    }

    /// Ends a game whose claim an earlier-opened game has settled; nobody loses.
    function close(bytes32 claimId, address challenger) external {
        bytes32 gameId = gameIdOf(claimId, challenger);
        Game storage game = games[gameId];
        if (game.status != OPEN) revert NoGame();
        if (!_settledBefore(claimId, game.index)) revert NotSettled();
        _end(gameId, claimId, CLOSED, BY_SETTLEMENT);
        stakes.unlock(challenger, challengerBond);
    }

    // ---- views ----

    function gameIdOf(bytes32 claimId, address challenger) public view returns (bytes32) {
        return keccak256(abi.encode(GAME_DOMAIN, block.chainid, address(this), claimId, challenger));
    }

    function stateHashOf(bytes32 gameId, State memory state) public pure returns (bytes32) {
        return keccak256(abi.encode(STATE_DOMAIN, gameId, state));
    }

    // ---- what every move does first and last ----

    /// The state is the stored one of an open game that no other game has overtaken.
    function _check(State memory state) private view returns (bytes32 gameId) {
        gameId = gameIdOf(state.claimId, state.challenger);
        Game storage game = games[gameId];
        if (game.status != OPEN) revert NoGame();
        if (game.stateHash != stateHashOf(gameId, state)) revert StaleState();
        if (_settledBefore(state.claimId, game.index)) revert ClaimSettled();
    }

    function _begin(State memory state, uint8 phase) private view returns (bytes32 gameId) {
        gameId = _check(state);
        if (state.phase != phase) revert WrongPhase();
        if (msg.sender != (_claimantsClock(phase) ? state.claimant : state.challenger)) revert NotYourMove();
        if (block.timestamp > state.deadline) revert TooLate();
    }

    /// Stops the mover's clock and starts the next one's.
    function _advance(bytes32 gameId, State memory state, uint8 phase) private {
        uint32 left = uint32(state.deadline - block.timestamp); // at most a budget or the minimum time
        if (_claimantsClock(state.phase)) state.claimantLeft = left;
        else state.challengerLeft = left;
        state.phase = phase;
        state.move += 1;
        left = _claimantsClock(phase) ? state.claimantLeft : state.challengerLeft;
        state.deadline = uint64(block.timestamp) + _atLeastMinimum(left);
        _store(gameId, state);
    }

    function _store(bytes32 gameId, State memory state) private {
        bytes32 hash = stateHashOf(gameId, state);
        games[gameId].stateHash = hash;
        emit GameState(gameId, state.claimId, hash, state);
    }

    function _atLeastMinimum(uint32 left) private view returns (uint32) {
        return left < minimumTime ? minimumTime : left;
    }

    function _claimantsClock(uint8 phase) private pure returns (bool) {
        return phase == COMMIT || phase == REVEAL || phase == STATES || phase == STEP;
    }

    // ---- descent ----

    /// Levels that the state's round descends; 0 when the raw chunks are next (docs/protocol.md, 5.1).
    function _levels(State memory state) private pure returns (uint256) {
        unchecked {
            uint256 depth = state.traceDepth;
            if (depth <= RAW_LEVELS) return 0;
            uint256 r = depth - RAW_LEVELS;
            uint256 n = (r + ROUND_LEVELS - 1) / ROUND_LEVELS;
            uint256 i = state.round;
            return i == n ? 0 : (i + 1) * r / n - i * r / n;
        }
    }

    /// In the last reveal the level is what is left: at most RAW_LEVELS.
    function _reveal(bytes32 gameId, State memory state, bytes calldata nodes) private {
        uint256 levels = _levels(state);
        uint256 pos;
        assembly ("memory-safe") {
            pos := nodes.offset
        }
        bytes32 root;
        uint8 next;
        if (levels > 0) {
            if (nodes.length != 32 << levels) revert WrongLength();
            root = Merkle.rootOfNodes(pos, levels);
            next = SELECT;
        } else {
            if (nodes.length != Merkle.CHUNK_BYTES << state.level) revert WrongLength();
            root = Merkle.rootOfChunks(pos, state.level);
            next = ELEMENT;
        }
        if (root != state.node) revert WrongPath();
        emit Revealed(gameId, nodes);
        _advance(gameId, state, next);
    }

    function _takeChunk(State memory state, uint256 child, bytes calldata chunk, bytes32[] calldata siblings)
        private
        pure
    {
        uint256 level = state.level;
        if (chunk.length != Merkle.CHUNK_BYTES || siblings.length != level) revert WrongLength();
        if (child >> level != 0) revert OutOfRange();
        uint256 pos;
        assembly ("memory-safe") {
            pos := chunk.offset
        }
        bytes32 leaf = Merkle.leaf(pos);
        if (_climb(leaf, child, siblings) != state.node) revert WrongPath();
        state.node = leaf;
        state.level = 0;
        state.position = uint32(uint256(state.position) << level | child);
    }

    function _checkDescriptor(bytes32 modelId, uint256 instruction, bytes calldata descriptor, bytes32[] calldata path)
        private
        view
        returns (bytes32 leaf)
    {
        Layout memory known = models.layoutOf(modelId);
        if (instruction >= known.instructions) revert OutOfRange();
        if (path.length != Merkle.depth(known.instructions)) revert WrongLength();
        leaf = Merkle.descriptor(descriptor);
        if (_climb(leaf, instruction, path) != known.programRoot) revert WrongDescriptor();
    }

    /// Little-endian.
    function _bits(bytes calldata chunk, uint256 from, uint256 width) private pure returns (uint256 bits) {
        for (uint256 i = width; i > 0; --i) {
            bits = bits << 8 | uint8(chunk[from + i - 1]);
        }
    }

    function _climb(bytes32 node, uint256 index, bytes32[] calldata path) private pure returns (bytes32) {
        uint256 pos;
        assembly ("memory-safe") {
            pos := path.offset
        }
        return Merkle.climb(node, index, pos, path.length);
    }

    /// How the unknown states are cut: values `stride` apart, `count` of them. low < high holds whenever this is asked.
    function _segments(State memory state) private pure returns (uint256 stride, uint256 count) {
        uint256 m = state.high - state.low;
        stride = (m + SEGMENTS) / SEGMENTS;
        count = m / stride;
    }

    function _roots(State memory state) private view returns (Roots memory roots) {
        Layout memory known = models.layoutOf(state.modelId);
        (,, bytes32 inputRoot,) = claims.roots(state.claimId);
        roots.root = [state.traceRoot, known.weightsRoot, inputRoot];
        roots.depth = [uint256(state.traceDepth), Merkle.depth(known.weightsChunks), Merkle.depth(known.inputsChunks)];
    }

    // ---- ends ----

    function _settledBefore(bytes32 claimId, uint256 index) private view returns (bool) {
        uint256 winner = books[claimId].winner;
        return winner != 0 && winner - 1 < index;
    }

    function _claimantWins(bytes32 gameId, State memory state, uint256 lossBps, uint8 reason) private {
        uint256 bond = challengerBond;
        uint256 loss = bond * lossBps / 10000;
        stakes.slash(state.challenger, loss, state.claimant);
        if (loss != bond) stakes.unlock(state.challenger, bond - loss);
        _end(gameId, state.claimId, CLAIMANT_WON, reason);
    }

    function _challengerWins(bytes32 gameId, State memory state, uint16 lossBps, uint8 reason) private {
        bytes32 claimId = state.claimId;
        Book storage book = books[claimId];
        uint256 index = games[gameId].index;
        claims.invalidate(claimId);
        stakes.unlock(state.challenger, challengerBond);
        // _check has seen that no earlier game has won: this one is now the earliest.
        book.winner = 0;
        _end(gameId, claimId, CHALLENGER_WON, reason);
        book.winner = uint24(index + 1);
        book.prizeTo = state.challenger;
        book.lossBps = lossBps;
        book.earlier = uint24(_openBefore(claimId, index));
        if (book.earlier == 0) _pay(claimId, book);
    }

    /// Takes the game off the books. When it was the last that could still come before the winner, the prize is paid.
    function _end(bytes32 gameId, bytes32 claimId, uint8 outcome, uint8 reason) private {
        Game storage game = games[gameId];
        uint256 index = game.index;
        game.status = outcome; // stays: no second game for this pair
        game.stateHash = 0;
        _open[claimId][index >> 8] &= ~(1 << (index & 255));
        claims.closeGame(claimId);
        emit GameOver(gameId, claimId, outcome, reason);
        Book storage book = books[claimId];
        if (book.winner != 0 && index < book.winner - 1) {
            book.earlier -= 1;
            if (book.earlier == 0) _pay(claimId, book);
        }
    }

    /// Open games with an index below the given one.
    function _openBefore(bytes32 claimId, uint256 index) private view returns (uint256 n) {
        uint256 last = index >> 8;
        for (uint256 w = 0; w <= last; ++w) {
            uint256 bits = _open[claimId][w];
            if (w == last) bits &= (1 << (index & 255)) - 1;
            n += _ones(bits);
        }
    }

    /// Sums of bits, side by side in ever wider fields; a number modulo 2^16 - 1 is the sum of its fields of sixteen bits. A
    /// loop over the bits would let a claimant's friends make a winning move dearer than most transactions may be.
    function _ones(uint256 bits) private pure returns (uint256) {
        uint256 ones = type(uint256).max;
        unchecked {
            bits -= bits >> 1 & ones / 3;
            bits = (bits & ones / 5) + (bits >> 2 & ones / 5);
            bits = bits + (bits >> 4) & ones / 17;
            bits = (bits & ones / 257) + (bits >> 8 & ones / 257);
            return bits % 0xffff;
        }
    }

    function _pay(bytes32 claimId, Book storage book) private {
        (address claimant,,,) = claims.roots(claimId);
        (,,,, uint256 bond) = claims.status(claimId);
        uint256 loss = bond * book.lossBps / 10000;
        stakes.slash(claimant, loss, book.prizeTo);
        if (loss != bond) stakes.unlock(claimant, bond - loss);
        emit Settled(claimId, book.prizeTo, loss);
    }
}
