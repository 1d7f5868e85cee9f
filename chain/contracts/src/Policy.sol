// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Ownable, Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";

/// What an owner may do, and all of it (docs/protocol.md, 4.3 and 4.4): change the terms of claims that are posted later,
/// behind a delay, and retire the deployment. Nothing here moves money, and nothing reaches what is posted.
abstract contract Policy is Ownable2Step {
    /// New terms wait; anybody may apply them from `readyAt` on.
    event TermsScheduled(uint256 terms, uint256 readyAt);
    /// The terms that waited never come.
    event TermsCancelled();
    /// What is posted from now on is under these terms.
    event TermsApplied(uint256 indexed version, uint256 terms);
    /// No more models, claims or batches; `graceEnd` is when everything unfinal can be released.
    event DeploymentRetired(uint256 graceEnd);

    error InvalidParameter();
    error InvalidTerms();
    error NothingScheduled();
    error NotReady(uint256 readyAt);
    error Retired();

    // A word of terms: 0 8 | minimumBond 96 | minimumFee 72 | bondBps 16 | feeBps 16 | windowSeconds 32 | version 8 | retired 8
    uint256 private constant MINIMUM_BOND = 152;
    uint256 private constant MINIMUM_FEE = 80;
    uint256 private constant BOND_BPS = 64;
    uint256 private constant FEE_BPS = 48;
    uint256 private constant WINDOW = 16;
    uint256 private constant VERSION = 8;
    uint256 private constant BPS = 10000;
    uint256 private constant VERSIONS_MAX = 255;

    uint64 public immutable termsDelay;
    uint64 public immutable retireGrace;

    /// The terms of what is posted now; its lowest byte is 1 once the deployment is retired.
    uint256 public current;
    /// What waits, 0 when nothing does, and until when.
    uint256 public scheduled;
    uint256 public scheduledFor;
    /// When the deployment was retired, 0 when it is not.
    uint256 public retiredAt;

    /// The terms of each version that there has been.
    mapping(uint256 version => uint256) public termsOf;

    constructor(address owner, uint64 termsDelay_, uint64 retireGrace_, uint256 terms) Ownable(owner) {
        if (termsDelay_ > 1 << 32 || retireGrace_ == 0 || retireGrace_ > 1 << 32) revert InvalidParameter();
        termsDelay = termsDelay_;
        retireGrace = retireGrace_;
        _check(terms);
        current = terms;
        termsOf[0] = terms;
        emit TermsApplied(0, terms);
    }

    /// Bounds of terms; version and retired are the contract's to write.
    function _check(uint256 terms) private pure {
        if (terms >> 248 != 0 || uint16(terms) != 0) revert InvalidTerms();
        if (uint16(terms >> BOND_BPS) > BPS || uint16(terms >> FEE_BPS) > BPS) revert InvalidTerms();
        uint256 window = windowOf(terms);
        if (window == 0 || window > 1 << 31) revert InvalidTerms();
    }

    /// Lets new terms wait for `termsDelay`; they take the place of what waited before.
    function scheduleTerms(uint256 terms) external onlyOwner {
        _check(terms);
        scheduled = terms;
        scheduledFor = block.timestamp + termsDelay;
        emit TermsScheduled(terms, scheduledFor);
    }

    /// Drops what waits.
    function cancelTerms() external onlyOwner {
        if (scheduled == 0) revert NothingScheduled();
        scheduled = 0;
        emit TermsCancelled();
    }

    /// Makes the scheduled terms current, as the next version; by anybody, when they are due.
    function applyTerms() external {
        uint256 terms = scheduled;
        if (terms == 0) revert NothingScheduled();
        if (block.timestamp < scheduledFor) revert NotReady(scheduledFor);
        uint256 version = versionOf(current) + 1;
        if (version > VERSIONS_MAX) revert InvalidTerms();
        terms |= version << VERSION;
        scheduled = 0;
        current = terms | uint8(current);
        termsOf[version] = terms;
        emit TermsApplied(version, terms);
    }

    /// Ends the deployment for everything new, at once and for ever.
    function retireDeployment() external onlyOwner {
        if (retiredAt != 0) revert Retired();
        retiredAt = block.timestamp;
        current |= 1;
        emit DeploymentRetired(block.timestamp + retireGrace);
    }

    /// Whether nothing new is accepted.
    function retired() public view returns (bool) {
        return retiredAt != 0;
    }

    /// Whether what is still unfinal can be released by anybody.
    function graceOver() public view returns (bool) {
        return retiredAt != 0 && block.timestamp > retiredAt + retireGrace;
    }

    /// What is locked of a claim of that value under terms of that version, until it is final.
    function bondOf(uint256 version, uint256 value) external view returns (uint256) {
        if (value >> 128 != 0) revert InvalidParameter();
        return _bond(termsOf[version], 1, value);
    }

    /// What such a claim pays when it is final.
    function feeOf(uint256 version, uint256 value) external view returns (uint256) {
        if (value >> 128 != 0) revert InvalidParameter();
        return _fee(termsOf[version], 1, value);
    }

    /// Bond and fee together of `count` claims whose values sum up to `value`: what a batch of them locks.
    function sumsOf(uint256 version, uint32 count, uint128 value) external view returns (uint256 bond, uint256 fee) {
        return (_bond(termsOf[version], count, value), _fee(termsOf[version], count, value));
    }

    // value is below 2^128, count below 2^32: no overflow.
    function _bond(uint256 terms, uint256 count, uint256 value) internal pure returns (uint256) {
        unchecked {
            return count * uint96(terms >> MINIMUM_BOND) + value * uint16(terms >> BOND_BPS) / BPS;
        }
    }

    function _fee(uint256 terms, uint256 count, uint256 value) internal pure returns (uint256) {
        unchecked {
            return count * uint72(terms >> MINIMUM_FEE) + value * uint16(terms >> FEE_BPS) / BPS;
        }
    }

    function windowOf(uint256 terms) internal pure returns (uint256) {
        return uint32(terms >> WINDOW);
    }

    function versionOf(uint256 terms) internal pure returns (uint256) {
        return uint8(terms >> VERSION);
    }
}
