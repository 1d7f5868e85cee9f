// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// The two packed words of a game's state and what is done to them (docs/protocol.md, 5.1 and 5.4).
///
///     a    claimant 160 | ordinal 16 | units 16 | phase 8 | move 8 | depth 8 | round 8 | position 32
///     b    challenger 160 | deadline 40 | claimantLeft 24 | challengerLeft 24 | 0 8
///     c    0 40 | element 40 | low 24 | high 24 | lowValue 64 | highValue 64
///
/// Nothing here believes its arguments: a word that is not the stored one dies with the hash. Sums cannot leave their fields
/// for states that a game can reach; those that both sides sign are bounded by `Disputes`.
library Packed {
    // Phases.
    uint256 internal constant COMMIT = 1;
    uint256 internal constant SELECT = 2;
    uint256 internal constant REVEAL = 3;
    uint256 internal constant ELEMENT = 4;
    uint256 internal constant STATES = 5;
    uint256 internal constant SEGMENT = 6;
    uint256 internal constant STEP = 7;
    uint256 internal constant OUTPUT = 9; // odd, as all phases in which the claimant's clock runs; there is no 8

    uint256 private constant LOW_96 = (1 << 96) - 1;
    uint256 private constant PHASE_AND_MOVE = 0xffff << 48;

    function account(uint256 word) internal pure returns (address) {
        return address(uint160(word >> 96));
    }

    /// The word with the sender as its account, whatever stood there.
    function mine(uint256 word) internal view returns (uint256) {
        return word & LOW_96 | uint256(uint160(msg.sender)) << 96;
    }

    function ordinal(uint256 a) internal pure returns (uint256) {
        return a >> 80 & 0xffff;
    }

    function units(uint256 a) internal pure returns (uint256) {
        return a >> 64 & 0xffff;
    }

    function phase(uint256 a) internal pure returns (uint256) {
        return a >> 56 & 0xff;
    }

    function move(uint256 a) internal pure returns (uint256) {
        return a >> 48 & 0xff;
    }

    function depth(uint256 a) internal pure returns (uint256) {
        return a >> 40 & 0xff;
    }

    function round(uint256 a) internal pure returns (uint256) {
        return a >> 32 & 0xff;
    }

    function position(uint256 a) internal pure returns (uint256) {
        return a & 0xffffffff;
    }

    /// One move more, and the next phase.
    function next(uint256 a, uint256 phase_) internal pure returns (uint256) {
        unchecked {
            return a & ~PHASE_AND_MOVE | phase_ << 56 | (move(a) + 1 & 0xff) << 48;
        }
    }

    function deadline(uint256 b) internal pure returns (uint256) {
        return b >> 56 & 0xffffffffff;
    }

    function claimantLeft(uint256 b) internal pure returns (uint256) {
        return b >> 32 & 0xffffff;
    }

    function challengerLeft(uint256 b) internal pure returns (uint256) {
        return b >> 8 & 0xffffff;
    }

    function clocks(uint256 challenger, uint256 deadline_, uint256 claimantLeft_, uint256 challengerLeft_)
        internal
        pure
        returns (uint256)
    {
        return challenger << 96 | deadline_ << 56 | claimantLeft_ << 32 | challengerLeft_ << 8;
    }

    /// The claimant has moved in time; the challenger's clock runs.
    function claimantMoved(uint256 b, uint256 minimum) internal view returns (uint256) {
        unchecked {
            uint256 left = challengerLeft(b);
            uint256 reply = left < minimum ? minimum : left;
            return clocks(b >> 96, block.timestamp + reply, deadline(b) - block.timestamp, left);
        }
    }

    /// The challenger has moved in time; the claimant's clock runs.
    function challengerMoved(uint256 b, uint256 minimum) internal view returns (uint256) {
        unchecked {
            uint256 left = claimantLeft(b);
            uint256 reply = left < minimum ? minimum : left;
            return clocks(b >> 96, block.timestamp + reply, left, deadline(b) - block.timestamp);
        }
    }

    function fold(uint256 element_, uint256 low_, uint256 high_, uint256 lowValue_, uint256 highValue_)
        internal
        pure
        returns (uint256)
    {
        return element_ << 176 | low_ << 152 | high_ << 128 | lowValue_ << 64 | highValue_;
    }

    function element(uint256 c) internal pure returns (uint256) {
        return c >> 176 & 0xffffffffff;
    }

    function low(uint256 c) internal pure returns (uint256) {
        return c >> 152 & 0xffffff;
    }

    function high(uint256 c) internal pure returns (uint256) {
        return c >> 128 & 0xffffff;
    }

    function lowValue(uint256 c) internal pure returns (uint256) {
        return c >> 64 & 0xffffffffffffffff;
    }

    function highValue(uint256 c) internal pure returns (uint256) {
        return c & 0xffffffffffffffff;
    }

    function hash(bytes32 claimId, uint256 a, uint256 b, bytes32 n, uint256 c, bytes32 v)
        internal
        pure
        returns (bytes32 r)
    {
        assembly ("memory-safe") {
            let m := mload(0x40) // free memory, not kept
            mstore(m, claimId)
            mstore(add(m, 32), a)
            mstore(add(m, 64), b)
            mstore(add(m, 96), n)
            mstore(add(m, 128), c)
            mstore(add(m, 160), v)
            r := keccak256(m, 192)
        }
    }

    /// What the stored hash of a game is kept under.
    function key(bytes32 claimId, uint256 ordinal_) internal pure returns (bytes32 r) {
        assembly ("memory-safe") {
            mstore(0, claimId)
            mstore(32, ordinal_)
            r := keccak256(0, 64)
        }
    }
}
