// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// The one Merkle rule (docs/machine.md, section 4). Leaves of arrays are tagged 0x00, nodes 0x01, descriptors 0x02, so none
/// of them can stand for another.
library Merkle {
    uint256 internal constant CHUNK_BYTES = 128;

    /// Levels of a tree of n leaves: ceil(log2(max(n, 1))).
    function depth(uint256 n) internal pure returns (uint256 d) {
        while (1 << d < n) ++d;
    }

    /// 128 bytes of calldata at `pos`.
    function leaf(uint256 pos) internal pure returns (bytes32 r) {
        assembly ("memory-safe") {
            let m := mload(0x40) // free memory, not kept
            mstore8(m, 0)
            calldatacopy(add(m, 1), pos, 128)
            r := keccak256(m, 129)
        }
    }

    function descriptor(bytes calldata d) internal pure returns (bytes32 r) {
        assembly ("memory-safe") {
            let m := mload(0x40)
            mstore8(m, 2)
            calldatacopy(add(m, 1), d.offset, d.length)
            r := keccak256(m, add(d.length, 1))
        }
    }

    function node(bytes32 left, bytes32 right) internal pure returns (bytes32 r) {
        assembly ("memory-safe") {
            let m := mload(0x40)
            mstore8(m, 1)
            mstore(add(m, 1), left)
            mstore(add(m, 33), right)
            r := keccak256(m, 65)
        }
    }

    /// The ancestor `height` levels above, by siblings in calldata at `pos`, lowest first. The low bits of index say whether
    /// the node is a left or a right child; bits from `height` up are the caller's to check.
    function climb(bytes32 start, uint256 index, uint256 pos, uint256 height) internal pure returns (bytes32 r) {
        assembly ("memory-safe") {
            let m := mload(0x40)
            mstore8(m, 1)
            r := start
            for { let end := add(pos, shl(5, height)) } lt(pos, end) { pos := add(pos, 32) } {
                let right := shl(5, and(index, 1)) // where the node goes: 0 or 32 bytes on
                mstore(add(add(m, 1), right), r)
                mstore(add(add(m, 33), sub(0, right)), calldataload(pos))
                r := keccak256(m, 65)
                index := shr(1, index)
            }
        }
    }

    /// The ancestor of a node, by siblings in calldata.
    function climb(bytes32 start, uint256 index, bytes32[] calldata siblings) internal pure returns (bytes32) {
        uint256 pos;
        assembly ("memory-safe") {
            pos := siblings.offset
        }
        return climb(start, index, pos, siblings.length);
    }

    /// Root of 2^height hashes in calldata at `pos`.
    function rootOfNodes(uint256 pos, uint256 height) internal pure returns (bytes32) {
        return reduce(loadNodes(pos, height), height, height);
    }

    /// Root of 2^height chunks in calldata at `pos`.
    function rootOfChunks(uint256 pos, uint256 height) internal pure returns (bytes32) {
        return reduce(loadChunks(pos, height), height, height);
    }

    /// 2^height hashes from calldata to memory, where they and room to hash them stay.
    function loadNodes(uint256 pos, uint256 height) internal pure returns (uint256 level) {
        assembly ("memory-safe") {
            level := mload(0x40)
            let size := shl(5, shl(height, 1))
            calldatacopy(level, pos, size)
            mstore(0x40, add(level, add(size, 96)))
        }
    }

    /// The same of the leaves of 2^height chunks.
    function loadChunks(uint256 pos, uint256 height) internal pure returns (uint256 level) {
        assembly ("memory-safe") {
            level := mload(0x40)
            let n := shl(height, 1)
            let scratch := add(level, shl(5, n))
            mstore(0x40, add(scratch, 160))
            mstore8(scratch, 0)
            for { let i := 0 } lt(i, n) { i := add(i, 1) } {
                calldatacopy(add(scratch, 1), add(pos, shl(7, i)), 128)
                mstore(add(level, shl(5, i)), keccak256(scratch, 129))
            }
        }
    }

    /// The node at `index` of a level that was loaded and not yet reduced past it.
    function nodeAt(uint256 level, uint256 index) internal pure returns (bytes32 r) {
        assembly ("memory-safe") {
            r := mload(add(level, shl(5, index)))
        }
    }

    /// Reduces 2^height hashes in place by `levels` levels; returns the first that is left.
    function reduce(uint256 level, uint256 height, uint256 levels) internal pure returns (bytes32 r) {
        assembly ("memory-safe") {
            let scratch := add(level, shl(5, shl(height, 1)))
            mstore8(scratch, 1)
            let left := add(scratch, 1)
            let right := add(scratch, 33)
            for {} levels { levels := sub(levels, 1) } {
                height := sub(height, 1)
                let end := add(level, shl(5, shl(height, 1)))
                let pair := level
                for { let to := level } lt(to, end) { to := add(to, 32) } {
                    mstore(left, mload(pair))
                    mstore(right, mload(add(pair, 32)))
                    mstore(to, keccak256(scratch, 65))
                    pair := add(pair, 64)
                }
            }
            r := mload(level)
        }
    }
}
