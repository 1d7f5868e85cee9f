// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// Writes descriptors and their parts (docs/machine.md, 3.1), for tests.
library Descriptor {
    function uint_(uint256 v) internal pure returns (bytes memory) {
        if (v < 128) return abi.encodePacked(uint8(v));
        uint256 n = 1;
        while (v >> (8 * n) != 0) ++n;
        bytes memory r = abi.encodePacked(uint8(0x80 + n));
        for (uint256 i = n; i > 0; --i) {
            r = abi.encodePacked(r, uint8(v >> (8 * (i - 1))));
        }
        return r;
    }

    function sint(int256 v) internal pure returns (bytes memory) {
        return uint_(v >= 0 ? uint256(v) << 1 : (uint256(-(v + 1)) << 1) + 1);
    }

    function head(
        uint8 form,
        uint8 fn,
        uint8 store,
        uint8 acc,
        uint8 epilogue,
        uint32 firstChunk,
        uint32 span,
        uint64 cost
    ) internal pure returns (bytes memory) {
        return abi.encodePacked(form, fn, store, acc, epilogue, firstChunk, span, cost);
    }

    function box(uint256[] memory out, uint256[] memory red) internal pure returns (bytes memory r) {
        r = abi.encodePacked(uint8(out.length), uint8(red.length));
        for (uint256 i = 0; i < out.length; ++i) {
            r = abi.encodePacked(r, uint_(out[i]));
        }
        for (uint256 i = 0; i < red.length; ++i) {
            r = abi.encodePacked(r, uint_(red[i]));
        }
    }

    function box1(uint256 out) internal pure returns (bytes memory) {
        uint256[] memory o = new uint256[](1);
        o[0] = out;
        return box(o, new uint256[](0));
    }

    function box2(uint256 out, uint256 red) internal pure returns (bytes memory) {
        uint256[] memory o = new uint256[](1);
        o[0] = out;
        uint256[] memory k = new uint256[](1);
        k[0] = red;
        return box(o, k);
    }

    function none() internal pure returns (bytes memory) {
        return affine(0, 0, 0, 0, 0);
    }

    /// offset + c0 * axis 0 + c1 * axis 1; further axes through `affine`.
    function line(int256 offset, int256 c0, int256 c1) internal pure returns (bytes memory) {
        return affine(offset, 0, c0, 1, c1);
    }

    function affine(int256 offset, uint256 a0, int256 c0, uint256 a1, int256 c1)
        internal
        pure
        returns (bytes memory r)
    {
        uint256 mask = (c0 != 0 ? 1 << a0 : 0) | (c1 != 0 ? 1 << a1 : 0);
        r = abi.encodePacked(sint(offset), uint16(mask));
        if (c0 != 0) r = abi.encodePacked(r, sint(c0));
        if (c1 != 0) r = abi.encodePacked(r, sint(c1));
    }

    function row(uint256 extent, uint256 stride, bytes memory affine_) internal pure returns (bytes memory) {
        return abi.encodePacked(uint_(extent), uint_(stride), affine_);
    }

    /// pad is the rule and, for rule 2, the register behind it.
    function view_(
        uint8 space,
        uint8 dtype,
        bytes memory pad,
        uint8 rows,
        uint256 chunk,
        uint256 count,
        bytes memory rowBytes
    ) internal pure returns (bytes memory) {
        bytes memory value = new bytes(pad.length - 1);
        for (uint256 i = 1; i < pad.length; ++i) {
            value[i - 1] = pad[i];
        }
        return abi.encodePacked(space, dtype, pad[0], rows, uint_(chunk), uint_(count), value, rowBytes);
    }

    function tensor(bytes memory view1) internal pure returns (bytes memory) {
        return abi.encodePacked(uint8(2), uint8(0), view1);
    }

    function indirect(uint8 indirectRow, bytes memory view1, bytes memory view2) internal pure returns (bytes memory) {
        return abi.encodePacked(uint8(2), indirectRow, view1, view2);
    }

    function iota(bytes memory affine_) internal pure returns (bytes memory) {
        return abi.encodePacked(uint8(1), affine_);
    }

    function const32(uint32 v) internal pure returns (bytes memory) {
        return abi.encodePacked(uint8(0), v);
    }

    function const64(uint64 v) internal pure returns (bytes memory) {
        return abi.encodePacked(uint8(0), v);
    }

    /// The hash of a leaf of the program tree.
    function leaf(bytes memory d) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(uint8(2), d));
    }
}
