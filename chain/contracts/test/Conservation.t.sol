// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {System} from "./System.sol";
import {Batch} from "../src/Batches.sol";
import {Body, Settlement} from "../src/Types.sol";

/// Draws calls of everybody at the whole system: claimants, registrants, attesters, the owner, and Disputes, which settles what
/// was lost as docs/protocol.md, 5.5, says. The tokens there are always what the books say, and what is locked for a claim,
/// batch, model or the pool is exactly what the open ones of them are worth.
contract ConservationTest is System {
    Body[] private bodies;
    Batch[] private posted;
    Leaf[][] private leavesOf_;
    bytes32[] private modelIds;
    uint256 private ended; // what happened, so that the draws are known to reach all of it

    function setUp() public {
        deploy(0);
        modelIds.push(modelId);
    }

    /// forge-config: default.fuzz.runs = 32
    function testDraws(uint256 seed) public {
        for (uint256 i = 0; i < 120; ++i) {
            seed = uint256(keccak256(abi.encode(seed, i)));
            step(seed % 16, seed >> 8);
            conserved();
            exact();
        }
    }

    /// One long story reaches every kind of end.
    function testDrawsReachEverything() public {
        for (uint256 i = 0; i < 3000 && ended != 255; ++i) {
            uint256 seed = uint256(keccak256(abi.encode("reach", i)));
            step(seed % 15, seed >> 8); // all but the retirement
            if (i % 50 == 0) exact();
        }
        conserved();
        exact();
        assertEq(ended, 255, "every kind of end");
    }

    function step(uint256 what, uint256 s) private {
        if (what == 0) drawPost(s);
        else if (what == 1) drawBatch(s);
        else if (what == 2) drawOpen(s);
        else if (what == 3) vm.warp(block.timestamp + s % 600);
        else if (what == 4) drawFinalize(s);
        else if (what == 5) drawFinalizeBatch(s);
        else if (what == 6) drawLose(s);
        else if (what == 7) drawRelease(s);
        else if (what == 8) drawGame(s);
        else if (what == 9) drawModel(s);
        else if (what == 10) drawTerms(s);
        else if (what == 11) drawMoney(s);
        else if (what == 12) drawVoid(s);
        else if (what == 13) drawFinalize(s);
        else if (what == 14) drawAttest(s);
        else if (s % 40 == 0) drawRetirement();
    }

    function drawPost(uint256 s) private {
        Body memory body = bodyOf(bodies.length, s % 50 ether);
        body.modelId = modelIds[(s >> 100) % modelIds.length];
        vm.prank(alice);
        try claims.post(body.modelId, body.inputRoot, body.outputRoot, body.lot, "", "") {
            bodies.push(body);
        } catch {}
    }

    function drawBatch(uint256 s) private {
        Leaf[] memory leaves = leavesOf(1 + s % 6);
        modelId = modelIds[(s >> 100) % modelIds.length];
        Batch memory batch = batchOf(leaves, uint64(posted.length), 2);
        vm.prank(alice);
        try batches.postLeaves(batch.salt, modelId, packed(leaves)) {
            posted.push(batch);
            leavesOf_.push();
            for (uint256 i = 0; i < leaves.length; ++i) {
                leavesOf_[posted.length - 1].push(leaves[i]);
            }
        } catch {}
    }

    function drawOpen(uint256 s) private {
        if (posted.length == 0) return;
        uint256 i = recent(s, posted.length);
        Batch memory batch = posted[i];
        modelId = batch.modelId;
        uint256 leaf = (s >> 64) % batch.count;
        Body memory body = leafBody(leavesOf_[i], batch, leaf);
        bytes32[] memory path = pathOf(leavesOf_[i], leaf);
        try batches.openLeaf(body, batch.salt, batch.count, path) {
            bodies.push(body);
        } catch {}
    }

    /// Rather one of the newest.
    function recent(uint256 s, uint256 n) private pure returns (uint256) {
        uint256 back = s % 12;
        return back < n ? n - 1 - back : s % n;
    }

    function drawFinalize(uint256 s) private {
        if (bodies.length == 0) return;
        Body memory body = bodies[recent(s, bodies.length)];
        try claims.finalize(body, 0) {
            ended |= body.batch == 0 ? 1 : 2;
        } catch {}
    }

    function drawFinalizeBatch(uint256 s) private {
        if (posted.length == 0) return;
        Batch memory batch = posted[recent(s, posted.length)];
        if ((s >> 128) % 3 == 0) {
            try batches.releaseBatch(batch) {
                ended |= 4;
            } catch {}
            return;
        }
        try batches.finalizeBatch(batch) {
            ended |= 8;
        } catch {}
    }

    function drawLose(uint256 s) private {
        if (bodies.length == 0) return;
        Body memory body = bodies[recent(s, bodies.length)];
        for (uint256 i = 0; i < bodies.length && (s >> 200) & 1 == 0; ++i) {
            // Rather a leaf whose batch is lost already.
            if (statusOf(bodies[i]) == 1 && batches.statusOf(bodies[i].batch) == 2) body = bodies[i];
        }
        if (models.voided(body.modelId)) return; // no game is lost about it: Disputes closes it
        bytes32 id = claims.idOf(body);
        if (uint8(claims.slotOf(id)) != 1) return;
        vm.startPrank(disputes);
        try claims.lose(id, body.batch, body.lot, false) returns (uint256, uint256 b, uint256 f) {
            uint256 burn = b * 3 / 10;
            if (s >> 255 == 0) {
                stakes.settle(Settlement(alice, b + f, burn + f, bob, b - burn, 0));
            } else {
                stakes.settle(Settlement(alice, b + f, burn + f, disputes, b - burn, 0)); // the pot waits
                stakes.lock(disputes, b - burn);
                stakes.pay(disputes, b - burn, bob);
            }
            ended |= body.batch == 0 ? 16 : b == 0 ? 32 : 64;
        } catch {}
        vm.stopPrank();
    }

    function drawRelease(uint256 s) private {
        if (bodies.length == 0) return;
        try claims.release(bodies[recent(s, bodies.length)]) {
            ended |= 128;
        } catch {}
    }

    function drawGame(uint256 s) private {
        if (bodies.length == 0) return;
        bytes32 id = claims.idOf(bodies[recent(s, bodies.length)]);
        vm.startPrank(disputes);
        if (s >> 255 == 0) {
            try claims.openGame(id) {} catch {}
        } else {
            try claims.endGame(id) {} catch {}
        }
        vm.stopPrank();
    }

    function drawModel(uint256 s) private {
        if (s % 3 == 0) {
            vm.prank(carol);
            try models.register(header(uint32(modelIds.length)), "") returns (bytes32 id) {
                modelIds.push(id);
            } catch {}
            return;
        }
        bytes32 model = modelIds[(s >> 8) % modelIds.length];
        if (s % 3 == 1 && modelIds.length > 2 && (s >> 100) % 4 == 0) {
            vm.prank(carol);
            try models.retire(model) {} catch {}
        } else {
            try models.releaseBond(model) {} catch {}
        }
    }

    function drawVoid(uint256 s) private {
        if (modelIds.length < 2 || s % 4 != 0) return;
        try models.voidNow(modelIds[(s >> 8) % modelIds.length], bob, 1) {} catch {}
    }

    function drawAttest(uint256 s) private {
        bytes32 model = modelIds[(s >> 8) % modelIds.length];
        vm.startPrank(bob);
        if (s & 1 == 0) {
            try models.attest(model, (s >> 100) % 5 ether) {} catch {}
        } else {
            models.retract(model);
        }
        vm.stopPrank();
    }

    function drawTerms(uint256 s) private {
        vm.startPrank(owner);
        if (s % 3 == 0) {
            claims.scheduleTerms(word((s >> 8) % 20 ether, (s >> 80) % 1 ether, s % 3000, s % 100, 100 + s % 900));
        }
        vm.stopPrank();
        try claims.applyTerms() {} catch {}
    }

    function drawMoney(uint256 s) private {
        address who = s % 3 == 0 ? alice : s % 3 == 1 ? bob : carol;
        vm.startPrank(who);
        if (s >> 254 == 0) {
            token.mint(who, s % 900 ether);
            stakes.deposit(s % 900 ether);
        } else if (s >> 254 == 1) {
            try stakes.requestWithdraw(s % 50 ether) {} catch {}
        } else if (s >> 254 == 2) {
            try stakes.withdraw() {} catch {}
        } else {
            stakes.sweepBurned();
        }
        vm.stopPrank();
    }

    function drawRetirement() private {
        vm.prank(owner);
        try claims.retireDeployment() {
            vm.warp(block.timestamp + GRACE + 1);
        } catch {}
    }

    /// What is locked is what the open ones are worth.
    function exact() private view {
        uint256 want;
        for (uint256 i = 0; i < bodies.length; ++i) {
            uint256 slot = claims.slotOf(claims.idOf(bodies[i]));
            if (uint8(slot) != 1 || slot >> 11 & 1 != 0) continue;
            uint256 version = uint8(slot >> 88);
            want += claims.bondOf(version, uint128(bodies[i].lot)) + claims.feeOf(version, uint128(bodies[i].lot));
        }
        for (uint256 i = 0; i < posted.length; ++i) {
            (uint256 b, uint256 f) = batches.lockedOf(batches.idOf(posted[i]));
            want += b + f;
        }
        assertEq(locked(alice), want, "claims");
        want = 0;
        uint256 attested;
        for (uint256 i = 0; i < modelIds.length; ++i) {
            if (models.shapeOf(modelIds[i]) & 32 == 0) want += REGISTRANT_BOND;
            attested += models.attestedBy(modelIds[i], bob);
            assertEq(claims.accepted(modelIds[i]), models.active(modelIds[i]) ? 6 : 0, "Claims knows what Models says");
        }
        assertEq(locked(carol), want, "models");
        assertEq(locked(bob), attested, "attesters");
        assertEq(locked(disputes) + free(disputes), 0, "no pot is left");
        assertEq(free(address(duties)), 0, "the pool is locked");
    }
}
