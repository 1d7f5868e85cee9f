// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {System} from "./System.sol";
import {Batch, Batches} from "../src/Batches.sol";
import {Claims} from "../src/Claims.sol";
import {Stakes} from "../src/Stakes.sol";
import {Body} from "../src/Types.sol";

/// Batches of both kinds (docs/protocol.md, 4.5), against trees built by the plainest means.
contract BatchesTest is System {
    function setUp() public {
        deploy(0);
    }

    // ---- leaves in calldata ----

    function testPostLeaves() public {
        Leaf[] memory leaves = leavesOf(5);
        Batch memory batch = batchOf(leaves, 9, 2);
        bytes32 id = batches.idOf(batch);
        bytes32 want = keccak256(
            abi.encode(
                keccak256("gainsay.batch"),
                block.chainid,
                address(batches),
                alice,
                uint256(9),
                batch.root,
                uint256(5),
                uint256(2),
                modelId
            )
        );
        assertEq(id, want, "id as the page says");
        (uint256 b, uint256 f) = sumsOf(leaves);
        vm.expectEmit();
        emit Batches.BatchPosted(
            id, alice, modelId, batch.root, 5, 9, usual(), uint64(block.timestamp) + WINDOW, packed(leaves)
        );
        postLeaves(leaves, 9);
        assertEq(locked(alice), b + f, "bond and fee of all");
        (uint256 lockedBond, uint256 lockedFee) = batches.lockedOf(id);
        assertEq(lockedBond, b, "bond");
        assertEq(lockedFee, f, "fee");
        vm.expectRevert(Batches.BatchExists.selector);
        vm.prank(alice);
        batches.postLeaves(9, modelId, packed(leaves));
        postLeaves(leaves, 10); // the same under another salt is another batch
        afterWindow();
        batches.finalizeBatch(batch);
        assertEq(batches.statusOf(id), 3, "final");
        assertEq(locked(alice), b + f, "the other's");
        assertEq(locked(address(duties)), f, "fee");
        conserved();
        vm.expectRevert(Batches.BatchNotOpen.selector);
        batches.finalizeBatch(batch);
        vm.expectRevert(Batches.BatchNotOpen.selector);
        batches.releaseBatch(batch);
    }

    /// Every count up to 33 and one large: the root is the plain tree's, every leaf opens under it, with its own path alone.
    function testTreesOfAllCounts() public {
        for (uint256 n = 1; n <= 33; ++n) {
            Leaf[] memory leaves = leavesOf(n);
            for (uint256 i = 0; i < n; ++i) {
                leaves[i].value = uint128(i);
            }
            token.mint(alice, 1000 ether);
            vm.prank(alice);
            stakes.deposit(1000 ether);
            Batch memory batch = postLeaves(leaves, uint64(n));
            for (uint256 i = n == 33 ? 31 : 0; i < n; ++i) {
                Body memory body = openLeaf(leaves, batch, i);
                assertEq(statusOf(body), 1, "open");
                vm.expectRevert(Claims.ClaimExists.selector);
                batches.openLeaf(body, batch.salt, batch.count, pathOf(leaves, i));
            }
        }
    }

    function testManyLeaves() public {
        Leaf[] memory leaves = new Leaf[](4097);
        bytes memory data = new bytes(4097 * 80); // all alike, of value 0
        token.mint(alice, 50000 ether);
        vm.startPrank(alice);
        stakes.deposit(50000 ether);
        vm.expectRevert(Batches.TooManyLeaves.selector);
        batches.postLeaves(1, modelId, data);
        assembly ("memory-safe") {
            mstore(data, 327680) // 4096 leaves
            mstore(leaves, 4096)
        }
        bytes32 id = batches.postLeaves(1, modelId, data);
        vm.stopPrank();
        bytes32 root = nodeAt(leaves, modelId, 0, 0);
        for (uint256 i = 0; i < 12; ++i) {
            root = keccak256(abi.encodePacked(uint8(1), root, root));
        }
        assertEq(id, batches.idOf(Batch(alice, 1, root, 4096, 2, modelId)), "root");
    }

    function testRefusals() public {
        Leaf[] memory leaves = leavesOf(2);
        bytes memory data = packed(leaves);
        vm.startPrank(alice);
        vm.expectRevert(Batches.InvalidParameter.selector);
        batches.postLeaves(1, modelId, "");
        vm.expectRevert(Batches.InvalidParameter.selector);
        batches.postLeaves(1, modelId, abi.encodePacked(data, uint8(0)));
        vm.expectRevert(Batches.ModelInactive.selector);
        batches.postLeaves(1, keccak256("nothing"), data);
        leaves[0].value = type(uint128).max;
        leaves[1].value = 1;
        data = packed(leaves);
        vm.expectRevert(Batches.InvalidParameter.selector); // the sum has to fit
        batches.postLeaves(1, modelId, data);
        leaves[1].value = 0;
        data = packed(leaves);
        vm.expectRevert(); // more than alice has
        batches.postLeaves(1, modelId, data);
        vm.expectRevert(Batches.InvalidParameter.selector);
        batches.postRoot(0, 0, 0, 0);
        vm.stopPrank();
        Batch memory none = batchOf(leavesOf(3), 1, 2);
        vm.expectRevert(Batches.UnknownBatch.selector);
        batches.finalizeBatch(none);
        vm.expectRevert(Batches.UnknownBatch.selector);
        batches.releaseBatch(none);
    }

    function testEqualLeavesAreDifferentClaims() public {
        Leaf[] memory leaves = leavesOf(4);
        leaves[2] = leaves[1];
        Batch memory batch = postLeaves(leaves, 1);
        Body memory a = openLeaf(leaves, batch, 1);
        Body memory b = openLeaf(leaves, batch, 2);
        assertTrue(claims.idOf(a) != claims.idOf(b), "by index");
        lose(a);
        assertEq(statusOf(b), 1, "still to be played for");
    }

    /// Nothing but a leaf, at its place, by its path, passes for it.
    function testForgedLeaves() public {
        Leaf[] memory leaves = leavesOf(5); // eight places, three of them missing
        Batch memory batch = postLeaves(leaves, 1);
        Body memory body = leafBody(leaves, batch, 2);
        bytes32[] memory path = pathOf(leaves, 2);
        refused(body, 2, 5, path); // another salt
        refused(body, 1, 6, path); // another count
        refused(body, 1, 8, path);
        refused(body, 1, 4, path);
        refused(body, 1, 2, path);
        body.lot += 1; // another value
        refused(body, 1, 5, path);
        body = leafBody(leaves, batch, 2);
        body.claimant = bob;
        refused(body, 1, 5, path);
        body = leafBody(leaves, batch, 2);
        body.modelId = register(1);
        refused(body, 1, 5, path);
        body = leafBody(leaves, batch, 2);
        body.outputRoot = body.inputRoot;
        refused(body, 1, 5, path);
        body = leafBody(leaves, batch, 2);
        body.batch = keccak256("none");
        refused(body, 1, 5, path);
        // High bits of the index would alias: 2 + 8 leads the same way.
        body = leafBody(leaves, batch, 2);
        body.lot += 8 << 128;
        refused(body, 1, 5, path);
        refused(body, 1, 11, path);
        // A padding leaf (the hash 0 has no preimage, so only its index can be asked for), a longer and a shorter path.
        body = leafBody(leaves, batch, 4);
        body.lot += 1 << 128;
        refused(body, 1, 5, pathOf(leaves, 5));
        body = leafBody(leaves, batch, 2);
        refused(body, 1, 5, new bytes32[](4));
        refused(body, 1, 5, new bytes32[](2));
        refused(body, 1, 5, new bytes32[](0));
        refused(body, 1, 5, new bytes32[](300));
        batches.openLeaf(body, 1, 5, path);
    }

    function refused(Body memory body, uint64 salt, uint32 count, bytes32[] memory path) private {
        vm.expectRevert(Batches.WrongPath.selector);
        batches.openLeaf(body, salt, count, path);
    }

    /// An inner node cannot pass for a leaf: its 64 bytes and tag are no leaf's 112. A batch over the two upper nodes of a
    /// tree is another batch, with leaves of its own.
    function testNodesAreNoLeaves() public {
        Leaf[] memory leaves = leavesOf(4);
        Batch memory batch = postLeaves(leaves, 1);
        bytes32 left = nodeAt(leaves, modelId, 1, 0);
        bytes32 right = nodeAt(leaves, modelId, 1, 1);
        Body memory body = Body(batches.idOf(batch), 0, alice, modelId, left, right);
        bytes32[] memory path = new bytes32[](1);
        path[0] = right;
        refused(body, 1, 2, path);
        path = new bytes32[](2);
        refused(body, 1, 4, path);
        Body memory leaf = leafBody(leaves, batch, 0);
        bytes memory asNode = abi.encodePacked(uint8(3), uint128(leaf.lot), modelId, leaf.inputRoot, leaf.outputRoot);
        assertEq(asNode.length, 113, "no node's length");
    }

    function testLeafWindowIsTheBatchs() public {
        Leaf[] memory leaves = leavesOf(3);
        Batch memory batch = postLeaves(leaves, 1);
        uint256 end = block.timestamp + WINDOW;
        vm.prank(owner);
        claims.scheduleTerms(word(1, 1, 1, 1, 77777));
        vm.warp(end);
        Body memory body = leafBody(leaves, batch, 0);
        bytes32 id = claims.idOf(body);
        bytes32[] memory first = pathOf(leaves, 0);
        vm.expectEmit();
        emit Claims.Posted(
            id, alice, modelId, body.inputRoot, body.outputRoot, body.lot, body.batch, usual(), uint64(end), "", ""
        );
        batches.openLeaf(body, 1, 3, first); // in the last second
        assertEq(windowEnd(claims.slotOf(id)), end, "window");
        assertEq(uint8(claims.slotOf(id) >> 8), 8, "on the batch's bond");
        assertEq(claims.slotOf(id) & 31 << 51, DEPTH_BITS, "and of its depth");
        (uint256 b, uint256 f) = sumsOf(leaves);
        assertEq(locked(alice), b + f, "no bond of its own");
        openGame(body);
        vm.warp(end + 1);
        Body memory late = leafBody(leaves, batch, 1);
        bytes32[] memory path = pathOf(leaves, 1);
        vm.expectRevert(Batches.WindowOver.selector);
        batches.openLeaf(late, 1, 3, path);
        vm.expectRevert(Batches.LeavesOpen.selector);
        batches.finalizeBatch(batch);
        vm.expectRevert(Claims.GamesOpen.selector);
        claims.finalize(body, 0);
        endGame(body);
        claims.finalize(body, 0);
        assertEq(statusOf(body), 3, "final by itself");
        assertEq(locked(alice), b + f, "that frees nothing");
        batches.finalizeBatch(batch);
        assertEq(locked(alice), 0, "the batch frees all");
        assertEq(locked(address(duties)), f, "and pays all");
        conserved();
    }

    function testLostLeafTakesTheBatch() public {
        Leaf[] memory leaves = leavesOf(6);
        Batch memory batch = postLeaves(leaves, 1);
        bytes32 id = batches.idOf(batch);
        Body[4] memory opened;
        for (uint256 i = 0; i < 4; ++i) {
            opened[i] = openLeaf(leaves, batch, i);
            openGame(opened[i]);
        }
        (uint256 b, uint256 f) = sumsOf(leaves);
        vm.expectEmit();
        emit Batches.BatchLost(id);
        (uint256 gotBond, uint256 gotFee) = lose(opened[1]);
        assertEq(gotBond, b, "the whole bond");
        assertEq(gotFee, f, "the whole fee");
        assertEq(batches.statusOf(id), 2, "lost");
        (gotBond, gotFee) = lose(opened[2]);
        assertEq(gotBond + gotFee, 0, "once");
        assertEq(statusOf(opened[2]), 2, "invalid all the same");
        assertEq(locked(alice), b + f, "the caller settles");
        // What was not opened cannot be any more.
        Body memory other = leafBody(leaves, batch, 5);
        bytes32[] memory path = pathOf(leaves, 5);
        vm.expectRevert(Batches.BatchNotOpen.selector);
        batches.openLeaf(other, 1, 6, path);
        // What is open plays on, but is never final.
        vm.expectRevert(Claims.GamesOpen.selector);
        claims.release(opened[0]);
        endGame(opened[0]);
        endGame(opened[3]);
        claims.release(opened[3]); // even in the window: there is nothing to win or lose
        assertEq(statusOf(opened[3]), 4, "void");
        afterWindow();
        vm.expectRevert(Batches.BatchNotOpen.selector);
        claims.finalize(opened[0], 0);
        claims.release(opened[0]);
        vm.expectRevert(Batches.BatchNotOpen.selector);
        batches.finalizeBatch(batch);
        vm.expectRevert(Batches.BatchNotOpen.selector);
        batches.releaseBatch(batch);
        assertEq(locked(alice), b + f, "nothing was freed twice");
        conserved();
    }

    /// A leaf that was final before another lost stays final, and the bond is whole.
    function testFinalLeafStaysFinal() public {
        Leaf[] memory leaves = leavesOf(2);
        Batch memory batch = postLeaves(leaves, 1);
        Body memory a = openLeaf(leaves, batch, 0);
        Body memory c = openLeaf(leaves, batch, 1);
        openGame(c);
        afterWindow();
        claims.finalize(a, 0);
        (uint256 b, uint256 f) = sumsOf(leaves);
        (uint256 gotBond, uint256 gotFee) = lose(c);
        assertEq(gotBond + gotFee, b + f, "whole");
        assertEq(statusOf(a), 3, "final");
        vm.expectRevert(Claims.ClaimNotOpen.selector);
        claims.release(a);
    }

    function testVoidModelReleasesTheBatch() public {
        Leaf[] memory leaves = leavesOf(3);
        Batch memory batch = postLeaves(leaves, 1);
        Body memory body = openLeaf(leaves, batch, 0);
        openGame(body);
        vm.expectRevert(Batches.NotReleasable.selector);
        batches.releaseBatch(batch);
        vm.expectRevert(Claims.NotReleasable.selector);
        claims.release(body);
        models.voidNow(modelId, bob, 3);
        claims.release(body);
        assertEq(statusOf(body), 4, "void");
        (uint256 b, uint256 f) = sumsOf(leaves);
        assertEq(locked(alice), b + f, "the batch's bond is the batch's");
        vm.warp(block.timestamp + WINDOW + 1);
        vm.expectRevert(Batches.LeavesOpen.selector);
        batches.finalizeBatch(batch);
        bytes32 id = batches.idOf(batch);
        vm.expectEmit();
        emit Batches.BatchReleased(id);
        batches.releaseBatch(batch);
        assertEq(locked(alice), 0, "back");
        assertEq(free(alice), PURSE, "all");
        Batch memory second = postLeavesNew();
        models.voidNow(second.modelId, bob, 3);
        afterWindow();
        vm.expectRevert(Batches.ModelVoid.selector);
        batches.finalizeBatch(second);
        conserved();
    }

    function postLeavesNew() private returns (Batch memory batch) {
        modelId = register(5);
        batch = postLeaves(leavesOf(3), 2);
    }

    function testRetiredDeploymentReleasesTheBatch() public {
        Leaf[] memory leaves = leavesOf(3);
        Batch memory batch = postLeaves(leaves, 1);
        Body memory body = openLeaf(leaves, batch, 0);
        openGame(body);
        retireDeployment();
        vm.expectRevert(Batches.DeploymentRetired.selector);
        vm.prank(alice);
        batches.postLeaves(2, modelId, packed(leaves));
        vm.warp(block.timestamp + GRACE);
        vm.expectRevert(Batches.NotReleasable.selector);
        batches.releaseBatch(batch);
        vm.warp(block.timestamp + 1);
        batches.releaseBatch(batch);
        assertEq(locked(alice), 0, "back");
        // The opened leaf's game, were it won now, wins nothing that is not there.
        (uint256 b, uint256 f) = lose(body);
        assertEq(b + f, 0, "nothing");
        conserved();
    }

    /// Whose money it is stands in the id: nobody gets it by naming another.
    function testNobodyElsesBatch() public {
        Batch memory batch = postLeaves(leavesOf(3), 1);
        uint256 had = free(bob);
        batch.claimant = bob;
        afterWindow();
        vm.startPrank(bob);
        vm.expectRevert(Batches.UnknownBatch.selector);
        batches.finalizeBatch(batch);
        models.voidNow(modelId, carol, 1);
        vm.expectRevert(Batches.UnknownBatch.selector);
        batches.releaseBatch(batch);
        batch.claimant = alice;
        batch.kind = 1;
        vm.expectRevert(Batches.UnknownBatch.selector);
        batches.releaseBatch(batch);
        batch.kind = 2;
        batches.releaseBatch(batch);
        vm.stopPrank();
        assertEq(free(bob), had, "not bob's");
        assertEq(free(alice), PURSE, "alice's");
    }

    function testOnlyClaimsEndLeaves() public {
        Batch memory batch = postLeaves(leavesOf(3), 1);
        bytes32 id = batches.idOf(batch);
        address[4] memory others = [alice, owner, disputes, address(duties)];
        for (uint256 i = 0; i < others.length; ++i) {
            vm.startPrank(others[i]);
            vm.expectRevert(Batches.Unauthorized.selector);
            batches.lose(id);
            vm.expectRevert(Batches.Unauthorized.selector);
            batches.leafFinal(id);
            vm.stopPrank();
        }
    }

    // ---- only a root ----

    function testPostRoot() public {
        Leaf[] memory leaves = leavesOf(3);
        Batch memory batch = batchOf(leaves, 4, 1);
        bytes32 id = batches.idOf(batch);
        vm.expectEmit();
        emit Batches.RootPosted(id, alice, modelId, batch.root, 3, 4);
        vm.prank(alice);
        batches.postRoot(batch.root, 3, 4, modelId);
        assertEq(locked(alice), 0, "nothing is locked");
        vm.expectRevert(Batches.BatchExists.selector);
        vm.prank(alice);
        batches.postRoot(batch.root, 3, 4, 0);
        // Nobody else's batch is alice's, though the root is.
        vm.prank(bob);
        batches.postRoot(batch.root, 3, 4, modelId);
        Body memory body = leafBody(leaves, batch, 1);
        bytes32[] memory path = pathOf(leaves, 1);
        vm.expectRevert(Batches.NotClaimant.selector);
        vm.prank(bob);
        batches.openLeaf(body, 4, 3, path, "", "");
        vm.expectRevert(Batches.WrongPath.selector); // as if its leaves were on chain: another kind, another id
        batches.openLeaf(body, 4, 3, path);
        vm.expectRevert(Batches.BatchNotOpen.selector);
        batches.finalizeBatch(batch);
        vm.expectRevert(Batches.BatchNotOpen.selector);
        batches.releaseBatch(batch);
        vm.warp(block.timestamp + 100 days); // whenever
        vm.startPrank(alice);
        bytes32 claimId = batches.openLeaf(body, 4, 3, path, "i", "o");
        assertEq(claimId, claims.idOf(body), "id");
        assertEq(claims.slotOf(claimId), DEPTH_BITS | (block.timestamp + WINDOW) << 16 | 1, "its own window and bond");
        uint256 value = uint128(body.lot);
        assertEq(locked(alice), bond(value) + fee(value), "locked");
        vm.expectRevert(Claims.ClaimExists.selector);
        batches.openLeaf(body, 4, 3, path, "", "");
        Body memory other = leafBody(leaves, batch, 0);
        path = pathOf(leaves, 0);
        vm.expectRevert(Claims.TooManyBytes.selector);
        batches.openLeaf(other, 4, 3, path, new bytes(BYTES_MAX), new bytes(1));
        vm.stopPrank();
        // It stands and falls alone.
        (uint256 b, uint256 f) = lose(body);
        assertEq(b, bond(value), "bond");
        assertEq(f, fee(value), "fee");
        assertEq(batches.statusOf(id), 1, "the batch has nothing to lose");
        vm.prank(alice);
        batches.openLeaf(other, 4, 3, path, "", "");
        afterWindow();
        claims.finalize(other, 0);
        conserved();
    }

    function testRootLeavesAfterRetirement() public {
        Leaf[] memory leaves = leavesOf(3);
        Batch memory batch = batchOf(leaves, 4, 1);
        retireDeployment();
        vm.startPrank(alice);
        batches.postRoot(batch.root, 3, 4, modelId); // harmless
        Body memory body = leafBody(leaves, batch, 1);
        bytes32[] memory path = pathOf(leaves, 1);
        vm.expectRevert();
        batches.openLeaf(body, 4, 3, path, "", "");
        vm.stopPrank();
    }

    // ---- views ----

    function testLeafStatus() public {
        Leaf[] memory leaves = leavesOf(3);
        Batch memory batch = postLeaves(leaves, 1);
        (uint256 b,) = sumsOf(leaves);
        uint256 end = block.timestamp + WINDOW;
        check(leaves, batch, 1, 1, b, end + 1);
        Body memory body = openLeaf(leaves, batch, 0);
        check(leaves, batch, 0, 1, b, end + 1); // opened, and the whole bond stands for it
        vm.warp(end + 1);
        claims.finalize(body, 0);
        check(leaves, batch, 0, 3, 0, end + 1);
        check(leaves, batch, 1, 1, b, end + 1);
        batches.finalizeBatch(batch);
        check(leaves, batch, 1, 3, 0, end + 1);
        batch = postLeaves(leaves, 2);
        body = openLeaf(leaves, batch, 0);
        openLeaf(leaves, batch, 2);
        lose(body);
        check(leaves, batch, 0, 2, 0, 0);
        check(leaves, batch, 1, 4, 0, 0); // never opened
        check(leaves, batch, 2, 1, 0, 0); // open, and never final
        batch = batchOf(leaves, 3, 1);
        vm.prank(alice);
        batches.postRoot(batch.root, 3, 3, 0);
        check(leaves, batch, 1, 0, 0, 0);
    }

    function check(Leaf[] memory leaves, Batch memory batch, uint256 i, uint256 status, uint256 stake, uint256 when)
        private
        view
    {
        (uint8 s, bool f, uint256 v,, uint256 e) =
            batches.leafStatus(leafBody(leaves, batch, i), batch.salt, batch.count, pathOf(leaves, i));
        assertEq(s, status, "status");
        assertTrue(f == (status == 3), "final");
        assertEq(v, stake, "at stake");
        assertEq(e, when, "earliest");
    }
}
