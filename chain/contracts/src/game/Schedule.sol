// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// How a game descends a trace and cuts a fold: by its depth and length alone, never by a mover's choice (docs/protocol.md,
/// 5.2 and `revealStates`).
library Schedule {
    uint256 private constant FIRST_LEVELS = 5; // they come with the commitment
    uint256 private constant ROUND_LEVELS = 5;
    uint256 private constant RAW_LEVELS = 2;
    uint256 private constant SEGMENTS = 65;

    /// Levels whose chunks are shown raw.
    function raw(uint256 depth) internal pure returns (uint256) {
        return depth < RAW_LEVELS ? depth : RAW_LEVELS;
    }

    /// Levels that a round descends by nodes; 0 when it is the raw chunks' turn.
    function levels(uint256 depth, uint256 round) internal pure returns (uint256) {
        unchecked {
            if (depth <= RAW_LEVELS) return 0;
            uint256 r = depth - RAW_LEVELS;
            if (round == 0) return r < FIRST_LEVELS ? r : FIRST_LEVELS;
            if (r <= FIRST_LEVELS) return 0;
            r -= FIRST_LEVELS;
            uint256 n = (r + ROUND_LEVELS - 1) / ROUND_LEVELS; // rounds after the first
            return round > n ? 0 : round * r / n - (round - 1) * r / n;
        }
    }

    /// Between two states `m` apart, `count` values are shown, every `stride`-th.
    function segments(uint256 m) internal pure returns (uint256 stride, uint256 count) {
        unchecked {
            stride = (m + SEGMENTS) / SEGMENTS;
            count = m / stride;
        }
    }
}
