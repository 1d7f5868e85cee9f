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
    uint32 toleranceAbs;
    uint32 toleranceRel;
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
    uint8 traceDepth;
    uint8 outputDepth;
    bool registered;
}

/// The three arrays that a step may read, by space: trace, weights, inputs.
struct Roots {
    bytes32[3] root;
    uint256[3] depth;
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

/// A game between two moves (docs/protocol.md, section 5); only its hash is stored.
struct State {
    bytes32 claimId;
    bytes32 modelId;
    address claimant;
    address challenger;
    uint8 phase;
    uint32 move;
    uint64 deadline;
    uint32 claimantLeft;
    uint32 challengerLeft;
    uint8 traceDepth;
    uint8 round;
    uint8 level;
    uint32 position;
    bytes32 node;
    bytes32 traceRoot;
    bytes32 descriptor;
    uint64 element;
    uint32 low;
    uint32 high;
    uint64 lowValue;
    uint64 highValue;
    bytes32 values;
}
