// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Body} from "../Types.sol";

/// What `Disputes` and `Duties` ask of `Claims`. A slot is rootTag 160 | terms 8 | games 16 | openGames 16 | depth 5 | windowEnd 35 |
/// flags 8 | status 8.
interface IClaims {
    /// The claim is open and in its window: one game more.
    function openGame(bytes32 claimId) external returns (uint256 ordinal, uint256 openBefore, uint256 depth);
    /// The first tag binds the claim; a later one must be the same.
    function bindTrace(bytes32 claimId, uint160 tag) external;
    /// One open game less; the slot after it.
    function endGame(bytes32 claimId) external returns (uint256 slot);
    /// A claim that is open becomes invalid, and what was locked for it is the caller's to settle. `game`: one open game less.
    /// The slot is that before the claim became invalid, the game less.
    function lose(bytes32 claimId, bytes32 batch, uint256 lot, bool game)
        external
        returns (uint256 slot, uint256 bond, uint256 fee);
    /// An ordinal for what counts as a game without being one.
    function addOrdinal(bytes32 claimId) external returns (uint256 ordinal);
    /// Sets and clears flags of an open claim; `extend`: its window is a whole one from now on, at least.
    function mark(bytes32 claimId, uint8 set, uint8 clear, bool extend) external;
    function batches() external view returns (address);
    function disputes() external view returns (address);
    function duties() external view returns (address);
    function slotOf(bytes32 claimId) external view returns (uint256);
    function idOf(Body calldata body) external view returns (bytes32);
    function termsOf(uint256 version) external view returns (uint256);
    function feeOf(uint256 version, uint256 value) external view returns (uint256);
}
