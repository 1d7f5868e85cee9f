// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Test} from "./Test.sol";
import {Merkle} from "../src/judge/Merkle.sol";
import {Schedule} from "../src/game/Schedule.sol";

/// Trees and schedules against their definitions, written down once more the slow way.
contract MerkleTest is Test {
    function slowDepth(uint256 n) internal pure returns (uint256 d) {
        while (1 << d < n) ++d;
    }

    function testDepth() public pure {
        for (uint256 n = 0; n < 300; ++n) {
            assertEq(Merkle.depth(n), slowDepth(n), "small");
        }
        for (uint256 i = 8; i < 255; ++i) {
            uint256 n = uint256(1) << i;
            assertEq(Merkle.depth(n - 1), i, "below a power");
            assertEq(Merkle.depth(n), i, "a power");
            assertEq(Merkle.depth(n + 1), i + 1, "above");
        }
    }

    function slowRoot(bytes32[] memory level) internal pure returns (bytes32) {
        for (uint256 n = level.length; n > 1; n /= 2) {
            for (uint256 i = 0; i < n / 2; ++i) {
                level[i] = keccak256(abi.encodePacked(uint8(1), level[2 * i], level[2 * i + 1]));
            }
        }
        return level[0];
    }

    function nodes(bytes calldata data, uint256 height) external pure returns (bytes32) {
        uint256 pos;
        assembly {
            pos := data.offset
        }
        return Merkle.rootOfNodes(pos, height);
    }

    function chunks(bytes calldata data, uint256 height) external pure returns (bytes32) {
        uint256 pos;
        assembly {
            pos := data.offset
        }
        return Merkle.rootOfChunks(pos, height);
    }

    /// The node at a place of a level on the way up, and the root behind it.
    function between(bytes calldata data, uint256 height, uint256 down, uint256 index)
        external
        pure
        returns (bytes32 node, bytes32 root)
    {
        uint256 pos;
        assembly {
            pos := data.offset
        }
        uint256 level = Merkle.loadNodes(pos, height);
        Merkle.reduce(level, height, down);
        node = Merkle.nodeAt(level, index);
        root = Merkle.reduce(level, height - down, height - down);
    }

    function climb(bytes32 start, uint256 index, bytes32[] calldata siblings) external pure returns (bytes32) {
        return Merkle.climb(start, index, siblings);
    }

    function testTrees(uint256 seed) public view {
        for (uint256 height = 0; height <= 5; ++height) {
            bytes memory data;
            bytes memory raw;
            bytes32[] memory level = new bytes32[](1 << height);
            bytes32[] memory leaves = new bytes32[](1 << height);
            for (uint256 i = 0; i < 1 << height; ++i) {
                level[i] = keccak256(abi.encode(seed, height, i));
                data = abi.encodePacked(data, level[i]);
                bytes memory chunk = abi.encodePacked(level[i], seed, i, level[0]);
                leaves[i] = keccak256(abi.encodePacked(uint8(0), chunk));
                raw = abi.encodePacked(raw, chunk);
            }
            uint256 index = uint256(keccak256(abi.encode(seed))) % (1 << height);
            bytes32 start = level[index];
            bytes32[] memory siblings = new bytes32[](height);
            bytes32[] memory work = new bytes32[](1 << height);
            for (uint256 i = 0; i < 1 << height; ++i) {
                work[i] = level[i];
            }
            for (uint256 h = 0; h < height; ++h) {
                siblings[h] = work[(index >> h) ^ 1];
                for (uint256 i = 0; i < 1 << (height - h - 1); ++i) {
                    work[i] = keccak256(abi.encodePacked(uint8(1), work[2 * i], work[2 * i + 1]));
                }
                (bytes32 node, bytes32 root) = this.between(data, height, h + 1, index >> (h + 1));
                assertEq(node, work[index >> (h + 1)], "on the way");
                assertEq(root, this.nodes(data, height), "and behind it");
            }
            assertEq(this.nodes(data, height), slowRoot(level), "nodes");
            assertEq(this.chunks(raw, height), slowRoot(leaves), "chunks");
            // Bits above the height do not matter here: they are the caller's to refuse.
            assertEq(this.climb(start, index | seed << height, siblings), this.nodes(data, height), "climb");
        }
    }

    /// All levels are descended, none twice, and no round shows more than the page says.
    function testSchedule() public pure {
        for (uint256 depth = 0; depth <= 26; ++depth) {
            uint256 left = depth;
            uint256 round;
            for (; Schedule.levels(depth, round) != 0; ++round) {
                uint256 b = Schedule.levels(depth, round);
                assertTrue(b <= 5, "at most");
                left -= b;
            }
            assertEq(left, Schedule.raw(depth), "the rest is raw");
            uint256 r = depth < 2 ? 0 : depth - 2;
            assertEq(round, r == 0 ? 0 : 1 + (r > 5 ? (r - 5 + 4) / 5 : 0), "rounds");
            assertEq(Schedule.levels(depth, round + 1), 0, "and no more");
        }
        uint256[5] memory twenty = [uint256(5), 4, 4, 5, 0];
        uint256[6] memory deepest = [uint256(5), 4, 5, 5, 5, 0];
        for (uint256 i = 0; i < 6; ++i) {
            if (i < 5) assertEq(Schedule.levels(20, i), twenty[i], "20 levels");
            assertEq(Schedule.levels(26, i), deepest[i], "26 levels");
        }
    }

    function testSegments() public pure {
        for (uint256 m = 1; m < 5000; ++m) {
            (uint256 stride, uint256 count) = Schedule.segments(m);
            assertTrue(count >= 1 && count <= 64, "values");
            assertTrue(stride * count <= m && m - stride * count < stride, "evenly, and all of it");
        }
    }
}
