// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {VmGas} from "./GameGas.t.sol";
import {World} from "./World.sol";
import {Descriptor as D} from "./Descriptor.sol";
import {Disputes} from "../src/Disputes.sol";
import {Body, Header, State, Terms} from "../src/Types.sol";

/// The dearest moves that a well-formed program allows, as whole transactions: descriptors of all the 512 bytes there are,
/// twelve axes, rows to the last byte, three openings out of arrays of 2^26 chunks. docs/gas.md has the numbers.
/// forge-config: default.isolate = true
contract WorstStepTest is World {
    event Used(string what, uint256 gas, uint256 floor, uint256 calldataBytes);

    /// Where `Disputes` keeps games.
    uint256 private constant GAMES = 1;
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
    function prove(string memory what, bytes memory d, uint32 t, bytes memory inputChunk, bytes memory o)
        internal
        returns (uint256 gas)
    {
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
        bytes32 claimId = post(Body(0, 0, alice, modelId, rootOf(inputChunk), 0));
        challenge(claimId, carol);
        concede(alice); // the pool and what is burned are written for the first time
        claimId = post(Body(0, 1 << 128, alice, modelId, rootOf(inputChunk), 0));
        challenge(claimId, bob);
        State memory s = now_;
        s.a = s.a & ~(uint256(0xff) << 56) | 7 << 56 | 15 << 48 | 26 << 40 | 5 << 32 | 1 << 25;
        s.n = D.leaf(d);
        s.c = uint256(t) << 152 | uint256(t) << 128 | uint256(0x3f923456) << 64 | 1;
        bytes32 root = rootOf(chunkBytes);
        vm.store(address(disputes), keccak256(abi.encode(keyOf(s), GAMES)), keccak256(abi.encode(s)));
        assertEq(disputes.games(keyOf(s)), keccak256(abi.encode(s)), "where games lie");
        uint256 word = claims.slotOf(claimId) | uint256(uint160(uint256(root))) << 96;
        vm.store(address(claims), storageOf(claimId), bytes32(word));
        bytes memory call_ = abi.encodeCall(disputes.proveStep, (words(), s.a, s.b, s.c, root, d, o));
        vm.prank(bob);
        (bool ok,) = address(disputes).call(call_);
        uint256 executed = VmGas(address(vm)).lastCallGas().gasTotalUsed;
        assertTrue(ok, what);
        hear();
        assertEq(outcome, 3, "bob is right");
        uint256 tokens;
        for (uint256 i = 0; i < call_.length; ++i) {
            tokens += call_[i] == 0 ? 1 : 4;
        }
        uint256 floor = 21000 + 10 * tokens; // EIP-7623
        gas = executed > floor ? executed : floor;
        emit Used(what, gas, floor, call_.length);
        assertTrue(executed > 21000 + 4 * tokens, "a whole transaction");
        assertTrue(gas < TRANSACTION_GAS / 10, "gas of one move");
        assertTrue(call_.length < CALLDATA_MAX / 10, "bytes of one move");
    }

    /// A row along one axis.
    function along(uint256 extent, uint256 stride, uint256 axis) internal pure returns (bytes memory) {
        return D.row(extent, stride, D.affine(0, axis, 1, 0, 0));
    }

    /// A matrix product's body, y[m, n] + x[m, k] * w[k, n]; with `gather`, of rows of w that the inputs choose.
    function product(bool gather) internal pure returns (bytes memory d) {
        uint256[] memory out = new uint256[](2);
        (out[0], out[1]) = (512, 1024);
        uint256[] memory red = new uint256[](1);
        red[0] = 4096;
        bytes memory w = D.view_(
            1, 1, hex"00", 2, 0, 4096 * 1024, abi.encodePacked(along(4096, 1024, 2), along(1024, 1, 1))
        );
        bytes memory x = D.view_(
            0, 1, hex"00", 2, 0, 512 * 4096, abi.encodePacked(along(512, 4096, 0), along(4096, 1, 2))
        );
        bytes memory index = D.view_(2, 7, hex"00", 1, 0, 4096, along(4096, 1, 2));
        d = abi.encodePacked(
            D.head(2, 0x06, 1, 1, 0, 1 << 25, 1 << 14, 1 << 31),
            D.box(out, red),
            D.const32(0),
            D.tensor(x),
            gather ? D.indirect(1, w, index) : D.tensor(w)
        );
    }

    /// What is usual, out of the largest arrays.
    function testStepOfAProduct() public {
        bytes memory o = abi.encodePacked(opened(chunkBytes), opened(chunkBytes));
        uint256 gas = prove("step", product(false), 1, chunkBytes, o);
        assertTrue(gas < 138_500, "two openings");
    }

    function testStepOfAGatheredProduct() public {
        bytes memory zero = new bytes(128);
        bytes memory o = abi.encodePacked(opened(chunkBytes), opened(zero), opened(chunkBytes));
        uint256 gas = prove("step3", product(true), 1, zero, o);
        assertTrue(gas < 162_000, "three openings");
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
