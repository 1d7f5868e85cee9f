// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// How many operands a scalar function takes and how wide they are: what a reader of descriptors must know of the table
/// in docs/machine.md, section 2.
library Signature {
    error UnknownFunction(uint256 code);

    /// `first` of a class, below its class bits.
    uint256 internal constant FIRST = 0x1f;

    // Operands, two bits a code, the lowest code lowest: 0x00 to 0x1f; 0x40 to 0x5f and 0x80 to 0x9f; 0xc0 to 0xdf.
    uint256 private constant FLOAT = 0xc1555557ea56baa4;
    uint256 private constant INTEGER = 0xc0003faa9a96aaa4;
    uint256 private constant CAST = 0x0000000000001554;

    function operands(uint256 fn) internal pure returns (uint256 n) {
        uint256 class_ = fn >> 6;
        uint256 table = class_ == 0 ? FLOAT : class_ < 3 ? INTEGER : class_ == 3 ? CAST : 0;
        if (fn & 0x20 == 0) n = table >> ((fn & 0x1f) << 1) & 3;
        if (n == 0) revert UnknownFunction(fn);
    }

    /// Bytes of the register that operand i takes: 8 for I64, 4 for the other classes.
    function operandBytes(uint256 fn, uint256 i) internal pure returns (uint256) {
        if (fn == 0xc4 || fn == 0xc6) return 8; // from I64
        if (fn >> 6 != 2) return 4;
        return fn == 0x94 && i == 0 ? 4 : 8; // i64.select's condition is an I32
    }
}
