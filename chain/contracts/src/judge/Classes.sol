// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// Which class of register each scalar function takes and gives (docs/machine.md, section 2), for whoever must tell whether a
/// descriptor is well formed. Nothing here reverts: a code outside the table has no operands.
library Classes {
    uint256 internal constant F32 = 0;
    uint256 internal constant I32 = 1;
    uint256 internal constant I64 = 2;
    uint256 internal constant NONE = 3;
    uint256 internal constant WITHIN = 0xf1;

    // Operands, two bits a code, the lowest code lowest: of 0x00 to 0x3f, 0x40 to 0x7f, 0x80 to 0xbf and 0xc0 to 0xff.
    uint256 private constant FLOAT = 0x25555e5555557ea56baa4;
    uint256 private constant WORD = 0xc0003faa9a96aaa4;
    uint256 private constant LONG = 0xc2aabfaa9a96aaa4;
    uint256 private constant CAST = 3 << 98 | 0x155554;
    // Classes of the casts c1 to ca and of within, two bits a code from c0: of the operand (but for within's last, and its
    // first two are F32, which is 0) and of the result.
    uint256 private constant CAST_FROM = 0x1 << 6 | 0x2 << 8 | 0x1 << 10 | 0x2 << 12 | 0x2 << 16 | 0x1 << 20;
    uint256 private constant CAST_TO = 0x1 << 2 | 0x2 << 4 | 0x2 << 10 | 0x1 << 12 | 0x2 << 14 | 0x1 << 18 | 0x1 << 98;

    /// 0 for a code that is not in the table.
    function operands(uint256 fn) internal pure returns (uint256) {
        uint256 class_ = fn >> 6;
        uint256 table = class_ == 0 ? FLOAT : class_ == 1 ? WORD : class_ == 2 ? LONG : class_ == 3 ? CAST : 0;
        return table >> ((fn & 0x3f) << 1) & 3;
    }

    /// Class of operand i of a function that is in the table.
    function operand(uint256 fn, uint256 i) internal pure returns (uint256) {
        uint256 class_ = fn >> 6;
        if (fn == WITHIN && i == 2) return I64; // both tolerances
        if (class_ == 3) return CAST_FROM >> ((fn & 0x3f) << 1) & 3;
        return i == 0 && isSelect(fn) ? I32 : class_;
    }

    function result(uint256 fn) internal pure returns (uint256) {
        uint256 class_ = fn >> 6;
        if (class_ == 3) return CAST_TO >> ((fn & 0x3f) << 1) & 3;
        if (class_ == F32) return fn >= 0x0c && fn <= 0x0e ? I32 : F32;
        if (class_ == I64) return (fn >= 0x91 && fn <= 0x93) || fn == 0x97 || fn == 0x98 ? I32 : I64;
        return class_;
    }

    function isSelect(uint256 fn) internal pure returns (bool) {
        return fn == 0x0f || fn == 0x54 || fn == 0x94;
    }

    function isFirst(uint256 fn) internal pure returns (bool) {
        return fn == 0x1f || fn == 0x5f || fn == 0x9f;
    }
}
