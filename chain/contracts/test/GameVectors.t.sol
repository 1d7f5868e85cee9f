// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Ground} from "./Ground.sol";
import {Body, Header} from "../src/Types.sol";

/// Moves of random games over random programs, right and wrong ones: the contract accepts exactly those that the C game
/// accepts, for the same reason refuses the others, and comes to the same state. The records are written by
/// tests/vectors/gen_game.c (`make vectors`), whose head tells their form, one file a game.
contract GameVectorsTest is Ground {
    uint256 private constant STATE_BYTES = 192;
    uint256 private constant KEPT = 1;
    uint256 private constant NAMES_CLAIM = 2;

    struct Move {
        uint8 sender;
        uint64 time;
        uint8 outcome;
        uint8 flags;
        bytes4 refusal;
        uint256 stateAt;
        uint256 callAt;
        uint256 callLength;
    }

    event Moves(uint256 accepted, uint256 refused);

    VmState private constant chain = VmState(address(vm));

    function setUp() public {
        deploy();
    }

    function testMovesAgreeWithTheCGame() external {
        string memory folder = vm.envOr("GAINSAY_GAME_VECTORS", string("../../build/vectors/game"));
        uint256 games = vm.envOr("GAINSAY_GAMES", uint256(100));
        uint256 undo = chain.snapshotState();
        uint256 accepted;
        uint256 refused;
        for (uint256 seed = 1; seed <= games; ++seed) {
            (uint256 good, uint256 bad) = this.playFile(string.concat(folder, "/", _name(seed), ".bin"), seed);
            chain.revertToState(undo);
            accepted += good;
            refused += bad;
            undo = chain.snapshotState();
        }
        emit Moves(accepted, refused);
        assertTrue(accepted >= games * 5 && refused >= games * 5, "too few moves to say anything");
    }

    function playFile(string memory path, uint256 seed) external returns (uint256 good, uint256 bad) {
        bytes memory data = vm.readFileBinary(path);
        bytes32 claimId = _open(data);
        uint256 pos = 544 + 64;
        uint256 number;
        while (pos < data.length) {
            Move memory m;
            (m, pos) = _move(data, pos);
            ++number;
            if (_play(data, m, claimId, string.concat("game ", vm.toString(seed), " move ", vm.toString(number)))) {
                ++good;
            } else {
                ++bad;
            }
        }
    }

    function _open(bytes memory data) private returns (bytes32 claimId) {
        Header memory h = abi.decode(_slice(data, 0, 544), (Header));
        vm.prank(carol);
        modelId = models.register(h, "");
        bytes32 inputs = bytes32(_uint(data, 544, 32));
        bytes32 outputs = bytes32(_uint(data, 576, 32));
        vm.prank(alice);
        claimId = claims.post(modelId, inputs, outputs, 0, "", "");
        vm.prank(bob);
        disputes.challenge(Body(0, 0, alice, modelId, inputs, outputs));
    }

    /// A refused move changes nothing; an accepted one is kept only where the file goes on from it.
    function _play(bytes memory data, Move memory m, bytes32 claimId, string memory what) private returns (bool) {
        bytes memory input_ = _slice(data, m.callAt, m.callLength);
        if (m.flags & NAMES_CLAIM != 0) {
            assembly {
                mstore(add(input_, 36), claimId)
            }
        }
        uint256 undo = chain.snapshotState();
        vm.warp(m.time);
        vm.prank(m.sender == 1 ? alice : bob);
        (bool ok, bytes memory answer) = address(disputes).call(input_);
        assertEq(ok ? 1 : 0, m.outcome != 0 ? 1 : 0, string.concat(what, ok ? ": accepted" : ": refused"));
        if (!ok) {
            assertEq(bytes32(bytes4(answer)), bytes32(m.refusal), string.concat(what, ": the reason"));
            return false;
        }
        // The claim's first game: its state's hash while it is open, nothing afterwards.
        bytes32 expected;
        if (m.outcome == 1) {
            bytes memory words = _slice(data, m.stateAt, STATE_BYTES);
            assembly {
                mstore(add(words, 32), claimId)
            }
            expected = keccak256(words);
        }
        assertEq(disputes.games(keccak256(abi.encode(claimId, uint256(0)))), expected, string.concat(what, ": state"));
        _checkOutcome(m.outcome, claimId, what);
        if (m.flags & KEPT == 0) chain.revertToState(undo);
        return true;
    }

    /// A claim is lost with its first game that the challenger wins, and by nothing else here.
    function _checkOutcome(uint8 outcome, bytes32 claimId, string memory what) private view {
        uint256 slot = claims.slotOf(claimId);
        assertEq(slot & 0xff, outcome == 3 ? 2 : 1, string.concat(what, ": outcome"));
        assertEq(slot >> 56 & 0xffff, outcome == 1 ? 1 : 0, string.concat(what, ": open games"));
    }

    function _move(bytes memory data, uint256 pos) private pure returns (Move memory m, uint256 next) {
        m.sender = uint8(_uint(data, pos, 1));
        m.time = uint64(_uint(data, pos + 1, 8));
        m.outcome = uint8(_uint(data, pos + 9, 1));
        m.flags = uint8(_uint(data, pos + 10, 1));
        m.refusal = bytes4(uint32(_uint(data, pos + 11, 4)));
        m.stateAt = pos + 15;
        m.callLength = _uint(data, pos + 15 + STATE_BYTES, 4);
        m.callAt = pos + 15 + STATE_BYTES + 4;
        return (m, m.callAt + m.callLength);
    }

    function _uint(bytes memory data, uint256 pos, uint256 n) private pure returns (uint256 v) {
        assembly {
            v := shr(sub(256, shl(3, n)), mload(add(add(data, 32), pos)))
        }
    }

    function _slice(bytes memory data, uint256 pos, uint256 length) private pure returns (bytes memory out) {
        out = new bytes(length);
        assembly {
            mcopy(add(out, 32), add(add(data, 32), pos), length)
        }
    }

    /// Four decimal digits.
    function _name(uint256 seed) private pure returns (string memory) {
        bytes memory text = "0000";
        for (uint256 i = 4; i > 0; seed /= 10) {
            text[--i] = bytes1(uint8(48 + seed % 10));
        }
        return string(text);
    }
}

interface VmState {
    function snapshotState() external returns (uint256);
    function revertToState(uint256 id) external returns (bool);
}
