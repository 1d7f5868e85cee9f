// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// The one Merkle rule (docs/machine.md, section 4). Leaves of arrays are tagged 0x00, nodes 0x01, descriptors 0x02, so none
/// of them can stand for another.
library Merkle {
    uint256 internal constant CHUNK_BYTES = 128;

    /// Levels of a tree of n leaves: ceil(log2(max(n, 1))).
    function depth(uint256 n) internal pure returns (uint256 d) {
        assembly ("memory-safe") {
            if gt(n, 1) {
                // The bits of n - 1, by halves.
                n := sub(n, 1)
                d := shl(7, lt(0xffffffffffffffffffffffffffffffff, n))
                d := or(d, shl(6, lt(0xffffffffffffffff, shr(d, n))))
                d := or(d, shl(5, lt(0xffffffff, shr(d, n))))
                d := or(d, shl(4, lt(0xffff, shr(d, n))))
                d := or(d, shl(3, lt(0xff, shr(d, n))))
                d := or(d, shl(2, lt(0xf, shr(d, n))))
                d := or(d, shl(1, lt(3, shr(d, n))))
                d := add(1, or(d, lt(1, shr(d, n))))
            }
        }
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
            r := start
            if height {
                // Left at a multiple of 64, right 32 behind it: the bit that tells them apart is flipped by an xor.
                let left := and(add(mload(0x40), 127), not(63))
                let tag := sub(left, 1)
                mstore8(tag, 1)
                let end := add(pos, shl(5, height))
                for {} 1 {} {
                    let at := or(left, shl(5, and(index, 1)))
                    mstore(at, r)
                    mstore(xor(at, 32), calldataload(pos))
                    r := keccak256(tag, 65)
                    pos := add(pos, 32)
                    if iszero(lt(pos, end)) { break }
                    index := shr(1, index)
                }
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

    /// 2^height hashes from calldata to memory, where they stay, behind a byte for a tag.
    function loadNodes(uint256 pos, uint256 height) internal pure returns (uint256 level) {
        assembly ("memory-safe") {
            level := add(mload(0x40), 32)
            let size := shl(5, shl(height, 1))
            calldatacopy(level, pos, size)
            mstore(0x40, add(level, size))
        }
    }

    /// The same of the leaves of 2^height chunks.
    function loadChunks(uint256 pos, uint256 height) internal pure returns (uint256 level) {
        assembly ("memory-safe") {
            level := add(mload(0x40), 32)
            let n := shl(height, 1)
            let scratch := add(level, shl(5, n))
            mstore(0x40, scratch)
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

    /// Reduces 2^height loaded hashes in place by `levels` levels; returns the first that is left.
    function reduce(uint256 level, uint256 height, uint256 levels) internal pure returns (bytes32 r) {
        assembly ("memory-safe") {
            let size := shl(5, shl(height, 1))
            for {} levels { levels := sub(levels, 1) } {
                size := shr(1, size)
                let end := add(level, size)
                let tag := sub(level, 1)
                // The tag of a pair takes the place of the last byte of the pair before it, which has been hashed.
                for { let to := level } lt(to, end) { to := add(to, 32) } {
                    mstore8(tag, 1)
                    mstore(to, keccak256(tag, 65))
                    tag := add(tag, 64)
                }
            }
            r := mload(level)
        }
    }
}
