// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {World} from "./World.sol";
import {Body, Header} from "../src/Types.sol";

/// Moves of random games over random programs, right and wrong ones: the contract accepts exactly those that the C game
/// accepts, for the same reason refuses the others, and comes to the same state. The records are written by
/// tests/vectors/gen_game.c (`make vectors`), one file a game.
contract GameVectorsTest is World {
    struct Move {
        uint8 sender;
        uint64 time;
        uint8 outcome;
        uint8 flags; // 1: the game goes on from here, 2: the call begins with the claim's id
        bytes4 refusal;
        uint256 stateAt;
        uint256 callAt;
        uint256 callLength;
    }

    /// Six words.
    uint256 private constant STATE_BYTES = 192;

    event Moves(uint256 accepted, uint256 refused);

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
        assertTrue(accepted >= games * 5 && refused >= games * 10, "too few moves to say anything");
    }

    VmState private constant chain = VmState(address(vm));

    function playFile(string memory path, uint256 seed) external returns (uint256 good, uint256 bad) {
        bytes memory data = vm.readFileBinary(path);
        bytes32 claimId = _open(data);
        uint256 at = 544 + 64;
        uint256 number;
        while (at < data.length) {
            Move memory m;
            (m, at) = _move(data, at);
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
        claimId = post(Body(0, 0, alice, modelId, inputs, outputs));
        challenge(claimId, bob);
    }

    /// A refused move changes nothing; an accepted one is kept only where the file goes on from it.
    function _play(bytes memory data, Move memory m, bytes32 claimId, string memory what) private returns (bool) {
        bytes memory input_ = _slice(data, m.callAt, m.callLength);
        if (m.flags & 2 != 0) {
            assembly {
                mstore(add(input_, 36), claimId)
            }
        }
        bytes32 key = keccak256(abi.encode(claimId, uint256(0)));
        uint256 undo = chain.snapshotState();
        vm.warp(m.time);
        vm.prank(m.sender == 1 ? alice : bob);
        (bool ok, bytes memory answer) = address(disputes).call(input_);
        assertEq(ok ? 1 : 0, m.outcome != 0 ? 1 : 0, string.concat(what, ok ? ": accepted" : ": refused"));
        if (!ok) {
            logs.getRecordedLogs(); // of a call that reverted too
            assertEq(bytes32(bytes4(answer)), bytes32(m.refusal), string.concat(what, ": the reason"));
            return false;
        }
        outcome = 0;
        hear();
        if (m.outcome == 1) {
            assertEq(outcome, 0, string.concat(what, ": over"));
            bytes memory words_ = _slice(data, m.stateAt, STATE_BYTES);
            assembly {
                mstore(add(words_, 32), claimId)
            }
            assertEq(disputes.games(key), keccak256(words_), string.concat(what, ": state"));
        } else {
            assertEq(outcome, m.outcome, string.concat(what, ": outcome"));
            assertEq(disputes.games(key), bytes32(0), string.concat(what, ": still there"));
        }
        if (m.flags & 1 == 0) chain.revertToState(undo);
        return true;
    }

    function _move(bytes memory data, uint256 at) private pure returns (Move memory m, uint256 next) {
        m.sender = uint8(_uint(data, at, 1));
        m.time = uint64(_uint(data, at + 1, 8));
        m.outcome = uint8(_uint(data, at + 9, 1));
        m.flags = uint8(_uint(data, at + 10, 1));
        m.refusal = bytes4(uint32(_uint(data, at + 11, 4)));
        m.stateAt = at + 15;
        m.callLength = _uint(data, m.stateAt + STATE_BYTES, 4);
        m.callAt = m.stateAt + STATE_BYTES + 4;
        return (m, m.callAt + m.callLength);
    }

    function _uint(bytes memory data, uint256 at, uint256 n) private pure returns (uint256 v) {
        assembly {
            v := shr(sub(256, shl(3, n)), mload(add(add(data, 32), at)))
        }
    }

    function _slice(bytes memory data, uint256 at, uint256 length) private pure returns (bytes memory out) {
        out = new bytes(length);
        assembly {
            mcopy(add(out, 32), add(add(data, 32), at), length)
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
