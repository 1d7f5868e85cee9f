// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Stakes} from "./Stakes.sol";
import {Claims} from "./Claims.sol";
import {Inspector} from "./Inspector.sol";
import {Header, Layout, Settlement} from "./Types.sol";

/// What may be claimed about: registered headers that enough stake vouches for (docs/protocol.md, section 3).
contract Models {
    /// A model is known from here on; `uri` says where its file can be had.
    event Registered(bytes32 indexed modelId, address indexed registrant, Header header, string uri);
    /// Stake stands behind a model: `amount` more, `total` of everybody.
    event Attested(bytes32 indexed modelId, address indexed account, uint256 amount, uint256 total);
    /// Stake stands behind it no longer.
    event Retracted(bytes32 indexed modelId, address indexed account, uint256 amount, uint256 total);
    /// Somebody proved that the program breaks a rule of well-formedness.
    event Voided(bytes32 indexed modelId, address indexed prover, uint8 rule);
    /// The registrant wants no more claims about it.
    event Retired(bytes32 indexed modelId);
    /// The registrant has its bond back.
    event BondReleased(bytes32 indexed modelId);

    error InvalidParameter();
    error ModelExists();
    error UnknownModel();
    /// Void or retired: nothing more can be done about it.
    error ModelOver();
    /// The deployment is retired (docs/protocol.md, 4.4).
    error DeploymentRetired();
    /// The first word of the header that cannot be right, by number.
    error InvalidHeader(uint256 word);
    error NotRegistrant();
    error NotRetired();
    error NotReady(uint256 readyAt);

    bytes32 private constant MODEL_DOMAIN = keccak256("gainsay.model");
    uint256 private constant CHUNKS_MAX = 1 << 26;
    // Of tolerant models: 2^20 and 1 in binary32, below which lie the bits of every number that is at most that and not
    // negative, and how many chunks of outputs there can be to compare.
    uint256 private constant ABSOLUTE_MAX = 0x49800000;
    uint256 private constant RELATIVE_MAX = 0x3f800000;
    uint256 private constant CLAIMED_MAX = 1 << 22;

    // The flags of a shape: its lowest byte.
    uint256 internal constant REGISTERED = 1;
    uint256 internal constant VOID = 2;
    uint256 internal constant RETIRED = 4;
    uint256 internal constant TOLERANT = 8;
    uint256 internal constant VOUCHED = 16; // the threshold is reached
    uint256 internal constant PAID = 32; // the registrant's bond is no longer locked
    uint256 private constant TRACE_DEPTH = 16;
    uint256 private constant CLAIMED_CHUNKS = 152;
    uint256 private constant RETIRED_AT = 184;
    uint256 private constant SHAPE = (1 << RETIRED_AT) - 1;

    Stakes public immutable stakes;
    /// Judges whether a descriptor is well formed, for the call that voids.
    address public immutable inspector;
    uint256 public immutable registrantBond;
    uint256 public immutable attestThreshold;
    uint64 public immutable releaseSeconds;
    uint16 public immutable burnBps;

    struct Record {
        uint256 word; // 0 32 | retiredAt 40 | the shape
        bytes32 programRoot;
        bytes32 weightsRoot;
        address registrant;
    }

    mapping(bytes32 => Record) internal _models;
    /// Stake locked for the model by everybody, and by each.
    mapping(bytes32 => uint256) public attested;
    mapping(bytes32 => mapping(address => uint256)) public attestedBy;

    constructor(
        address stakes_,
        address inspector_,
        uint256 registrantBond_,
        uint256 attestThreshold_,
        uint64 releaseSeconds_,
        uint16 burnBps_
    ) {
        if (burnBps_ > 10000 || releaseSeconds_ == 0 || releaseSeconds_ > 1 << 32) {
            revert InvalidParameter();
        }
        if (registrantBond_ >= 1 << 128 || attestThreshold_ >= 1 << 128) revert InvalidParameter();
        stakes = Stakes(stakes_);
        inspector = inspector_;
        registrantBond = registrantBond_;
        attestThreshold = attestThreshold_;
        releaseSeconds = releaseSeconds_;
        burnBps = burnBps_;
    }

    /// Makes a model known, by anybody, for the registrant's bond. A retired one is taken over: the sender answers for it from
    /// now on, with its own bond in the place of the former registrant's. So who registers first and retires stops nobody.
    function register(Header calldata header, string calldata uri) external returns (bytes32 modelId) {
        modelId = keccak256(abi.encode(header));
        Record storage model = _models[modelId];
        uint256 before = model.word;
        if (before != 0 && before & (VOID | RETIRED) != RETIRED) revert ModelExists();
        if (Claims(stakes.claims()).retired()) revert DeploymentRetired();
        _check(header);
        if (before & (RETIRED | PAID) == RETIRED) {
            stakes.unlock(model.registrant, registrantBond);
            emit BondReleased(modelId);
        }
        bool vouched = attested[modelId] >= attestThreshold;
        uint256 claimed = header.toleranceRel >> 32;
        model.word = claimed << CLAIMED_CHUNKS | uint256(header.instructions) << 120 | uint256(header.weightsChunks)
            << 88 | uint256(header.inputsChunks) << 56 | uint256(header.outputChunk) << 24 | uint256(header.traceDepth)
            << 16 | uint256(header.outputDepth) << 8 | REGISTERED | (vouched ? VOUCHED : 0)
            | (claimed != 0 ? TOLERANT : 0);
        model.programRoot = header.programRoot;
        model.weightsRoot = header.weightsRoot;
        model.registrant = msg.sender;
        if (vouched) _tell(modelId, model.word);
        stakes.lock(msg.sender, registrantBond);
        emit Registered(modelId, msg.sender, header, uri);
    }

    /// The limits of docs/machine.md, 3.2 and 3.3, that the header shows alone.
    function _check(Header calldata h) private pure {
        if (h.domain != MODEL_DOMAIN) revert InvalidHeader(0);
        if (h.law != 1) revert InvalidHeader(1);
        if (h.instructions == 0 || h.instructions > 1 << 20) revert InvalidHeader(5);
        if (h.weightsChunks > CHUNKS_MAX) revert InvalidHeader(7);
        if (h.inputsChunks > CHUNKS_MAX) revert InvalidHeader(8);
        if (h.traceDepth > 26) revert InvalidHeader(9);
        bool tolerant = h.toleranceAbs != 0 || h.toleranceRel != 0;
        if (h.outputDepth > h.traceDepth || (tolerant && h.outputDepth != 0)) revert InvalidHeader(11);
        uint256 block_ = 1 << h.outputDepth;
        uint256 end = h.outputChunk + block_;
        if (h.outputChunk & (block_ - 1) != 0 || end > 1 << h.traceDepth) revert InvalidHeader(10);
        if (h.traceDepth > 0 && end <= 1 << (h.traceDepth - 1)) revert InvalidHeader(9); // not the least that holds it
        if (h.outputs == 0 || h.outputs > (tolerant ? 1 : 256) || h.outputs > h.instructions) revert InvalidHeader(12);
        if (h.cost > uint64(type(int64).max)) revert InvalidHeader(13);
        if (!tolerant) return;
        if (h.toleranceAbs > ABSOLUTE_MAX) revert InvalidHeader(14);
        uint256 relative = uint32(h.toleranceRel);
        uint256 claimed = h.toleranceRel >> 32;
        if (relative > RELATIVE_MAX || h.toleranceAbs | relative == 0) revert InvalidHeader(15);
        if (claimed == 0 || claimed > CLAIMED_MAX) revert InvalidHeader(15);
    }

    /// Puts the sender's free stake behind a model: that its files can be had and its program is well formed.
    function attest(bytes32 modelId, uint256 amount) external {
        uint256 word = _known(modelId);
        if (word & (VOID | RETIRED) != 0) revert ModelOver();
        uint256 total = attested[modelId] + amount;
        attested[modelId] = total;
        attestedBy[modelId][msg.sender] += amount;
        if (total >= attestThreshold && word & VOUCHED == 0) {
            _models[modelId].word = word | VOUCHED;
            _tell(modelId, word | VOUCHED);
        }
        stakes.lock(msg.sender, amount);
        emit Attested(modelId, msg.sender, amount, total);
    }

    /// Takes back all that the sender put there. Claims already posted go on.
    function retract(bytes32 modelId) external {
        uint256 word = _known(modelId);
        uint256 amount = attestedBy[modelId][msg.sender];
        uint256 total = attested[modelId] - amount;
        attestedBy[modelId][msg.sender] = 0;
        attested[modelId] = total;
        if (total < attestThreshold && word & VOUCHED != 0) {
            _models[modelId].word = word & ~VOUCHED;
            _tell(modelId, word & ~VOUCHED);
        }
        stakes.unlock(msg.sender, amount);
        emit Retracted(modelId, msg.sender, amount, total);
    }

    /// No new claims about the model, by its registrant; until somebody registers it again.
    function retire(bytes32 modelId) external {
        uint256 word = _known(modelId);
        if (msg.sender != _models[modelId].registrant) revert NotRegistrant();
        if (word & (VOID | RETIRED) != 0) revert ModelOver();
        _models[modelId].word = word | RETIRED | block.timestamp << RETIRED_AT;
        _tell(modelId, word | RETIRED);
        emit Retired(modelId);
    }

    /// Unlocks the registrant's bond, by anybody, `releaseSeconds` after `retire`, unless the model was voided meanwhile.
    function releaseBond(bytes32 modelId) external {
        uint256 word = _known(modelId);
        if (word & RETIRED == 0) revert NotRetired();
        if (word & (VOID | PAID) != 0) revert ModelOver();
        uint256 readyAt = (word >> RETIRED_AT) + releaseSeconds;
        if (block.timestamp < readyAt) revert NotReady(readyAt);
        _models[modelId].word = word | PAID;
        stakes.unlock(_models[modelId].registrant, registrantBond);
        emit BondReleased(modelId);
    }

    /// Ends a model whose program is malformed, by anybody who shows it: descriptors opened against the header's program
    /// root break a rule of well-formedness (`Inspector.prove`). The registrant's bond is the prover's, but for what burns.
    function void(Header calldata header, uint256 kind, Inspector.Opened[] calldata opened, uint256 which) external {
        uint256 rule = Inspector(inspector).prove(header, kind, opened, which);
        _void(keccak256(abi.encode(header)), msg.sender, uint8(rule));
    }

    /// The consequences of a proof that the program breaks `rule`: the model is void for ever, and the registrant's bond,
    /// if it still has one here, is settled. Whoever calls this has checked the proof.
    function _void(bytes32 modelId, address prover, uint8 rule) internal {
        uint256 word = _known(modelId);
        if (word & VOID != 0) revert ModelOver();
        _models[modelId].word = word | VOID | PAID;
        _tell(modelId, word | VOID);
        emit Voided(modelId, prover, rule);
        if (word & PAID != 0) return;
        uint256 burn = registrantBond * burnBps / 10000;
        stakes.settle(
            Settlement({
                loser: _models[modelId].registrant,
                loss: registrantBond,
                burn: burn,
                winner: prover,
                gain: registrantBond - burn,
                release: 0
            })
        );
    }

    /// Claims keeps what `active` says, and of an active model the depth of its trace, so that a claim need not ask for it.
    function _tell(bytes32 modelId, uint256 word) private {
        Claims(stakes.claims()).accept(modelId, _isActive(word) ? uint256(uint8(word >> TRACE_DEPTH)) + 1 : 0);
    }

    function _isActive(uint256 word) private pure returns (bool) {
        return word & (REGISTERED | VOUCHED | VOID | RETIRED) == REGISTERED | VOUCHED;
    }

    function _known(bytes32 modelId) private view returns (uint256 word) {
        word = _models[modelId].word;
        if (word == 0) revert UnknownModel();
    }

    /// Whether claims about it are accepted.
    function active(bytes32 modelId) external view returns (bool) {
        return _isActive(_models[modelId].word);
    }

    /// Whether it was proven malformed: its unfinal claims are void.
    function voided(bytes32 modelId) external view returns (bool) {
        return _models[modelId].word & VOID != 0;
    }

    /// claimedChunks 32 | instructions 32 | weightsChunks 32 | inputsChunks 32 | outputChunk 32 | traceDepth 8 | outputDepth 8
    /// | flags 8 in the low 184 bits; 0 for an unknown model. Flags: 1 registered, 2 void, 4 retired, 8 tolerant (and
    /// claimedChunks is not 0), 16 vouched for, 32 the registrant's bond is paid out.
    function shapeOf(bytes32 modelId) external view returns (uint256) {
        return _models[modelId].word & SHAPE;
    }

    /// Where the descriptors are committed to.
    function programOf(bytes32 modelId) external view returns (bytes32 programRoot, uint256 instructions) {
        return (_models[modelId].programRoot, uint32(_models[modelId].word >> 120));
    }

    /// Where the weights are committed to, and the shape: what the last step of a game needs.
    function weightsOf(bytes32 modelId) external view returns (bytes32 weightsRoot, uint256 shape) {
        return (_models[modelId].weightsRoot, _models[modelId].word & SHAPE);
    }

    /// Who answers for the model, and since when it is retired (0: it is not).
    function registrantOf(bytes32 modelId) external view returns (address registrant, uint256 retiredAt) {
        return (_models[modelId].registrant, _models[modelId].word >> RETIRED_AT);
    }

    /// All of it, unpacked.
    function layoutOf(bytes32 modelId) external view returns (Layout memory) {
        Record storage model = _models[modelId];
        uint256 word = model.word;
        return Layout({
            programRoot: model.programRoot,
            weightsRoot: model.weightsRoot,
            instructions: uint32(word >> 120),
            weightsChunks: uint32(word >> 88),
            inputsChunks: uint32(word >> 56),
            outputChunk: uint32(word >> 24),
            claimedChunks: uint32(word >> CLAIMED_CHUNKS),
            traceDepth: uint8(word >> 16),
            outputDepth: uint8(word >> 8),
            registered: word & REGISTERED != 0
        });
    }
}
