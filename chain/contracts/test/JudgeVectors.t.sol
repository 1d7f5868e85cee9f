// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Test} from "./Test.sol";
import {Roots} from "../src/Types.sol";
import {Judge} from "../src/judge/Judge.sol";

/// Steps of random programs that reach the whole law: the contract must say what the C judge says. The records are
/// written by tests/vectors/gen_judge.c (`make vectors`), one file a program.
contract JudgeVectorsTest is Test {
    Judge private judge = Judge(make("Judge.sol", abi.encode(make("Elementary.sol:Elementary", ""))));

    struct Record {
        bytes descriptor;
        uint256 element;
        uint256 t;
        uint256 prev;
        Roots roots;
        bytes openings;
        uint256 expected;
    }

    function testStepsAgreeWithTheCJudge() external view {
        string memory folder = vm.envOr("GAINSAY_JUDGE_VECTORS", string("../../build/vectors/judge"));
        uint256 programs = vm.envOr("GAINSAY_JUDGE_PROGRAMS", uint256(400));
        uint256 steps;
        for (uint256 seed = 1; seed <= programs; ++seed) {
            steps += _file(string.concat(folder, "/", _name(seed), ".bin"), seed);
        }
        assertTrue(steps >= programs * 10, "too few steps to say anything");
    }

    function _file(string memory path, uint256 seed) private view returns (uint256 steps) {
        uint256 free;
        assembly {
            free := mload(0x40)
        }
        bytes memory data = vm.readFileBinary(path);
        uint256 offset;
        uint256 kept;
        assembly {
            kept := mload(0x40)
        }
        while (offset < data.length) {
            assembly {
                mstore(0x40, kept) // a record's memory is not needed after it
            }
            offset = _record(data, offset, seed, steps++);
        }
        assembly {
            mstore(0x40, free)
        }
    }

    function _record(bytes memory data, uint256 offset, uint256 seed, uint256 number) private view returns (uint256) {
        Record memory r;
        (r.descriptor, offset) = _bytes(data, offset, 2);
        (r.element, offset) = _uint(data, offset, 8);
        (r.t, offset) = _uint(data, offset, 4);
        (r.prev, offset) = _uint(data, offset, 8);
        for (uint256 space = 0; space < 4; ++space) {
            uint256 word;
            (word, offset) = _uint(data, offset, 32);
            r.roots.root[space] = bytes32(word);
            (r.roots.depth[space], offset) = _uint(data, offset, 1);
        }
        (r.openings, offset) = _bytes(data, offset, 4);
        (r.expected, offset) = _uint(data, offset, 8);
        uint256 got = judge.judge(r.descriptor, r.element, r.t, r.prev, r.roots, r.openings);
        assertEq(got, r.expected, string.concat("program ", vm.toString(seed), " record ", vm.toString(number)));
        if (r.openings.length != 0) _corrupt(r, seed + number);
        return offset;
    }

    /// One bit of an opening changed, or one byte of it missing: refused, whatever the value would have been.
    function _corrupt(Record memory r, uint256 salt) private view {
        uint256 index = uint256(keccak256(abi.encode(salt))) % r.openings.length;
        r.openings[index] ^= bytes1(uint8(1 << (salt & 7)));
        _refused(r);
        r.openings[index] ^= bytes1(uint8(1 << (salt & 7)));
        bytes memory openings = r.openings;
        assembly {
            mstore(openings, sub(mload(openings), 1))
        }
        _refused(r);
    }

    function _refused(Record memory r) private view {
        try judge.judge(r.descriptor, r.element, r.t, r.prev, r.roots, r.openings) returns (uint256) {
            revert Failed("a wrong opening was accepted");
        } catch {}
    }

    function _uint(bytes memory data, uint256 offset, uint256 n) private pure returns (uint256 v, uint256 next) {
        assembly {
            v := shr(sub(256, shl(3, n)), mload(add(add(data, 32), offset)))
        }
        next = offset + n;
    }

    function _bytes(bytes memory data, uint256 offset, uint256 prefix)
        private
        pure
        returns (bytes memory out, uint256 next)
    {
        uint256 length;
        (length, offset) = _uint(data, offset, prefix);
        out = new bytes(length);
        assembly {
            mcopy(add(out, 32), add(add(data, 32), offset), length)
        }
        next = offset + length;
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
