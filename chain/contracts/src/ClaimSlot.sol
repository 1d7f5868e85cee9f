// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// Fields of a claim's slot that are not whole bytes (docs/protocol.md, 4.1):
///
///     rootTag 160 | terms 8 | games 16 | openGames 16 | depth 5 | windowEnd 35 | flags 8 | status 8
///
/// depth and windowEnd together are the claim's *window*, 40 bits; a batch has one too, which its leaves take over.
library ClaimSlot {
    uint256 internal constant WINDOW = 16;
    uint256 private constant WINDOW_END_MASK = (1 << 35) - 1;
    uint256 private constant DEPTH = 35; // within a window
    uint256 private constant DEPTH_MASK = 31;

    /// A window; 35 bits of seconds last for a thousand years.
    function window(uint256 depth_, uint256 end) internal pure returns (uint256) {
        return depth_ << DEPTH | end;
    }

    /// When the window of a slot ends.
    function windowEnd(uint256 slot) internal pure returns (uint256) {
        return slot >> WINDOW & WINDOW_END_MASK;
    }

    /// The slot with another end of its window.
    function withWindowEnd(uint256 slot, uint256 end) internal pure returns (uint256) {
        return slot & ~(WINDOW_END_MASK << WINDOW) | end << WINDOW;
    }

    /// The depth of the trace of the claim's model.
    function depth(uint256 slot) internal pure returns (uint256) {
        return slot >> WINDOW + DEPTH & DEPTH_MASK;
    }
}
