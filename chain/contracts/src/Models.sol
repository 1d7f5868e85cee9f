// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Stakes} from "./Stakes.sol";
import {Header, Layout} from "./Types.sol";

/// What may be claimed about: registered headers that enough stake vouches for.
contract Models {
    event Registered(bytes32 indexed modelId, address indexed registrant, Header header, string uri);
    event Attested(bytes32 indexed modelId, address indexed account, uint256 amount, uint256 total);
    event Retracted(bytes32 indexed modelId, address indexed account, uint256 amount, uint256 total);

    error ModelExists();
    error UnknownModel();
    /// The first word of the header that cannot be right, by number.
    error InvalidHeader(uint256 word);

    bytes32 private constant MODEL_DOMAIN = keccak256("gainsay.model");
    uint256 private constant CHUNKS_MAX = 1 << 26;

    Stakes public immutable stakes;
    uint256 public immutable registrantBond;
    uint256 public immutable attestThreshold;

    mapping(bytes32 => Layout) private _layouts;
    /// Stake locked for the model by everybody, and by each.
    mapping(bytes32 => uint256) public attested;
    mapping(bytes32 => mapping(address => uint256)) public attestedBy;

    constructor(address stakes_, uint256 registrantBond_, uint256 attestThreshold_) {
        stakes = Stakes(stakes_);
        registrantBond = registrantBond_;
        attestThreshold = attestThreshold_;
    }

    function register(Header calldata header, string calldata uri) external returns (bytes32 modelId) {
        modelId = keccak256(abi.encode(header));
        if (_layouts[modelId].registered) revert ModelExists();
        _check(header);
        _layouts[modelId] = Layout({
            programRoot: header.programRoot,
            weightsRoot: header.weightsRoot,
            instructions: header.instructions,
            weightsChunks: header.weightsChunks,
            inputsChunks: header.inputsChunks,
            outputChunk: header.outputChunk,
            traceDepth: uint8(header.traceDepth),
            outputDepth: uint8(header.outputDepth),
            registered: true
        });
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
        if (h.outputDepth > h.traceDepth) revert InvalidHeader(11);
        uint256 block_ = 1 << h.outputDepth;
        uint256 end = h.outputChunk + block_;
        if (h.outputChunk & (block_ - 1) != 0 || end > 1 << h.traceDepth) revert InvalidHeader(10);
        if (h.traceDepth > 0 && end <= 1 << (h.traceDepth - 1)) revert InvalidHeader(9); // not the least that holds it
        if (h.outputs == 0 || h.outputs > 256 || h.outputs > h.instructions) revert InvalidHeader(12);
        if (h.cost > uint64(type(int64).max)) revert InvalidHeader(13);
        if (h.toleranceAbs != 0) revert InvalidHeader(14);
        if (h.toleranceRel != 0) revert InvalidHeader(15);
    }

    function attest(bytes32 modelId, uint256 amount) external {
        if (!_layouts[modelId].registered) revert UnknownModel();
        stakes.lock(msg.sender, amount);
        attestedBy[modelId][msg.sender] += amount;
        uint256 total = attested[modelId] + amount;
        attested[modelId] = total;
        emit Attested(modelId, msg.sender, amount, total);
    }

    function retract(bytes32 modelId) external {
        uint256 amount = attestedBy[modelId][msg.sender];
        attestedBy[modelId][msg.sender] = 0;
        uint256 total = attested[modelId] - amount;
        attested[modelId] = total;
        stakes.unlock(msg.sender, amount);
        emit Retracted(modelId, msg.sender, amount, total);
    }

    function active(bytes32 modelId) external view returns (bool) {
        return _layouts[modelId].registered && attested[modelId] >= attestThreshold;
    }

    function layoutOf(bytes32 modelId) external view returns (Layout memory) {
        return _layouts[modelId];
    }
}
