// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {World} from "./World.sol";

/// Whole games, both ways.
contract DisputesPlayTest is World {
    function setUp() public {
        deploy();
    }

    function fault(uint256 instruction, uint256 element, uint256 term, int64 delta) internal {
        faults[1].on = true;
        faults[1].instruction = instruction;
        faults[1].element = element;
        faults[1].term = term;
        faults[1].delta = delta;
    }

    /// belief 1 is wrong: claimed, it is caught; believed by a challenger, it costs the challenger.
    function bothWays(uint256 depth_, uint256 terms_) internal {
        makeModel(depth_, terms_);
        uint256 snapshot = token.totalSupply();
        bytes32 claimId = claim(1);
        challenge(claimId, bob);
        uint256 aliceBefore = free(alice) + locked(alice);
        uint256 bobBefore = free(bob) + locked(bob);
        play(0, 1);
        assertEq(outcome, 3, "the challenger is right");
        assertEq(statusOf(claimId), 2, "invalid");
        uint256 burn = CLAIM_BOND * BURN_BPS / 10000;
        assertEq(free(alice), aliceBefore - CLAIM_BOND - CLAIM_FEE, "alice lost her bond and the fee");
        assertEq(free(bob), bobBefore + CLAIM_BOND - burn, "bob got the prize and his bond");
        assertEq(locked(bob) + locked(alice), 0, "nothing is locked");

        claimId = claim(0);
        challenge(claimId, bob);
        aliceBefore = free(alice) + locked(alice);
        bobBefore = free(bob) + locked(bob);
        play(1, 0);
        assertEq(outcome, 2, "the claimant is right");
        burn = uint256(CHALLENGER_BOND) * BURN_BPS / 10000;
        assertEq(free(bob), bobBefore - CHALLENGER_BOND, "bob lost his bond");
        assertEq(free(alice) + locked(alice), aliceBefore + CHALLENGER_BOND - burn, "alice got it");
        uint256 fees = locked(address(duties));
        vm.warp(block.timestamp + WINDOW + 1);
        finalize(claimId);
        assertEq(locked(alice), 0, "final");
        assertEq(locked(address(duties)), fees + CLAIM_FEE, "the fee is in the pool");
        assertEq(statusOf(claimId), 3, "final");
        assertEq(snapshot, token.totalSupply(), "");
        checkMoney();
    }

    function testBody() public {
        fault(0, 17, 113, 1);
        bothWays(7, 200);
    }

    function testInit() public {
        fault(0, 3, 0, -5);
        bothWays(7, 200);
    }

    function testFinal() public {
        fault(0, 0, 201, 1);
        bothWays(7, 200);
    }

    function testLastTerm() public {
        fault(0, 19, 200, 1);
        bothWays(7, 200);
    }

    function testMap() public {
        fault(1, 16, 0, 1);
        bothWays(7, 200);
    }

    function testShortFolds() public {
        fault(0, 5, 1, 1);
        bothWays(2, 1); // K = 1; the least trace that the model has
    }

    function testEmptyFoldInit() public {
        fault(0, 5, 0, 1);
        bothWays(3, 0);
    }

    function testEmptyFoldFinal() public {
        fault(0, 5, 1, 1);
        bothWays(3, 0);
    }

    function testLongestFoldDeepTrace() public {
        fault(0, 8, 100_000, 1);
        bothWays(26, 1 << 18);
    }

    function testPaddingElement() public {
        faults[1].raw = true;
        faults[1].chunk = 1;
        faults[1].offset = 127; // element 31 of 20
        bothWays(8, 3);
    }

    function testGap() public {
        faults[1].raw = true;
        faults[1].chunk = 77; // in the span of instruction 0, behind its tensor
        faults[1].offset = 64;
        bothWays(8, 3);
    }

    function testLastChunkPadding() public {
        faults[1].raw = true;
        faults[1].chunk = 255;
        faults[1].offset = 32;
        bothWays(8, 3);
    }

    function testAnyFault(uint256 seed) public {
        uint256 d = 2 + seed % 12;
        seed /= 12;
        uint256 k = seed % 300;
        seed /= 300;
        fault(seed & 1, (seed >> 8) % N, (seed >> 16) % (k + 2), int64(uint64(1 + (seed >> 32) % 1000)));
        bothWays(d, k);
    }
}
