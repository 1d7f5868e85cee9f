// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {World} from "./World.sol";
import {Claims} from "../src/Claims.sol";
import {Models} from "../src/Models.sol";
import {Stakes} from "../src/Stakes.sol";
import {Header, Layout} from "../src/Types.sol";

/// What may be registered and claimed.
contract ModelsTest is World {
    function setUp() public {
        deploy();
        makeModel(5, 3);
    }

    function refused(Header memory h, uint256 word) private {
        vm.expectRevert(abi.encodeWithSelector(Models.InvalidHeader.selector, word));
        vm.prank(carol);
        models.register(h, "");
    }

    function copy() private view returns (Header memory h) {
        h = header;
        h.lowering = 77; // another model
    }

    function testIdIsTheHashOfSeventeenWords() public view {
        bytes memory words = abi.encode(header);
        assertEq(words.length, 544, "bytes");
        assertEq(keccak256(words), modelId, "id");
        Layout memory l = models.layoutOf(modelId);
        assertEq(l.traceDepth, 5, "depth");
        assertEq(l.outputChunk, 30, "output");
        assertEq(l.programRoot, header.programRoot, "program");
        assertEq(locked(carol), 1 ether, "the registrant's bond");
    }

    function testOnce() public {
        vm.expectRevert(Models.ModelExists.selector);
        vm.prank(bob);
        models.register(header, "");
        vm.expectRevert();
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
        h = copy();
        h.toleranceAbs = 1;
        refused(h, 14);
        h = copy();
        h.toleranceRel = 1;
        refused(h, 15);
        h = copy();
        vm.prank(carol);
        models.register(h, "");
    }

    function testAttestation() public {
        Models strict = new Models(address(stakes), 0, 3 ether);
        Claims claims_ = new Claims(address(stakes), address(strict), WINDOW, 1 ether, 100, 64);
        stakes = new Stakes(address(token), UNBONDING, BURN_BPS);
        strict = new Models(address(stakes), 0, 3 ether);
        claims_ = new Claims(address(stakes), address(strict), WINDOW, 1 ether, 100, 64);
        stakes.wire(address(strict), address(claims_), address(disputes));
        fund(alice);
        fund(bob);
        Header memory h = header;
        vm.startPrank(alice);
        vm.expectRevert(Models.UnknownModel.selector);
        strict.attest(modelId, 1 ether);
        strict.register(h, "");
        vm.expectRevert(Claims.ModelInactive.selector);
        claims_.post(modelId, 0, 0, 0, "", "");
        strict.attest(modelId, 2 ether);
        assertTrue(!strict.active(modelId), "not yet");
        vm.stopPrank();
        vm.prank(bob);
        strict.attest(modelId, 1 ether);
        assertTrue(strict.active(modelId), "at the threshold");
        assertEq(locked(alice), 2 ether, "locked");
        vm.startPrank(alice);
        claims_.post(modelId, 0, 0, 500 ether, new bytes(64), "");
        assertEq(locked(alice), 2 ether + 1 ether + 5 ether, "bond with a share of the value");
        vm.expectRevert(Claims.TooManyBytes.selector);
        claims_.post(modelId, 0, 0, 0, new bytes(64), new bytes(1));
        strict.retract(modelId);
        assertEq(locked(alice), 6 ether, "back");
        assertTrue(!strict.active(modelId), "no more");
        strict.retract(modelId); // of nothing
        vm.stopPrank();
        assertEq(strict.attested(modelId), 1 ether, "bob's");
    }

    function testClaimsOfUnknownModels() public {
        vm.expectRevert(Claims.ModelInactive.selector);
        vm.prank(alice);
        claims.post(keccak256("nothing"), 0, 0, 0, "", "");
    }

    function testClaimIds() public {
        bytes32 a = claim(0);
        bytes32 b = claim(0);
        assertTrue(a != b, "the same claim twice is two");
        bytes32 root = traceNode(0, 1, outputChunk() >> 1);
        assertEq(
            b,
            keccak256(
                abi.encode(
                    keccak256("gainsay.claim"),
                    block.chainid,
                    address(claims),
                    uint256(1),
                    alice,
                    modelId,
                    inputRoot,
                    root,
                    uint256(0)
                )
            ),
            "as the page says"
        );
        (uint8 status, uint64 end, uint32 open, uint256 value, uint256 bond) = claims.status(b);
        assertEq(status, 1, "open");
        assertEq(end, block.timestamp + WINDOW, "window");
        assertEq(open + value, 0, "");
        assertEq(bond, CLAIM_BOND, "bond");
        (status,,,,) = claims.status(0);
        assertEq(status, 0, "unknown");
    }
}
