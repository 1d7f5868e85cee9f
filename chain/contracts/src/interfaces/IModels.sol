// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// What `Disputes` asks of `Models`. A shape is claimedChunks 32 | instructions 32 | weightsChunks 32 | inputsChunks 32 |
/// outputChunk 32 | traceDepth 8 | outputDepth 8 | flags 8, in the low 184 bits.
interface IModels {
    function shapeOf(bytes32 modelId) external view returns (uint256 shape);
    function programOf(bytes32 modelId) external view returns (bytes32 programRoot, uint256 instructions);
    /// For the last step: two slots, where the whole layout is three.
    function weightsOf(bytes32 modelId) external view returns (bytes32 weightsRoot, uint256 shape);
}
