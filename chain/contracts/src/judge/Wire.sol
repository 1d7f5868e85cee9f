// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// Reads the bytes of a descriptor where they lie in calldata (docs/machine.md, 3.1). Positions are calldata offsets. A
/// read past the descriptor finds other bytes of the call: whoever reads checks the position against the end once before
/// believing what was read, with `within`.
library Wire {
    error MalformedDescriptor(uint256 position);

    function within(uint256 pos, uint256 end) internal pure {
        if (pos > end) revert MalformedDescriptor(pos);
    }

    function u8(uint256 pos) internal pure returns (uint256 v) {
        assembly ("memory-safe") {
            v := byte(0, calldataload(pos))
        }
    }

    /// `n` bytes, big-endian, n from 1 to 32.
    function be(uint256 pos, uint256 n) internal pure returns (uint256 v) {
        assembly ("memory-safe") {
            v := shr(sub(256, shl(3, n)), calldataload(pos))
        }
    }

    /// A uint in its only encoding.
    function uint_(uint256 pos) internal pure returns (uint256 v, uint256 next) {
        bool ok = true;
        assembly ("memory-safe") {
            let w := calldataload(pos)
            v := byte(0, w)
            next := add(pos, 1)
            if gt(v, 127) {
                let n := sub(v, 128)
                let bits := shl(3, n)
                v := shr(sub(256, bits), shl(8, w))
                next := add(next, n)
                // 1 to 8 bytes, the first not zero, no value that one byte holds
                ok := and(lt(sub(n, 1), 8), and(gt(v, 127), gt(shr(sub(bits, 8), v), 0)))
            }
        }
        if (!ok) revert MalformedDescriptor(pos);
    }

    function sint(uint256 pos) internal pure returns (int256 v, uint256 next) {
        uint256 u;
        (u, next) = uint_(pos);
        assembly ("memory-safe") {
            v := xor(shr(1, u), sub(0, and(u, 1))) // -(u >> 1) - 1 for odd u
        }
    }
}
