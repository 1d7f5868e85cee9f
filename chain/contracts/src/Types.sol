// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// The seventeen words that a model's identity is the hash of (docs/machine.md, 3.3).
struct Header {
    bytes32 domain;
    uint32 law;
    uint32 lowering;
    bytes32 onnxHash;
    bytes32 programRoot;
    uint32 instructions;
    bytes32 weightsRoot;
    uint32 weightsChunks;
    uint32 inputsChunks;
    uint32 traceDepth;
    uint32 outputChunk;
    uint32 outputDepth;
    uint32 outputs;
    uint64 cost;
    uint32 toleranceAbs; // binary32 bits, as the low half of the next word is; both words 0: an exact model
    uint64 toleranceRel; // claimedChunks 32 | relative tolerance 32
    bytes32 ioHash;
}

/// What the contracts keep of a header: enough to play every game about the model.
struct Layout {
    bytes32 programRoot;
    bytes32 weightsRoot;
    uint32 instructions;
    uint32 weightsChunks;
    uint32 inputsChunks;
    uint32 outputChunk;
    uint32 claimedChunks; // of a tolerant model's claimed outputs, 0 for an exact one
    uint8 traceDepth;
    uint8 outputDepth;
    bool registered;
}

/// The four arrays that a step may read, by space: trace, weights, inputs, claimed outputs.
struct Roots {
    bytes32[4] root;
    uint256[4] depth;
}

/// What `Disputes` must know of a descriptor.
struct Description {
    uint256 firstChunk;
    uint256 span;
    uint256 elementBytes; // of the store dtype
    uint256 elements;
    bool fold;
    uint256 terms; // K of a FOLD, 0 for a MAP
}

/// What a claim says; its hash is the claim's id (docs/protocol.md, 4.1).
struct Body {
    bytes32 batch; // 0: posted alone
    uint256 lot; // index 128 | value 128
    address claimant;
    bytes32 modelId;
    bytes32 inputRoot;
    bytes32 outputRoot;
}

/// A body without its claimant, which a game's state has.
struct Terms {
    bytes32 batch;
    uint256 lot;
    bytes32 modelId;
    bytes32 inputRoot;
    bytes32 outputRoot;
}

/// The end of an obligation: `loss` of the loser's locked money goes, `burn` of it to nobody, `gain` to the winner, whose own
/// `release` becomes free. loss = burn + gain.
struct Settlement {
    address loser;
    uint256 loss;
    uint256 burn;
    address winner;
    uint256 gain;
    uint256 release;
}

/// A game between two moves (docs/protocol.md, 5.1); only the hash of these six words is stored.
struct State {
    bytes32 claimId;
    uint256 a; // claimant 160 | ordinal 16 | units 16 | phase 8 | move 8 | depth 8 | round 8 | position 32
    uint256 b; // challenger 160 | deadline 40 | claimantLeft 24 | challengerLeft 24 | 0 8
    bytes32 n; // node, later descriptor
    uint256 c; // 0 40 | element 40 | low 24 | high 24 | lowValue 64 | highValue 64
    bytes32 v; // of the revealed values
}
