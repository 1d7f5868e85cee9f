// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// How many operands a scalar function takes and how wide they are: what a reader of descriptors must know of the table
/// in docs/machine.md, section 2.
library Signature {
    error UnknownFunction(uint256 code);

    /// `first` of a class, below its class bits.
    uint256 internal constant FIRST = 0x1f;

    // Operands, two bits a code, the lowest code lowest: of 0x00 to 0x3f, 0x40 to 0x7f, 0x80 to 0xbf and 0xc0 to 0xff.
    uint256 private constant FLOAT = 0x25555e5555557ea56baa4;
    uint256 private constant I32 = 0xc0003faa9a96aaa4;
    uint256 private constant I64 = 0xc2aabfaa9a96aaa4;
    uint256 private constant CAST = 3 << 98 | 0x155554;

    function operands(uint256 fn) internal pure returns (uint256 n) {
        uint256 class_ = fn >> 6;
        uint256 table = class_ == 0 ? FLOAT : class_ == 1 ? I32 : class_ == 2 ? I64 : class_ == 3 ? CAST : 0;
        n = table >> ((fn & 0x3f) << 1) & 3;
        if (n == 0) revert UnknownFunction(fn);
    }

    /// Bytes of the register that operand i takes: 8 for I64, 4 for the other classes.
    function operandBytes(uint256 fn, uint256 i) internal pure returns (uint256) {
        if (fn == 0xc4 || fn == 0xc6 || fn == 0xc8) return 8; // from I64
        if (fn == 0xf1) return i == 2 ? 8 : 4; // within's two tolerances are one I64
        if (fn >> 6 != 2) return 4;
        return fn == 0x94 && i == 0 ? 4 : 8; // i64.select's condition is an I32
    }
}
