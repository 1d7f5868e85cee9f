// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {System, VoidableModels} from "./System.sol";
import {Claims} from "../src/Claims.sol";
import {Models} from "../src/Models.sol";
import {Stakes} from "../src/Stakes.sol";
import {Body, Header, Layout} from "../src/Types.sol";

/// What may be registered and claimed about, and how that ends (docs/protocol.md, section 3).
contract ModelsTest is System {
    function setUp() public {
        deploy(0);
    }

    function refused(Header memory h, uint256 word_) private {
        vm.expectRevert(abi.encodeWithSelector(Models.InvalidHeader.selector, word_));
        vm.prank(carol);
        models.register(h, "");
    }

    function copy() private pure returns (Header memory h) {
        return header(77); // another model
    }

    function testIdIsTheHashOfSeventeenWords() public view {
        Header memory h = header(0);
        bytes memory words = abi.encode(h);
        assertEq(words.length, 544, "bytes");
        assertEq(keccak256(words), modelId, "id");
        Layout memory l = models.layoutOf(modelId);
        assertEq(l.programRoot, h.programRoot, "program");
        assertEq(l.weightsRoot, h.weightsRoot, "weights");
        assertEq(l.instructions, h.instructions, "instructions");
        assertEq(l.weightsChunks, h.weightsChunks, "weights");
        assertEq(l.inputsChunks, h.inputsChunks, "inputs");
        assertEq(l.outputChunk, h.outputChunk, "output");
        assertEq(l.traceDepth, h.traceDepth, "depth");
        assertEq(l.outputDepth, h.outputDepth, "output's depth");
        assertTrue(l.registered, "registered");
        assertEq(locked(carol), REGISTRANT_BOND, "the registrant's bond");
    }

    function testShapeIsPackedAsThePageSays() public view {
        uint256 shape = models.shapeOf(modelId);
        bytes memory want =
            abi.encodePacked(uint32(2), uint32(3), uint32(4), uint32(30), uint8(5), uint8(1), uint8(1 + 16));
        assertEq(bytes32(shape), bytes32(uint256(uint152(bytes19(want)))), "shape");
        (bytes32 root, uint256 instructions) = models.programOf(modelId);
        assertEq(root, keccak256("program"), "program");
        assertEq(instructions, 2, "instructions");
        (bytes32 weights, uint256 again) = models.weightsOf(modelId);
        assertEq(weights, keccak256("weights"), "weights");
        assertEq(again, shape, "shape");
        assertEq(models.shapeOf(0), 0, "unknown");
    }

    function testOnce() public {
        vm.expectRevert(Models.ModelExists.selector);
        vm.prank(bob);
        models.register(header(0), "");
        vm.expectRevert(abi.encodeWithSelector(Stakes.Insufficient.selector, 0, REGISTRANT_BOND));
        vm.prank(address(0xDEAD1)); // without a bond
        models.register(copy(), "");
    }

    function testEveryLimit() public {
        Header memory h = copy();
        h.domain = 0;
        refused(h, 0);
        h = copy();
        h.law = 2;
        refused(h, 1);
        h = copy();
        h.instructions = 0;
        refused(h, 5);
        h.instructions = (1 << 20) + 1;
        refused(h, 5);
        h = copy();
        h.weightsChunks = (1 << 26) + 1;
        refused(h, 7);
        h = copy();
        h.inputsChunks = (1 << 26) + 1;
        refused(h, 8);
        h = copy();
        h.traceDepth = 27;
        refused(h, 9);
        h.traceDepth = 6; // not the least
        refused(h, 9);
        h.traceDepth = 4; // too small
        refused(h, 10);
        h = copy();
        h.outputChunk = 29;
        refused(h, 10);
        h = copy();
        h.outputDepth = 6;
        refused(h, 11);
        h = copy();
        h.outputs = 0;
        refused(h, 12);
        h.outputs = 257;
        refused(h, 12);
        h.outputs = 3; // of 2 instructions
        refused(h, 12);
        h = copy();
        h.cost = 1 << 63;
        refused(h, 13);
        // The largest of everything goes.
        h = copy();
        h.instructions = 1 << 20;
        h.weightsChunks = 1 << 26;
        h.inputsChunks = 1 << 26;
        h.traceDepth = 26;
        h.outputChunk = (1 << 26) - 4;
        h.outputDepth = 2;
        h.outputs = 256;
        h.cost = (1 << 63) - 1;
        vm.prank(carol);
        bytes32 id = models.register(h, "");
        Layout memory l = models.layoutOf(id);
        assertEq(l.weightsChunks, 1 << 26, "no field runs into another");
        assertEq(l.instructions, 1 << 20, "");
        assertEq(l.inputsChunks, 1 << 26, "");
        assertEq(l.outputChunk, (1 << 26) - 4, "");
    }

    /// 2^-10 and 2^-2, about 5 chunks of claimed outputs.
    function tolerant() private pure returns (Header memory h) {
        h = copy();
        h.outputChunk = 31;
        h.outputDepth = 0;
        h.toleranceAbs = 0x3a800000;
        h.toleranceRel = claimed(5, 0x3e800000);
    }

    function claimed(uint64 chunks, uint64 relative) private pure returns (uint64) {
        return chunks << 32 | relative;
    }

    function taken(Header memory h) private {
        uint256 snapshot = vm.snapshotState();
        vm.prank(carol);
        bytes32 id = models.register(h, "");
        uint256 shape = models.shapeOf(id);
        assertEq(shape & 0xff, 1 + 8 + 16, "flags");
        assertEq(shape >> 152, h.toleranceRel >> 32, "claimed chunks");
        vm.revertToState(snapshot);
    }

    function testEveryLimitOfATolerance() public {
        // The edges of what a tolerance may be, and beside them: negative ones, infinities and NaNs are all above.
        uint32[7] memory beyond =
            [uint32(0x80000000), 0x80000001, 0x7f7fffff, 0x7f800000, 0x7fc00000, 0xff800000, 0xffffffff];
        Header memory h;
        for (uint256 i = 0; i < 7; ++i) {
            h = tolerant();
            h.toleranceAbs = beyond[i];
            refused(h, 14);
            h = tolerant();
            h.toleranceRel = claimed(5, beyond[i]);
            refused(h, 15);
        }
        h = tolerant();
        h.toleranceAbs = 0x49800000; // 2^20
        taken(h);
        h.toleranceAbs = 0x49800001;
        refused(h, 14);
        h = tolerant();
        h.toleranceRel = claimed(5, 0x3f800000); // 1
        taken(h);
        h.toleranceRel = claimed(5, 0x3f800001);
        refused(h, 15);
        // Either may be zero, or the least there is; not both.
        h = tolerant();
        h.toleranceAbs = 0;
        taken(h);
        h.toleranceRel = claimed(5, 1);
        taken(h);
        h.toleranceRel = claimed(5, 0);
        refused(h, 15);
        h.toleranceAbs = 1;
        taken(h);
        // Something is compared, but not too much.
        h = tolerant();
        h.toleranceRel = claimed(0, 0x3e800000);
        refused(h, 15);
        h.toleranceRel = claimed(1, 0x3e800000);
        taken(h);
        h.toleranceRel = claimed(1 << 22, 0x3e800000);
        taken(h);
        h.toleranceRel = claimed((1 << 22) + 1, 0x3e800000);
        refused(h, 15);
        h.toleranceRel = claimed(type(uint32).max, 0x3e800000);
        refused(h, 15);
        h = tolerant();
        h.toleranceRel = 0; // an absolute tolerance alone is half a header
        refused(h, 15);
        // One answer, in a chunk of its own.
        h = tolerant();
        h.outputs = 2;
        refused(h, 12);
        h = tolerant();
        h.outputChunk = 30;
        h.outputDepth = 1;
        refused(h, 11);
        // The first wrong word is named.
        h.outputs = 2;
        h.toleranceAbs = 0xffffffff;
        refused(h, 11);
        h.outputDepth = 0;
        h.outputChunk = 31;
        refused(h, 12);
        h.outputs = 1;
        refused(h, 14);
    }

    function testATolerantShapeIsPackedAsThePageSays() public {
        Header memory h = tolerant();
        h.toleranceRel = claimed(1 << 22, 1);
        h.instructions = 1 << 20;
        vm.prank(carol);
        bytes32 id = models.register(h, "");
        bytes memory want = abi.encodePacked(
            uint32(1 << 22), uint32(1 << 20), uint32(3), uint32(4), uint32(31), uint8(5), uint8(0), uint8(1 + 8 + 16)
        );
        bytes32 shape = bytes32(uint256(uint184(bytes23(want))));
        assertEq(bytes32(models.shapeOf(id)), shape, "shape");
        (, uint256 again) = models.weightsOf(id);
        assertEq(bytes32(again), shape, "shape");
        (, uint256 instructions) = models.programOf(id);
        assertEq(instructions, 1 << 20, "instructions alone");
        Layout memory l = models.layoutOf(id);
        assertEq(l.claimedChunks, 1 << 22, "claimed");
        assertEq(l.instructions, 1 << 20, "instructions");
        // When it is retired says nothing about its shape.
        vm.warp(1_800_000_000);
        vm.prank(carol);
        models.retire(id);
        (, uint256 since) = models.registrantOf(id);
        assertEq(since, 1_800_000_000, "since");
        assertEq(bytes32(models.shapeOf(id)), bytes32(uint256(shape) | 4), "retired");
        (, instructions) = models.programOf(id);
        assertEq(instructions, 1 << 20, "instructions alone");
        vm.prank(alice);
        models.register(h, "");
        assertEq(bytes32(models.shapeOf(id)), shape, "as before");
        models.voidNow(id, bob, 4);
        assertTrue(models.voided(id), "void like any other");
        conserved();
    }

    function testParameters() public {
        vm.expectRevert(Models.InvalidParameter.selector);
        make("System.sol:VoidableModels", abi.encode(address(stakes), 0, 0, 0, 0));
        vm.expectRevert(Models.InvalidParameter.selector);
        make("System.sol:VoidableModels", abi.encode(address(stakes), 0, 0, 1, 10001));
        vm.expectRevert(Models.InvalidParameter.selector);
        make("System.sol:VoidableModels", abi.encode(address(stakes), 1 << 128, 0, 1, 0));
    }

    function testAttestation() public {
        deploy(3 ether);
        vm.startPrank(alice);
        vm.expectRevert(Models.UnknownModel.selector);
        models.attest(keccak256("nothing"), 1 ether);
        vm.expectRevert(Models.UnknownModel.selector);
        models.retract(keccak256("nothing"));
        vm.expectRevert(Claims.ModelInactive.selector);
        claims.post(modelId, 0, 0, 0, "", "");
        models.attest(modelId, 2 ether);
        assertTrue(!models.active(modelId), "not yet");
        vm.stopPrank();
        vm.expectEmit();
        emit Models.Attested(modelId, bob, 1 ether, 3 ether);
        vm.prank(bob);
        models.attest(modelId, 1 ether);
        assertTrue(models.active(modelId), "at the threshold");
        assertEq(models.shapeOf(modelId) & 0xff, 17, "flag");
        assertEq(locked(alice), 2 ether, "locked");
        vm.startPrank(alice);
        claims.post(modelId, 0, 0, 0, "", "");
        assertEq(locked(alice), 2 ether + bond(0) + fee(0), "");
        models.retract(modelId);
        assertEq(locked(alice), bond(0) + fee(0), "back");
        assertTrue(!models.active(modelId), "no more");
        models.retract(modelId); // of nothing
        vm.expectRevert(Claims.ModelInactive.selector);
        claims.post(modelId, 0, 0, 1, "", "");
        vm.stopPrank();
        assertEq(models.attested(modelId), 1 ether, "bob's");
        assertEq(models.attestedBy(modelId, bob), 1 ether, "bob's");
        afterWindow();
        claims.finalize(claimOfNothing(), 0); // what was posted is not affected
        conserved();
    }

    function claimOfNothing() private view returns (Body memory) {
        return Body(0, 0, alice, modelId, 0, 0);
    }

    // ---- retiring ----

    function testRetire() public {
        vm.expectRevert(Models.NotRegistrant.selector);
        vm.prank(bob);
        models.retire(modelId);
        vm.expectRevert(Models.NotRetired.selector);
        models.releaseBond(modelId);
        post(bodyOf(1, 0));
        vm.prank(carol);
        models.retire(modelId);
        (address registrant, uint256 since) = models.registrantOf(modelId);
        assertEq(registrant, carol, "registrant");
        assertEq(since, block.timestamp, "since");
        assertEq(models.shapeOf(modelId) & 0xff, 1 + 4 + 16, "flags");
        assertEq(models.shapeOf(modelId) >> 120, 2, "the shape is what it was");
        vm.expectRevert(Models.ModelOver.selector);
        vm.prank(carol);
        models.retire(modelId);
        vm.expectRevert(Models.ModelOver.selector);
        vm.prank(bob);
        models.attest(modelId, 1);
        vm.expectRevert(Claims.ModelInactive.selector);
        vm.prank(alice);
        claims.post(modelId, 0, 0, 2, "", "");
        afterWindow();
        claims.finalize(bodyOf(1, 0), 0); // that was posted before
        vm.warp(since + RELEASE - 1);
        vm.expectRevert(abi.encodeWithSelector(Models.NotReady.selector, since + RELEASE));
        models.releaseBond(modelId);
        vm.warp(since + RELEASE);
        assertEq(locked(carol), REGISTRANT_BOND, "still");
        vm.prank(bob); // anybody; it is carol's all the same
        models.releaseBond(modelId);
        assertEq(locked(carol), 0, "free");
        assertEq(free(carol), PURSE, "all");
        vm.expectRevert(Models.ModelOver.selector);
        models.releaseBond(modelId);
        // A proof that comes after that voids the model, but finds no bond.
        models.voidNow(modelId, bob, 2);
        assertEq(free(bob), PURSE, "nothing to win");
        assertTrue(models.voided(modelId), "void");
        conserved();
    }

    function testVoid() public {
        vm.expectRevert(Models.UnknownModel.selector);
        models.voidNow(keccak256("nothing"), bob, 1);
        vm.expectEmit();
        emit Models.Voided(modelId, bob, 5);
        models.voidNow(modelId, bob, 5);
        uint256 burn = REGISTRANT_BOND / 4;
        assertEq(stakes.burned(), burn, "burned");
        assertEq(free(bob), PURSE + REGISTRANT_BOND - burn, "the prover's");
        assertEq(locked(carol), 0, "the registrant's");
        assertTrue(models.voided(modelId) && !models.active(modelId), "void");
        assertEq(models.shapeOf(modelId) & 0xff, 1 + 2 + 16 + 32, "flags");
        vm.expectRevert(Models.ModelOver.selector);
        models.voidNow(modelId, bob, 5);
        vm.expectRevert(Models.ModelOver.selector);
        vm.prank(carol);
        models.retire(modelId);
        vm.expectRevert(Models.ModelExists.selector); // for ever
        vm.prank(carol);
        models.register(header(0), "");
        conserved();
    }

    function testVoidWhileRetired() public {
        vm.prank(carol);
        models.retire(modelId);
        models.voidNow(modelId, bob, 5);
        vm.warp(block.timestamp + RELEASE);
        vm.expectRevert(Models.ModelOver.selector);
        models.releaseBond(modelId);
        assertEq(locked(carol), 0, "settled");
        assertEq(free(carol), PURSE - REGISTRANT_BOND, "lost");
    }

    function testAttestersOfAVoidModelLoseNothing() public {
        vm.prank(bob);
        models.attest(modelId, 5 ether);
        models.voidNow(modelId, alice, 5);
        vm.prank(bob);
        models.retract(modelId);
        assertEq(free(bob), PURSE, "back");
    }

    /// What was attested stands when a retired model is registered again, as far as it was not retracted meanwhile.
    function testTakingOverKeepsTheAttestations() public {
        deploy(3 ether);
        vm.prank(bob);
        models.attest(modelId, 3 ether);
        vm.prank(carol);
        models.retire(modelId);
        assertEq(claims.accepted(modelId), 0, "retired");
        vm.prank(alice);
        models.register(header(0), "");
        assertTrue(models.active(modelId) && claims.accepted(modelId) == 6, "active at once");
        assertEq(locked(carol), 0, "carol's bond is back");
        assertEq(locked(alice), REGISTRANT_BOND, "alice's stands for it");
        vm.prank(alice);
        models.retire(modelId);
        vm.prank(bob);
        models.retract(modelId);
        vm.prank(carol);
        models.register(header(0), "");
        assertTrue(!models.active(modelId) && claims.accepted(modelId) == 0, "nobody vouches for it");
        (address registrant, uint256 since) = models.registrantOf(modelId);
        assertEq(registrant, carol, "registrant");
        assertEq(since, 0, "not retired");
        vm.prank(bob);
        models.attest(modelId, 3 ether);
        assertTrue(models.active(modelId) && claims.accepted(modelId) == 6, "active again");
        conserved();
    }

    function testRetiredDeployment() public {
        retireDeployment();
        vm.expectRevert(Models.DeploymentRetired.selector);
        vm.prank(carol);
        models.register(copy(), "");
        vm.prank(carol);
        models.retire(modelId);
        vm.warp(block.timestamp + RELEASE);
        models.releaseBond(modelId);
        assertEq(locked(carol), 0, "nobody's good will is needed");
    }
}
