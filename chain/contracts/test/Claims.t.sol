// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {System} from "./System.sol";
import {Claims} from "../src/Claims.sol";
import {Policy} from "../src/Policy.sol";
import {Stakes} from "../src/Stakes.sol";
import {Body} from "../src/Types.sol";

/// Claims from post to their end, and what an owner may do about it (docs/protocol.md, section 4).
contract ClaimsTest is System {
    function setUp() public {
        deploy(0);
    }

    // ---- identity and posting ----

    function testIdAsThePageSays() public {
        Body memory body = bodyOf(7, 100 ether);
        bytes32 want = keccak256(
            abi.encode(
                keccak256("gainsay.claim"),
                block.chainid,
                address(claims),
                bytes32(0),
                (uint256(7) << 128) + 100 ether,
                alice,
                modelId,
                keccak256("input"),
                keccak256("output")
            )
        );
        assertEq(claims.idOf(body), want, "id");
        vm.expectEmit();
        emit Claims.Posted(
            want,
            alice,
            modelId,
            body.inputRoot,
            body.outputRoot,
            body.lot,
            0,
            usual(),
            uint64(block.timestamp) + WINDOW,
            "in",
            "out"
        );
        assertEq(post(body), want, "id of post");
        assertEq(claims.slotOf(want), DEPTH_BITS | (block.timestamp + WINDOW) << 16 | 1, "slot");
        assertEq(locked(alice), bond(100 ether) + fee(100 ether), "bond and fee");
        vm.expectRevert(Claims.ClaimExists.selector);
        vm.prank(alice);
        claims.post(modelId, body.inputRoot, body.outputRoot, body.lot, "", "");
        // Every length of input and output is told as it came.
        for (uint256 i = 0; i < 70; ++i) {
            bytes memory input = new bytes(i);
            bytes memory output = new bytes((7 * i) % 67);
            for (uint256 j = 0; j < i; ++j) {
                input[j] = bytes1(uint8(j + 1));
            }
            for (uint256 j = 0; j < output.length; ++j) {
                output[j] = bytes1(uint8(255 - j));
            }
            body.lot = (i + 1000) << 128;
            bytes32 id = claims.idOf(body);
            vm.expectEmit();
            emit Claims.Posted(
                id,
                alice,
                modelId,
                body.inputRoot,
                body.outputRoot,
                body.lot,
                0,
                usual(),
                uint64(block.timestamp) + WINDOW,
                input,
                output
            );
            vm.prank(alice);
            claims.post(modelId, body.inputRoot, body.outputRoot, body.lot, input, output);
        }
        // Everybody's claims are their own, whatever they copy; and another salt is another claim.
        body.claimant = bob;
        assertTrue(post(body) != want, "bob's");
        assertTrue(post(bodyOf(8, 100 ether)) != want, "salted");
        conserved();
    }

    function testRefusals() public {
        vm.startPrank(alice);
        vm.expectRevert(Claims.ModelInactive.selector);
        claims.post(keccak256("nothing"), 0, 0, 0, "", "");
        claims.post(modelId, 0, 0, 0, new bytes(BYTES_MAX), "");
        vm.expectRevert(Claims.TooManyBytes.selector);
        claims.post(modelId, 0, 0, 1, new bytes(BYTES_MAX), new bytes(1));
        vm.expectRevert(
            abi.encodeWithSelector(Stakes.Insufficient.selector, free(alice), bond(20000 ether) + fee(20000 ether))
        );
        claims.post(modelId, 0, 0, 20000 ether, "", "");
        vm.stopPrank();
        vm.expectRevert(Claims.UnknownClaim.selector);
        claims.finalize(bodyOf(1, 1), 0);
        vm.expectRevert(Claims.UnknownClaim.selector);
        claims.release(bodyOf(1, 1));
    }

    function testQuoteIsWhatIsLocked(uint128 value) public {
        (uint256 b, uint256 f) = claims.quote(value);
        assertEq(b, 10 ether + uint256(value) / 10, "bond");
        assertEq(f, 0.5 ether + uint256(value) / 1000, "fee");
        assertEq(claims.bondOf(0, value), b, "by version");
        assertEq(claims.feeOf(0, value), f, "by version");
        vm.expectRevert(Policy.InvalidParameter.selector);
        claims.quote(uint256(value) + (1 << 128));
        vm.expectRevert(Policy.InvalidParameter.selector);
        claims.bondOf(0, uint256(value) + (1 << 128));
        vm.expectRevert(Policy.InvalidParameter.selector);
        claims.feeOf(0, uint256(value) + (1 << 128));
    }

    // ---- finality ----

    function testFinality() public {
        Body memory body = bodyOf(1, 100 ether);
        bytes32 id = post(body);
        vm.warp(block.timestamp + WINDOW); // still in its window
        vm.expectRevert(Claims.WindowOpen.selector);
        claims.finalize(body, 0);
        openGame(body);
        vm.warp(block.timestamp + 1);
        vm.expectRevert(Claims.WindowOver.selector);
        vm.prank(disputes);
        claims.openGame(id);
        vm.expectRevert(Claims.GamesOpen.selector);
        claims.finalize(body, 0);
        endGame(body); // the claimant won that one
        mark(id, 1, 0, false);
        vm.expectRevert(Claims.DemandPending.selector);
        claims.finalize(body, 0);
        mark(id, 0, 1, false);
        duties.refuse(true);
        vm.expectRevert(Claims.NotCleared.selector);
        claims.finalize(body, 0);
        duties.refuse(false);
        vm.expectEmit();
        emit Claims.Finalized(id);
        claims.finalize(body, 0);
        assertEq(statusOf(body), 3, "final");
        assertEq(windowEnd(claims.slotOf(id)), block.timestamp, "since when");
        assertEq(locked(alice), 0, "bond free");
        assertEq(free(alice), PURSE - fee(100 ether), "less the fee");
        assertEq(locked(address(duties)), fee(100 ether), "in the pool");
        conserved();
        vm.expectRevert(Claims.ClaimNotOpen.selector);
        claims.finalize(body, 0);
        vm.expectRevert(Claims.ClaimNotOpen.selector);
        claims.release(body);
        (uint256 b, uint256 f) = lose(body);
        assertEq(b + f, 0, "nothing to lose any more");
        assertEq(statusOf(body), 3, "final for ever");
    }

    function mark(bytes32 id, uint8 set, uint8 clear, bool extend) private {
        vm.prank(address(duties));
        claims.mark(id, set, clear, extend);
    }

    /// Whose money it is stands in the id: nobody gets it by naming another.
    function testNobodyElsesClaim() public {
        Body memory body = bodyOf(1, 100 ether);
        post(body);
        Body memory stolen = bodyOf(1, 100 ether);
        stolen.claimant = bob;
        afterWindow();
        vm.startPrank(bob);
        vm.expectRevert(Claims.UnknownClaim.selector);
        claims.finalize(stolen, 0);
        vm.expectRevert(Claims.UnknownClaim.selector);
        claims.release(stolen);
        stolen.claimant = alice;
        stolen.lot += 1; // nor more of it
        vm.expectRevert(Claims.UnknownClaim.selector);
        claims.finalize(stolen, 0);
        claims.finalize(body, 0);
        vm.stopPrank();
        assertEq(free(bob), PURSE, "not bob's");
        assertEq(free(alice), PURSE - fee(100 ether), "alice's");
    }

    function testMarks() public {
        Body memory body = bodyOf(1, 0);
        bytes32 id = post(body);
        uint256 posted = claims.slotOf(id);
        mark(id, 3, 0, false);
        assertEq(claims.slotOf(id), posted | 3 << 8, "set");
        mark(id, 4, 2, false);
        assertEq(claims.slotOf(id), posted | 5 << 8, "set and cleared");
        vm.warp(block.timestamp + 10);
        mark(id, 0, 5, true);
        assertEq(claims.slotOf(id), DEPTH_BITS | (block.timestamp + WINDOW) << 16 | 1, "extended");
        vm.expectRevert(Policy.InvalidParameter.selector); // whose bond it is, nobody changes
        mark(id, 8, 0, false);
        vm.expectRevert(Policy.InvalidParameter.selector);
        mark(id, 0, 8, false);
        lose(body);
        vm.expectRevert(Claims.ClaimNotOpen.selector);
        mark(id, 1, 0, true);
    }

    /// An extension never makes a window shorter: terms with a shorter window than the one that was extended.
    function testExtensionNeverShortens() public {
        Body memory body = bodyOf(1, 0);
        bytes32 id = post(body);
        vm.warp(block.timestamp + 100);
        mark(id, 0, 0, true);
        uint256 end = block.timestamp + WINDOW;
        vm.warp(block.timestamp - 50);
        mark(id, 0, 0, true);
        assertEq(windowEnd(claims.slotOf(id)), end, "as long as before");
    }

    function testLosing() public {
        Body memory body = bodyOf(1, 100 ether);
        bytes32 id = post(body);
        openGame(body);
        openGame(body);
        vm.expectEmit();
        emit Claims.Invalidated(id);
        (uint256 b, uint256 f) = lose(body);
        assertEq(b, bond(100 ether), "bond");
        assertEq(f, fee(100 ether), "fee");
        assertEq(statusOf(body), 2, "invalid");
        assertEq(locked(alice), b + f, "still there: the caller settles");
        (b, f) = lose(body);
        assertEq(b + f, 0, "once");
        vm.prank(disputes);
        (uint256 slot, uint256 none,) = claims.lose(id, body.batch, body.lot, true); // the game of who wins later
        assertEq(uint16(slot >> 56), 1, "one game less");
        assertEq(uint8(slot), 2, "invalid before");
        assertEq(none, 0, "nothing more");
        endGame(body);
        vm.expectRevert(Claims.UnknownClaim.selector); // none left
        vm.prank(disputes);
        claims.endGame(id);
        vm.expectRevert(Claims.ClaimNotOpen.selector);
        vm.prank(disputes);
        claims.openGame(id);
        afterWindow();
        vm.expectRevert(Claims.ClaimNotOpen.selector);
        claims.finalize(body, 0);
    }

    function testGamesAreCounted() public {
        Body memory body = bodyOf(1, 0);
        bytes32 id = post(body);
        vm.startPrank(disputes);
        for (uint256 i = 0; i < 3; ++i) {
            (uint256 ordinal, uint256 before, uint256 depth) = claims.openGame(id);
            assertEq(depth, 5, "the model's");
            assertEq(ordinal, i, "ordinal");
            assertEq(before, i, "open before");
        }
        uint256 slot = claims.endGame(id);
        assertEq(uint16(slot >> 56), 2, "open");
        assertEq(claims.addOrdinal(id), 3, "a duty's");
        (uint256 next, uint256 open,) = claims.openGame(id);
        assertEq(next, 4, "never again");
        assertEq(open, 2, "a duty's game is not open");
        claims.bindTrace(id, 77);
        claims.bindTrace(id, 77);
        vm.expectRevert(Claims.WrongTraceRoot.selector);
        claims.bindTrace(id, 78);
        assertEq(claims.slotOf(id) >> 96, 77, "bound");
        assertEq(windowEnd(claims.slotOf(id)), block.timestamp + WINDOW, "nothing else changed");
        vm.stopPrank();
    }

    function testOrdinalsEnd() public {
        bytes32 id = post(bodyOf(1, 0));
        vm.startPrank(disputes);
        for (uint256 i = 0; i < 65535; ++i) {
            claims.addOrdinal(id);
        }
        vm.expectRevert(Claims.TooManyGames.selector);
        claims.addOrdinal(id);
        vm.expectRevert(Claims.TooManyGames.selector);
        claims.openGame(id);
        vm.stopPrank();
        assertEq(claims.slotOf(id), 65535 << 72 | DEPTH_BITS | (block.timestamp + WINDOW) << 16 | 1, "nothing ran over");
    }

    function testOnlyTheSystem() public {
        Body memory body = bodyOf(1, 0);
        bytes32 id = post(body);
        address[5] memory others = [alice, owner, address(models), address(batches), address(this)];
        for (uint256 i = 0; i < others.length; ++i) {
            vm.startPrank(others[i]);
            vm.expectRevert(Claims.Unauthorized.selector);
            claims.openGame(id);
            vm.expectRevert(Claims.Unauthorized.selector);
            claims.endGame(id);
            vm.expectRevert(Claims.Unauthorized.selector);
            claims.addOrdinal(id);
            vm.expectRevert(Claims.Unauthorized.selector);
            claims.bindTrace(id, 1);
            vm.expectRevert(Claims.Unauthorized.selector);
            claims.lose(id, body.batch, body.lot, false);
            vm.expectRevert(Claims.Unauthorized.selector);
            claims.mark(id, 0, 0, true);
            if (others[i] != address(batches)) {
                vm.expectRevert(Claims.Unauthorized.selector);
                claims.openLeaf(body, 0, 0);
                vm.expectRevert(Claims.Unauthorized.selector);
                claims.postLeaf(body, "", "");
            }
            if (others[i] != address(models)) {
                vm.expectRevert(Claims.Unauthorized.selector);
                claims.accept(modelId, 0);
            }
            vm.stopPrank();
        }
    }

    // ---- a void model ----

    function testVoidModelReleases() public {
        Body memory body = bodyOf(1, 100 ether);
        bytes32 id = post(body);
        openGame(body);
        vm.expectRevert(Claims.NotReleasable.selector);
        claims.release(body);
        models.voidNow(modelId, bob, 1);
        vm.expectEmit();
        emit Claims.Released(id);
        claims.release(body);
        assertEq(statusOf(body), 4, "void");
        assertEq(locked(alice), 0, "bond and fee back");
        assertEq(free(alice), PURSE, "all of it");
        endGame(body); // its game can only be closed
        conserved();
    }

    function testVoidModelIsNotFinal() public {
        Body memory body = bodyOf(1, 0);
        post(body);
        Body memory early = bodyOf(2, 0);
        post(early);
        afterWindow();
        claims.finalize(early, 0);
        models.voidNow(modelId, bob, 1);
        vm.expectRevert(Claims.ModelVoid.selector);
        claims.finalize(body, 0);
        vm.expectRevert(Claims.ClaimNotOpen.selector); // what was final stays so
        claims.release(early);
    }

    // ---- terms ----

    function testTermsChangeLater() public {
        Body memory old = bodyOf(1, 100 ether);
        bytes32 oldId = post(old);
        uint256 next = word(1 ether, 0, 500, 0, 50);
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, alice));
        vm.prank(alice);
        claims.scheduleTerms(next);
        vm.expectRevert(Policy.NothingScheduled.selector);
        claims.applyTerms();
        vm.prank(owner);
        claims.scheduleTerms(next);
        vm.warp(block.timestamp + DELAY - 1);
        vm.expectRevert(abi.encodeWithSelector(Policy.NotReady.selector, block.timestamp + 1));
        claims.applyTerms();
        vm.warp(block.timestamp + 1);
        uint256 slot = claims.slotOf(oldId);
        vm.prank(bob); // anybody
        claims.applyTerms();
        vm.expectRevert(Policy.NothingScheduled.selector);
        claims.applyTerms();
        assertEq(claims.current(), next | 1 << 8, "version 1");
        assertEq(claims.termsOf(0), usual(), "version 0");
        assertEq(claims.slotOf(oldId), slot, "posted claims do not change");
        Body memory body = bodyOf(2, 100 ether);
        bytes32 id = post(body);
        assertEq(locked(alice), bond(100 ether) + fee(100 ether) + 6 ether, "new bond, no fee");
        assertEq(claims.slotOf(id), uint256(1) << 88 | DEPTH_BITS | (block.timestamp + 50) << 16 | 1, "new window");
        (uint256 b, uint256 f) = lose(old);
        assertEq(b + f, bond(100 ether) + fee(100 ether), "old terms");
        vm.warp(block.timestamp + 51);
        claims.finalize(body, 0);
        assertEq(locked(address(duties)), 0, "no fee");
        assertEq(locked(alice), b + f, "the old one's");
        conserved();
    }

    function testTermsBounds() public {
        vm.startPrank(owner);
        uint256[7] memory bad = [
            word(1, 1, 10001, 0, 1),
            word(1, 1, 0, 10001, 1),
            word(1, 1, 0, 0, 0),
            word(1, 1, 0, 0, (1 << 31) + 1),
            word(1, 1, 0, 0, 1) | 1,
            word(1, 1, 0, 0, 1) | 1 << 8,
            word(1, 1, 0, 0, 1) | 1 << 248
        ];
        for (uint256 i = 0; i < bad.length; ++i) {
            vm.expectRevert(Policy.InvalidTerms.selector);
            claims.scheduleTerms(bad[i]);
        }
        claims.scheduleTerms(word(type(uint96).max, type(uint72).max, 10000, 10000, 1 << 31));
        vm.warp(block.timestamp + DELAY);
        claims.applyTerms();
        (uint256 b, uint256 f) = claims.quote(type(uint128).max);
        assertEq(b, uint256(type(uint96).max) + type(uint128).max, "no overflow");
        assertEq(f, uint256(type(uint72).max) + type(uint128).max, "no overflow");
        claims.scheduleTerms(usual());
        claims.cancelTerms();
        vm.expectRevert(Policy.NothingScheduled.selector);
        claims.cancelTerms();
        vm.warp(block.timestamp + DELAY);
        vm.expectRevert(Policy.NothingScheduled.selector);
        claims.applyTerms();
        // What is scheduled again waits again.
        claims.scheduleTerms(usual());
        vm.warp(block.timestamp + DELAY - 1);
        claims.scheduleTerms(usual());
        vm.warp(block.timestamp + 1);
        vm.expectRevert();
        claims.applyTerms();
        vm.stopPrank();
    }

    function testVersionsEnd() public {
        vm.startPrank(owner);
        for (uint256 i = 0; i < 255; ++i) {
            claims.scheduleTerms(usual());
            vm.warp(block.timestamp + DELAY);
            claims.applyTerms();
        }
        claims.scheduleTerms(usual());
        vm.warp(block.timestamp + DELAY);
        vm.expectRevert(Policy.InvalidTerms.selector);
        claims.applyTerms();
        vm.stopPrank();
        assertEq(uint8(claims.current() >> 8), 255, "the last");
    }

    function testHandoverInTwoSteps() public {
        vm.prank(owner);
        claims.transferOwnership(bob);
        assertEq(claims.owner(), owner, "not yet");
        vm.expectRevert();
        vm.prank(bob);
        claims.retireDeployment();
        vm.prank(bob);
        claims.acceptOwnership();
        vm.expectRevert();
        vm.prank(owner);
        claims.retireDeployment();
        vm.prank(bob);
        claims.retireDeployment();
    }

    // ---- a retired deployment ----

    function testRetirement() public {
        Body memory a = bodyOf(1, 100 ether);
        Body memory b = bodyOf(2, 0);
        Body memory c = bodyOf(3, 0);
        bytes32 id = post(a);
        post(b);
        post(c);
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, bob));
        vm.prank(bob);
        claims.retireDeployment();
        retireDeployment();
        assertTrue(claims.retired() && !claims.graceOver(), "retired");
        vm.expectRevert(Policy.Retired.selector);
        vm.prank(owner);
        claims.retireDeployment();
        vm.expectRevert(Policy.Retired.selector);
        vm.prank(alice);
        claims.post(modelId, 0, 0, 9, "", "");
        // What is open goes on.
        vm.prank(disputes);
        claims.openGame(id);
        lose(b);
        afterWindow();
        claims.finalize(c, 0);
        vm.warp(claims.retiredAt() + GRACE);
        vm.expectRevert(Claims.NotReleasable.selector);
        claims.release(a);
        vm.warp(block.timestamp + 1);
        claims.release(a); // though a game is open
        assertEq(statusOf(a), 4, "void");
        assertEq(locked(alice), bond(0) + fee(0), "what b lost is not released");
        vm.expectRevert(Claims.ClaimNotOpen.selector);
        claims.release(b);
        vm.prank(disputes);
        claims.endGame(id);
        conserved();
    }

    function testRetirementOutlivesTerms() public {
        vm.startPrank(owner);
        claims.scheduleTerms(usual());
        claims.retireDeployment();
        vm.warp(block.timestamp + DELAY);
        claims.applyTerms();
        vm.stopPrank();
        vm.expectRevert(Policy.Retired.selector);
        vm.prank(alice);
        claims.post(modelId, 0, 0, 9, "", "");
    }

    /// Whatever the owner calls, nobody's money moves and no posted claim changes.
    function testOwnerCanTakeNothing() public {
        Body memory body = bodyOf(1, 100 ether);
        bytes32 id = post(body);
        uint256 slot = claims.slotOf(id);
        uint256 had = free(alice);
        vm.startPrank(owner);
        claims.scheduleTerms(word(type(uint96).max, type(uint72).max, 10000, 10000, 1));
        vm.warp(block.timestamp + DELAY);
        claims.applyTerms();
        claims.scheduleTerms(usual());
        claims.cancelTerms();
        claims.retireDeployment();
        claims.transferOwnership(owner);
        claims.acceptOwnership();
        claims.renounceOwnership();
        vm.expectRevert(Stakes.Unauthorized.selector);
        stakes.pay(alice, 1, owner);
        vm.expectRevert(Stakes.Unauthorized.selector);
        stakes.unlock(alice, 1);
        vm.stopPrank();
        assertEq(claims.slotOf(id), slot, "claim");
        assertEq(free(alice), had, "free");
        assertEq(locked(alice), bond(100 ether) + fee(100 ether), "locked");
        assertEq(sumOf(owner) + token.balanceOf(owner), 0, "nothing");
        claims.finalize(body, 0);
        assertEq(free(alice), PURSE - fee(100 ether), "by the terms it was posted under");
    }

    function testParameters() public {
        vm.expectRevert();
        make("Claims.sol", abi.encode(address(stakes), address(models), address(0), address(0), address(0), address(0), DELAY, GRACE, 1, usual()));
        vm.expectRevert(Policy.InvalidParameter.selector);
        make("Claims.sol", abi.encode(address(stakes), address(models), address(0), address(0), address(0), owner, DELAY, 0, 1, usual()));
        vm.expectRevert(Policy.InvalidParameter.selector);
        make("Claims.sol", abi.encode(address(stakes), address(models), address(0), address(0), address(0), owner, (1 << 32) + 1, 1, 1, usual()));
        vm.expectRevert(Policy.InvalidTerms.selector);
        make("Claims.sol", abi.encode(address(stakes), address(models), address(0), address(0), address(0), owner, DELAY, GRACE, 1, 0));
    }

    // ---- for consumers ----

    function testStatusForConsumers() public {
        Body memory body = bodyOf(1, 100 ether);
        check(body, 0, 0, 0, 0);
        bytes32 id = post(body);
        duties.attest(id);
        check(body, 1, bond(100 ether), 1, block.timestamp + WINDOW + 1);
        vm.warp(block.timestamp + WINDOW + 50);
        check(body, 1, bond(100 ether), 1, block.timestamp);
        claims.finalize(body, 0);
        uint256 since = windowEnd(claims.slotOf(id)); // not block.timestamp: the optimizer takes it for constant
        assertEq(since, block.timestamp, "now");
        vm.warp(since + 500);
        check(body, 3, 0, 1, since);
        body = bodyOf(2, 0);
        post(body);
        lose(body);
        check(body, 2, 0, 0, 0);
        body = bodyOf(3, 0);
        post(body);
        models.voidNow(modelId, bob, 1);
        check(body, 1, 0, 0, 0); // it never will be
    }

    function check(Body memory body, uint256 status, uint256 stake, uint256 attesters, uint256 when) private view {
        (uint8 s, bool f, uint256 v, uint256 a, uint256 e) = claims.statusOf(body);
        assertEq(s, status, "status");
        assertTrue(f == (status == 3), "final");
        assertEq(v, stake, "at stake");
        assertEq(a, attesters, "attesters");
        assertEq(e, when, "earliest");
    }
}
