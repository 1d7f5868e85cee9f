// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {DutiesWorld} from "./DutiesWorld.sol";
import {Claims} from "../src/Claims.sol";
import {Disputes} from "../src/Disputes.sol";
import {Duties} from "../src/Duties.sol";
import {Body, Terms} from "../src/Types.sol";
import {Payouts} from "../src/game/Payouts.sol";

/// Demands, attestations, audits and fees over the real contracts (docs/protocol.md, section 6).
contract DutiesTest is DutiesWorld {
    // ---- demands ----

    function testDemandAnswered() public {
        Body memory b = post(1);
        ask(b, 0);
        uint256 price = BASE + 32 * PER_CHUNK;
        assertEq(locked(bob), price, "prepaid");
        vm.expectRevert(Duties.DemandPending.selector);
        vm.prank(carol);
        duties.demand(b, 1);
        (bytes memory data, bytes32[] memory path) = inputBlock(0);
        vm.warp(block.timestamp + DEMAND); // the last second
        vm.expectEmit();
        emit Duties.Answered(claims.idOf(b), 0, 0, data);
        duties.answer(b, data, path); // by anybody
        assertEq(free(alice), PURSE - BOND - FEE + price, "the claimant is paid");
        assertEq(locked(bob), 0, "nothing left");
        assertEq(windowEnd(b), block.timestamp + WINDOW, "a window more");
        ask(b, 0);
        (data, path) = inputBlock(1);
        duties.answer(b, data, path);
        vm.expectRevert(Duties.AllGiven.selector);
        ask(b, 0);
        ask(b, 1);
        duties.answer(b, abi.encodePacked(bytesOf(1000), bytesOf(1001)), new bytes32[](0));
        vm.expectRevert(Duties.AllGiven.selector);
        ask(b, 1);
        conserved();
    }

    function testNoOtherBytesAreAnAnswer() public {
        Body memory b = post(1);
        vm.expectRevert(Duties.NoDemand.selector);
        duties.answer(b, "", new bytes32[](0));
        vm.expectRevert(Duties.InvalidParameter.selector);
        ask(b, 2);
        ask(b, 0);
        (bytes memory data, bytes32[] memory path) = inputBlock(1); // not the one asked for
        vm.expectRevert(Duties.WrongPath.selector);
        duties.answer(b, data, path);
        (data, path) = inputBlock(0);
        data[77] ^= 0x01;
        vm.expectRevert(Duties.WrongPath.selector);
        duties.answer(b, data, path);
        data[77] ^= 0x01;
        vm.expectRevert(Duties.WrongLength.selector);
        duties.answer(b, abi.encodePacked(data, uint8(0)), path);
        vm.expectRevert(Duties.WrongLength.selector);
        duties.answer(b, data, new bytes32[](2));
        Body memory other = body(2); // never posted
        vm.expectRevert(Duties.UnknownClaim.selector);
        duties.answer(other, data, path);
        vm.warp(block.timestamp + DEMAND + 1);
        vm.expectRevert(Duties.TooLate.selector);
        duties.answer(b, data, path);
    }

    function testDemandsEndWithTheWindow() public {
        Body memory b = post(1);
        vm.warp(windowEnd(b) + 1);
        vm.expectRevert(Duties.WindowOver.selector);
        ask(b, 0);
        Body memory c = post(2);
        vm.warp(windowEnd(c));
        ask(c, 0); // the last second
        vm.warp(block.timestamp + 10);
        vm.expectRevert(Claims.DemandPending.selector);
        claims.finalize(c, 0);
    }

    function testSilenceLoses() public {
        Body memory b = post(1);
        ask(b, 1);
        uint256 end = block.timestamp + DEMAND;
        vm.warp(end);
        vm.expectRevert(abi.encodeWithSelector(Duties.TooEarly.selector, end + 1));
        duties.unanswered(b);
        vm.warp(end + 1);
        duties.unanswered(b);
        assertEq(status(b), 2, "invalid");
        assertEq(free(bob), PURSE + BOND * 3 / 4, "what is not burned is the demander's");
        assertEq(locked(bob), 0, "and its own");
        assertEq(free(alice), PURSE - BOND - FEE, "the claimant's loss");
        assertEq(stakes.burned(), BOND / 4 + FEE, "burned, with the fee");
        vm.expectRevert(Duties.ClaimNotOpen.selector);
        duties.unanswered(b);
        conserved();
    }

    function testADemandOfAClaimThatIsOverIsDropped() public {
        Body memory b = post(1);
        ask(b, 0);
        vm.expectRevert(Duties.ClaimOpen.selector);
        duties.dropDemand(b);
        vm.prank(owner);
        claims.retireDeployment();
        vm.warp(block.timestamp + 50001);
        claims.release(b);
        duties.dropDemand(b);
        assertEq(free(bob), PURSE, "all of it");
        vm.expectRevert(Duties.NoDemand.selector);
        duties.dropDemand(b);
        conserved();
    }

    // ---- audits ----

    function testAnEpochIsTheFirstRecordedOneAfterPosting() public {
        vm.warp(1_700_000_000 / EPOCH * EPOCH + EPOCH);
        uint256 e0 = record(1);
        vm.expectRevert(Duties.AlreadyRecorded.selector);
        duties.record();
        Body memory b = post(1);
        vm.warp(block.timestamp + EPOCH - 1);
        vm.expectRevert(Duties.AlreadyRecorded.selector);
        duties.record();
        vm.warp(block.timestamp + 1 + EPOCH); // an epoch that nobody recorded lies between
        uint256 e2 = recordFor(b, true);
        vm.warp(block.timestamp + EPOCH);
        uint256 e3 = record(7);
        for (uint256 e = e0; e <= e3 + 1; ++e) {
            if (e == e2) continue;
            vm.expectRevert(Duties.WrongEpoch.selector);
            duties.draw(b, e);
        }
        duties.draw(b, e2);
        vm.expectRevert(Duties.AlreadyDrawn.selector);
        duties.draw(b, e2);
    }

    function testWhoIsNotDrawnIsCleared() public {
        Body memory b = post(1);
        vm.warp(block.timestamp + EPOCH);
        uint256 e = recordFor(b, false);
        vm.expectRevert(Duties.NotDrawn.selector);
        duties.draw(b, e);
        vm.warp(windowEnd(b) + 1);
        vm.expectRevert(Duties.WrongEpoch.selector);
        claims.finalize(b, e + 1);
        claims.finalize(b, e);
        assertEq(status(b), 3, "final");
        assertEq(locked(address(duties)), FEE, "the fee is in the pool");
        conserved();
    }

    function testWhoIsDrawnMustPublish() public {
        Body memory b = post(1);
        vm.warp(block.timestamp + EPOCH);
        uint256 e = recordFor(b, true);
        vm.warp(windowEnd(b) + 1);
        vm.expectRevert(Claims.NotCleared.selector);
        claims.finalize(b, e); // drawn, whether somebody said so or not
        vm.expectRevert(Duties.NotDrawn.selector);
        vm.prank(alice);
        duties.publish(b, traceRoot, tracePath);
        duties.draw(b, e);
        vm.expectRevert(Claims.NotCleared.selector);
        claims.finalize(b, e);
        vm.expectRevert(Duties.NotClaimant.selector);
        vm.prank(bob);
        duties.publish(b, traceRoot, tracePath);
        vm.startPrank(alice);
        vm.expectRevert(Duties.WrongPath.selector);
        duties.publish(b, keccak256("another"), tracePath);
        vm.expectRevert(Duties.WrongLength.selector);
        duties.publish(b, traceRoot, new bytes32[](5));
        vm.warp(block.timestamp + AUDIT);
        duties.publish(b, traceRoot, tracePath);
        vm.stopPrank();
        assertEq(windowEnd(b), block.timestamp + WINDOW, "a window for who doubts it");
        assertEq(claims.slotOf(claims.idOf(b)) >> 96, uint160(uint256(traceRoot)), "bound");
        vm.expectRevert(Claims.WindowOpen.selector);
        claims.finalize(b, e);
        vm.warp(windowEnd(b) + 1);
        claims.finalize(b, e);
        assertEq(status(b), 3, "final");
        conserved();
    }

    function testNotPublishingLoses() public {
        Body memory b = post(1);
        vm.warp(block.timestamp + EPOCH);
        duties.draw(b, recordFor(b, true));
        vm.warp(block.timestamp + AUDIT);
        vm.expectRevert(abi.encodeWithSelector(Duties.TooEarly.selector, block.timestamp + 1));
        duties.unpublished(b);
        vm.warp(block.timestamp + 1);
        vm.expectRevert(Duties.TooLate.selector);
        vm.prank(alice);
        duties.publish(b, traceRoot, tracePath);
        vm.prank(bob);
        duties.unpublished(b);
        assertEq(status(b), 2, "invalid");
        assertEq(free(bob), PURSE + BOND * 3 / 4, "to whoever said so");
        assertEq(free(address(duties)) + locked(address(duties)), 0, "nothing for the pool");
        assertEq(stakes.burned(), BOND / 4 + FEE, "the fee is burned with the bond's share");
        conserved();
    }

    /// Or a claimant would demand its own data to have a second throw.
    function testAnExtensionDoesNotMoveTheDraw() public {
        Body memory b = post(1);
        vm.warp(block.timestamp + EPOCH);
        uint256 e = recordFor(b, true);
        vm.warp(block.timestamp + 5 * EPOCH);
        ask(b, 1);
        duties.answer(b, abi.encodePacked(bytesOf(1000), bytesOf(1001)), new bytes32[](0));
        vm.warp(block.timestamp + EPOCH);
        uint256 later = recordFor(b, false);
        vm.warp(windowEnd(b) + 1);
        vm.expectRevert(Duties.WrongEpoch.selector);
        claims.finalize(b, later);
        duties.draw(b, e);
    }

    function testWithoutAuditsEverythingIsCleared() public {
        deploy(0, address(0));
        Body memory b = post(1);
        vm.warp(block.timestamp + EPOCH);
        uint256 e = record(3);
        vm.expectRevert(Duties.NotDrawn.selector);
        duties.draw(b, e);
        vm.warp(windowEnd(b) + 1);
        claims.finalize(b, 0);
        assertEq(status(b), 3, "final");
    }

    function timestamp() external view returns (uint64) {
        return uint64(block.timestamp - 1800); // this contract as the L1 block's predeploy, half an hour behind
    }

    /// What an L1 block decides was settled when that block was: only later ones are unknown to who posts now.
    function testEpochsAreOfL1() public {
        deploy(5000, address(this));
        Body memory b = post(1);
        vm.warp(block.timestamp + EPOCH);
        duties.record();
        uint256 early = (block.timestamp - 1800) / EPOCH;
        vm.expectRevert(Duties.WrongEpoch.selector);
        duties.draw(b, early);
        assertEq(duties.lastEpoch(), early, "of L1's time");
    }

    // ---- attestations and fees ----

    function commitment(Body memory b, address validator, bytes32 root) private view returns (uint160) {
        return uint160(uint256(keccak256(abi.encode(claims.idOf(b), validator, root))));
    }

    function attest(Body memory b, address validator, uint160 c, uint96 stake) private {
        bytes32 id = claims.idOf(b);
        vm.prank(validator);
        duties.attest(id, c, stake);
    }

    function refused(bytes memory error, Body memory b, address validator, uint160 c, uint96 stake) private {
        bytes32 id = claims.idOf(b);
        vm.expectRevert(error);
        vm.prank(validator);
        duties.attest(id, c, stake);
    }

    function audited(uint256 salt) private returns (Body memory b, uint256 e) {
        b = post(salt);
        vm.warp(block.timestamp + EPOCH);
        e = recordFor(b, true);
        duties.draw(b, e);
    }

    function finish(Body memory b, uint256 e) private {
        vm.prank(alice);
        duties.publish(b, traceRoot, tracePath);
        vm.warp(windowEnd(b) + 1);
        claims.finalize(b, e);
    }

    function testFeesGoToThoseWhoHadTheTrace() public {
        (Body memory b, uint256 e) = audited(1);
        attest(b, bob, commitment(b, bob, traceRoot), 2 * STAKE);
        attest(b, carol, commitment(b, carol, traceRoot), STAKE);
        attest(b, alice, commitment(b, alice, keccak256("guessed")), STAKE);
        assertEq(duties.attesters(claims.idOf(b)), 3, "attesters");
        vm.expectRevert(Duties.ClaimOpen.selector);
        duties.collect(b, bob);
        finish(b, e);
        vm.prank(bob);
        duties.report(b, traceRoot);
        vm.expectRevert(Duties.NoAttestation.selector);
        vm.prank(bob);
        duties.report(b, traceRoot); // once
        vm.expectRevert(Duties.WrongTraceRoot.selector);
        vm.prank(alice);
        duties.report(b, traceRoot);
        vm.expectRevert(Duties.WrongTraceRoot.selector);
        vm.prank(alice);
        duties.report(b, keccak256("guessed"));
        vm.warp(block.timestamp + REPORT);
        vm.prank(carol);
        duties.report(b, traceRoot); // the last second
        vm.expectRevert();
        duties.collect(b, bob);
        vm.warp(block.timestamp + 1);
        vm.expectRevert(Duties.TooLate.selector);
        vm.prank(alice);
        duties.report(b, traceRoot);
        duties.collect(b, carol);
        duties.collect(b, bob);
        duties.collect(b, alice);
        // Half of all claims are drawn, so one fee's worth of checking is worth two here; the pool has only one.
        assertEq(free(bob), PURSE + FEE * 2 / 3, "two thirds");
        assertEq(free(carol), PURSE - 3 ether + FEE / 3, "one third");
        assertEq(locked(carol), 3 ether, "the registrant's bond");
        assertEq(locked(alice), 0, "a wrong attestation costs nothing but its time");
        assertEq(locked(address(duties)), 0, "all of it");
        assertEq(duties.promised(), 0, "promised");
        vm.expectRevert(Duties.NoAttestation.selector);
        duties.collect(b, bob);
        conserved();
    }

    function testTheRewardIsTheFeeOverTheRate() public {
        for (uint256 salt = 10; salt < 13; ++salt) {
            Body memory quiet = post(salt);
            vm.warp(block.timestamp + EPOCH);
            uint256 e0 = recordFor(quiet, false);
            vm.warp(windowEnd(quiet) + 1);
            claims.finalize(quiet, e0);
        }
        (Body memory b, uint256 e) = audited(1);
        attest(b, bob, commitment(b, bob, traceRoot), STAKE);
        finish(b, e);
        vm.prank(bob);
        duties.report(b, traceRoot);
        vm.warp(block.timestamp + REPORT + 1);
        duties.collect(b, bob);
        assertEq(free(bob), PURSE + 2 * FEE, "twice the fee, at a rate of a half");
        assertEq(locked(address(duties)), 2 * FEE, "the rest of four");
        conserved();
    }

    function testACopiedAttestationFitsNothing() public {
        (Body memory b, uint256 e) = audited(1);
        uint160 bobs = commitment(b, bob, traceRoot);
        attest(b, bob, bobs, STAKE);
        attest(b, carol, bobs, STAKE);
        finish(b, e);
        vm.expectRevert(Duties.WrongTraceRoot.selector);
        vm.prank(carol);
        duties.report(b, traceRoot);
    }

    function testAnAttestationFitsItsClaimAlone() public {
        (Body memory b, uint256 e) = audited(1);
        Body memory c = post(2);
        attest(b, bob, commitment(c, bob, traceRoot), STAKE);
        finish(b, e);
        vm.expectRevert(Duties.WrongTraceRoot.selector);
        vm.prank(bob);
        duties.report(b, traceRoot);
    }

    /// Once the root is public, having it proves nothing.
    function testNobodyAttestsAfterTheRootIsKnown() public {
        (Body memory b,) = audited(1);
        vm.prank(alice);
        duties.publish(b, traceRoot, tracePath);
        uint160 c = commitment(b, bob, traceRoot);
        refused(abi.encodeWithSelector(Duties.AlreadyBound.selector), b, bob, c, STAKE);
    }

    function testAttestationsHaveRules() public {
        Body memory b = post(1);
        refused(abi.encodeWithSelector(Duties.TooLittle.selector, STAKE), b, bob, 77, STAKE - 1);
        refused(abi.encodeWithSelector(Duties.InvalidParameter.selector), b, bob, 1, STAKE); // the mark of one that was reported
        attest(b, bob, 77, STAKE);
        refused(abi.encodeWithSelector(Duties.AlreadyAttested.selector), b, bob, 78, STAKE);
        vm.expectRevert(Duties.UnknownClaim.selector);
        vm.prank(carol);
        duties.attest(keccak256("none"), 77, STAKE);
        vm.warp(windowEnd(b) + 1);
        refused(abi.encodeWithSelector(Duties.WindowOver.selector), b, carol, 77, STAKE);
    }

    function testStakeOfAnUnauditedClaimComesBackAtItsEnd() public {
        Body memory b = post(1);
        attest(b, bob, 77, STAKE);
        vm.warp(block.timestamp + EPOCH);
        uint256 e = recordFor(b, false);
        vm.warp(windowEnd(b) + 1);
        claims.finalize(b, e);
        vm.expectRevert(Duties.NotAudited.selector);
        vm.prank(bob);
        duties.report(b, traceRoot);
        duties.collect(b, bob);
        assertEq(free(bob), PURSE, "nothing lost, nothing won");
        conserved();
    }

    // ---- games and duties together ----

    function testAGameAndADutyLostTogether() public {
        Body memory b = post(1);
        vm.prank(carol);
        disputes.challenge(b);
        ask(b, 0);
        vm.warp(block.timestamp + DEMAND + 1);
        duties.unanswered(b);
        assertEq(status(b), 2, "invalid");
        // The game was opened before and plays on; its challenger wins by time and takes the duty's place.
        uint256 a = uint256(uint160(alice)) << 96 | 1 << 64 | 1 << 56 | 5 << 40;
        uint256 opened = block.timestamp - DEMAND - 1;
        uint256 bb = uint256(uint160(carol)) << 96 | (opened + 600) << 56 | 600 << 32 | 600 << 8;
        vm.warp(opened + 601);
        disputes.timeout(_terms(b), a, bb, 0, 0, 0);
        assertTrue(free(carol) > PURSE - 3 ether, "the earliest opened wins the pot");
        assertEq(locked(carol), 3 ether, "her challenger's bond is free again");
        assertEq(locked(alice), 0, "the claimant has lost all of it");
        conserved();
    }

    function _terms(Body memory b) private pure returns (Terms memory) {
        return Terms(b.batch, b.lot, b.modelId, b.inputRoot, b.outputRoot);
    }

    function testOnlyDutiesForfeits() public {
        Body memory b = post(1);
        vm.expectRevert(Payouts.Unauthorized.selector);
        vm.prank(bob);
        disputes.forfeit(b, bob);
    }
}
