// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {World} from "./World.sol";
import {Descriptor as D} from "./Descriptor.sol";
import {Disputes} from "../src/Disputes.sol";
import {Header, State} from "../src/Types.sol";

/// The dearest moves that a well-formed program allows, as whole transactions: descriptors of all the 512 bytes there are,
/// twelve axes, rows to the last byte, three openings out of arrays of 2^26 chunks. docs/gas-notes.md has the numbers.
contract WorstStepTest is World {
    event Used(string what, uint256 gas, uint256 floor, uint256 calldataBytes);

    uint256 private constant TRANSACTION_GAS = 1 << 24; // EIP-7825
    uint256 private constant CALLDATA_MAX = 128 * 1024; // what a node's pool takes in one transaction

    bytes internal chunkBytes; // of any array: elements that make additions long
    bytes32[] internal siblings;

    function setUp() public {
        deploy();
        for (uint256 i = 0; i < 32; ++i) {
            chunkBytes = abi.encodePacked(chunkBytes, hex"5634923f");
        }
        for (uint256 i = 0; i < 26; ++i) {
            siblings.push(keccak256(abi.encode("sibling", i)));
        }
    }

    function rootOf(bytes memory chunk) internal view returns (bytes32 r) {
        r = leafOf(chunk);
        for (uint256 i = 0; i < 26; ++i) {
            r = nodeOf(r, siblings[i]);
        }
    }

    /// A row over the axes of `mask`, coefficients one byte each.
    function row(uint16 mask) internal pure returns (bytes memory r) {
        r = abi.encodePacked(uint8(127), uint8(1), uint8(0), mask);
        for (uint256 a = 0; a < 16; ++a) {
            if (mask >> a & 1 != 0) r = abi.encodePacked(r, uint8(2));
        }
    }

    function rows(uint256 n, uint16 mask) internal pure returns (bytes memory r) {
        for (uint256 i = 0; i < n; ++i) {
            r = abi.encodePacked(r, row(mask));
        }
    }

    function extents(uint8 out, uint8 red) internal pure returns (bytes memory r) {
        r = abi.encodePacked(out, red);
        for (uint256 a = 0; a < out; ++a) {
            r = abi.encodePacked(r, uint8(5));
        }
        for (uint256 a = 0; a < red; ++a) {
            r = abi.encodePacked(r, uint8(a < 6 ? 5 : 4)); // 5^6 * 4^2 = 250,000 terms
        }
    }

    /// body: acc + x0[index] * x1, twelve axes. The index comes from the inputs, x0 from the weights, x1 from the trace.
    function foldBody() internal pure returns (bytes memory d) {
        uint16 all = 0xfff;
        d = abi.encodePacked(
            D.head(2, 0x06, 1, 1, 0, 1 << 25, 1 << 25, 1 << 40),
            extents(4, 8),
            D.tensor(D.view_(1, 1, hex"00", 2, 0, 1 << 30, rows(2, 0xf))),
            D.indirect(
                1,
                D.view_(1, 1, hex"00", 8, 0, 1 << 30, rows(8, all)),
                D.view_(2, 7, hex"00", 8, 0, 1 << 29, rows(8, all))
            ),
            D.tensor(D.view_(0, 1, hex"00", 8, 0, 1 << 30, rows(8, all)))
        );
    }

    /// erf(x0 + x1 * x2): three views and an elementary function as the epilogue.
    function map() internal pure returns (bytes memory d) {
        uint16 all = 0xff;
        d = abi.encodePacked(
            D.head(1, 0x06, 1, 0, 0x14, 1 << 25, 1 << 25, 1 << 40),
            extents(8, 0),
            uint8(0),
            D.tensor(D.view_(0, 1, hex"00", 8, 0, 1 << 30, rows(8, all))),
            D.tensor(D.view_(1, 1, hex"00", 8, 0, 1 << 30, rows(8, all))),
            D.tensor(D.view_(2, 1, hex"00", 8, 0, 1 << 30, rows(8, all)))
        );
    }

    function opened(bytes memory chunk) internal view returns (bytes memory) {
        return opening(chunk, siblings);
    }

    /// A game that has come to the step; only the last move is played.
    function prove(string memory what, bytes memory d, uint32 t, bytes memory inputChunk, bytes memory o) internal {
        header = Header({
            domain: keccak256("gainsay.model"),
            law: 1,
            lowering: 0,
            onnxHash: 0,
            programRoot: D.leaf(d),
            instructions: 1,
            weightsRoot: rootOf(chunkBytes),
            weightsChunks: 1 << 26,
            inputsChunks: 1 << 26,
            traceDepth: 26,
            outputChunk: 1 << 25,
            outputDepth: 25,
            outputs: 1,
            cost: 1 << 40,
            toleranceAbs: 0,
            toleranceRel: 0,
            ioHash: 0
        });
        vm.prank(carol);
        modelId = models.register(header, "");
        vm.prank(alice);
        bytes32 claimId = claims.post(modelId, rootOf(inputChunk), 0, 0, "", "");
        challenge(claimId, bob);
        State memory s = now_;
        s.phase = 7;
        s.move = 15;
        s.round = 5;
        s.traceRoot = rootOf(chunkBytes);
        s.position = 1 << 25;
        s.node = keccak256("chunk");
        s.descriptor = D.leaf(d);
        s.low = s.high = t;
        s.lowValue = 0x3f923456;
        s.highValue = 1;
        bytes32 gameId = disputes.gameIdOf(claimId, bob);
        vm.store(address(disputes), keccak256(abi.encode(gameId, uint256(0))), disputes.stateHashOf(gameId, s));
        bytes memory call_ = abi.encodeCall(disputes.proveStep, (s, d, o));
        vm.prank(bob);
        uint256 used = gasleft();
        (bool ok,) = address(disputes).call(call_);
        used -= gasleft();
        assertTrue(ok, what);
        account(what, used, call_);
    }

    function account(string memory what, uint256 used, bytes memory call_) internal {
        uint256 zeroBytes;
        for (uint256 i = 0; i < call_.length; ++i) {
            if (call_[i] == 0) ++zeroBytes;
        }
        uint256 tokens = zeroBytes + 4 * (call_.length - zeroBytes);
        uint256 whole = 21000 + 4 * tokens + used;
        uint256 floor = 21000 + 10 * tokens; // EIP-7623
        emit Used(what, whole, floor, call_.length);
        assertTrue(whole < TRANSACTION_GAS / 10 && floor < TRANSACTION_GAS / 10, "gas of one move");
        assertTrue(call_.length < CALLDATA_MAX / 10, "bytes of one move");
    }

    function testFoldOfTwelveAxesAndThreeOpenings() public {
        bytes memory d = foldBody();
        assertTrue(d.length > 500 && d.length <= 512, "as long as a descriptor may be");
        bytes memory zero = new bytes(128);
        bytes memory o = abi.encodePacked(opened(zero), opened(chunkBytes), opened(chunkBytes));
        prove("proveStep of a fold's body", d, 1, zero, o);
    }

    function testMapWithElementaryEpilogue() public {
        bytes memory d = map();
        assertTrue(d.length <= 512, "a descriptor");
        bytes memory o = abi.encodePacked(opened(chunkBytes), opened(chunkBytes), opened(chunkBytes));
        prove("proveStep of a map with an epilogue", d, 0, chunkBytes, o);
    }
}
