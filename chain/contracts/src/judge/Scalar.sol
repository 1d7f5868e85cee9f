// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {SoftFloat} from "./SoftFloat.sol";

/// The elementary functions, deployed once beside the judge (see Elementary.sol). Raw binary32 bits in and out.
interface IElementary {
    function evaluate(uint256 fn, uint256 a, uint256 b) external view returns (uint256);
}

/// The scalar table of the machine: what one function code does to its registers, and how an element of a tensor becomes
/// a register and back.
///
/// A register is one of three classes, held in a word whose upper bits are zero: F32 (binary32 bits), I32 and I64 (two's
/// complement). The two upper bits of a function code name the class it works on, 0xc0 the casts.
library Scalar {
    error UnknownFunction(uint256 code);
    error UnknownDtype(uint256 dtype);
    /// The call to the elementary functions did not come back with a word: no such contract, or too little gas.
    error ElementaryFailed();

    uint256 internal constant F32 = 0;
    uint256 internal constant I32 = 1;
    uint256 internal constant I64 = 2;

    // ONNX dtype codes; 11 (f64) and the rest are not part of the law.
    uint256 internal constant DTYPE_F32 = 1;
    uint256 internal constant DTYPE_U8 = 2;
    uint256 internal constant DTYPE_I8 = 3;
    uint256 internal constant DTYPE_U16 = 4;
    uint256 internal constant DTYPE_I16 = 5;
    uint256 internal constant DTYPE_I32 = 6;
    uint256 internal constant DTYPE_I64 = 7;
    uint256 internal constant DTYPE_BOOL = 9;
    uint256 internal constant DTYPE_F16 = 10;
    uint256 internal constant DTYPE_U32 = 12;
    uint256 internal constant DTYPE_U64 = 13;
    uint256 internal constant DTYPE_BF16 = 16;

    /// The comparison that ends a tolerant model.
    uint256 internal constant WITHIN = 0xf1;

    /// The codes that go to the elementary functions' contract, one bit a code: 11 to 14, 19 to 1d, 20 to 28.
    uint256 private constant ELEMENTARY = 0x1ff3e1e0000;

    // Per dtype one nibble of bytes and one of class, indexed by code; 0 bytes means no such dtype.
    // The lowest nibble is code 0, the highest code 16.
    uint256 private constant WIDTHS = 0x20084021084221140;
    uint256 private constant CLASSES = 0x00022001021111100;

    /// Applies one function. Operands beyond the function's arity are ignored. Reverts on a code outside the table.
    function apply_(uint256 fn, uint256 a, uint256 b, uint256 c, address elementary) internal view returns (uint256) {
        uint256 class_ = fn >> 6;
        if (class_ == F32) return _float(fn, a & 0xffffffff, b & 0xffffffff, c & 0xffffffff, elementary);
        if (class_ < 3) return _integer(fn, a, b, c);
        if (fn == WITHIN) return _within(a & 0xffffffff, b & 0xffffffff, c);
        return _cast(fn, a);
    }

    function _float(uint256 fn, uint256 a, uint256 b, uint256 c, address elementary) private view returns (uint256) {
        if (fn < 0x08) {
            if (fn == 0x06) return SoftFloat.fma(a, b, c);
            if (fn == 0x02) return SoftFloat.add(a, b);
            if (fn == 0x04) return SoftFloat.mul(a, b);
            if (fn == 0x03) return SoftFloat.sub(a, b);
            if (fn == 0x05) return SoftFloat.div(a, b);
            if (fn == 0x01) return SoftFloat.canonical(a);
            if (fn == 0x07) return SoftFloat.min(a, b);
        } else if (fn < 0x10) {
            if (fn == 0x08) return SoftFloat.max(a, b);
            if (fn == 0x09) return SoftFloat.neg(a);
            if (fn == 0x0a) return SoftFloat.abs(a);
            if (fn == 0x0b) return SoftFloat.sqrt(a);
            if (fn == 0x0c) return SoftFloat.eq(a, b);
            if (fn == 0x0d) return SoftFloat.lt(a, b);
            if (fn == 0x0e) return SoftFloat.le(a, b);
            return SoftFloat.canonical(a != 0 ? b : c);
        } else {
            if (ELEMENTARY >> fn & 1 != 0) return _elementary(elementary, fn, a, b);
            if (fn == 0x10) return SoftFloat.min(SoftFloat.max(a, b), c);
            if (fn == 0x15) return SoftFloat.toIntegral(a, SoftFloat.FLOOR);
            if (fn == 0x16) return SoftFloat.toIntegral(a, SoftFloat.CEIL);
            if (fn == 0x17) return SoftFloat.toIntegral(a, SoftFloat.TRUNC);
            if (fn == 0x18) return SoftFloat.toIntegral(a, SoftFloat.ROUND);
            if (fn == 0x1e) return SoftFloat.mod(a, b);
            if (fn == 0x1f) return SoftFloat.canonical(a); // first: the judge passes the operand that was in range
        }
        revert UnknownFunction(fn);
    }

    /// Three words in, one out: an ABI call whose words lie beyond the allocated memory and are not kept.
    function _elementary(address target, uint256 fn, uint256 a, uint256 b) private view returns (uint256 r) {
        bool ok;
        bytes4 selector = IElementary.evaluate.selector;
        assembly ("memory-safe") {
            let at := mload(0x40)
            mstore(at, selector) // left-aligned
            mstore(add(at, 0x04), fn)
            mstore(add(at, 0x24), a)
            mstore(add(at, 0x44), b)
            ok := staticcall(gas(), target, at, 0x64, 0x00, 0x20)
            ok := and(ok, eq(returndatasize(), 0x20))
            r := mload(0x00)
        }
        if (!ok) revert ElementaryFailed();
    }

    /// One body for both widths: operands are sign-extended to 256 bits, where no result below wraps except mul's and
    /// muladd's high bits, which the final mask drops anyway (wrapping modulo 2^256 is wrapping modulo 2^n).
    function _integer(uint256 fn, uint256 a, uint256 b, uint256 c) private pure returns (uint256 r) {
        uint256 op = fn & 0x3f;
        uint256 condition = a & 0xffffffff; // select's first operand is an I32 in both classes
        uint256 bits = fn >> 1 & 0x60; // 0x40 -> 32, 0x80 -> 64
        uint256 mask;
        uint256 count; // b as unsigned
        assembly ("memory-safe") {
            mask := sub(shl(bits, 1), 1)
            count := and(b, mask)
            let top := sub(shr(3, bits), 1)
            a := signextend(top, a)
            b := signextend(top, b)
            c := signextend(top, c)
        }
        unchecked {
            if (op < 0x0b) {
                if (op == 0x02) r = a + b;
                else if (op == 0x04) r = a * b;
                else if (op == 0x03) r = a - b;
                else if (op == 0x01) r = a;
                else if (op == 0x05) r = _sdiv(a, b);
                else if (op == 0x06) r = _smod(a, b);
                else if (op == 0x07) r = _min(a, b);
                else if (op == 0x08) r = _max(a, b);
                else if (op == 0x09) r = 0 - a;
                else if (op == 0x0a) r = int256(a) < 0 ? 0 - a : a;
                else revert UnknownFunction(fn);
            } else if (op < 0x11) {
                if (op == 0x0b) r = a & b;
                else if (op == 0x0c) r = a | b;
                else if (op == 0x0d) r = a ^ b;
                else if (op == 0x0e) r = ~a;
                else if (op == 0x0f) r = a << count; // a count of the width or more leaves nothing below it
                else r = uint256(int256(a) >> count); // and here nothing but the sign
            } else {
                if (op == 0x11) r = a == b ? 1 : 0;
                else if (op == 0x12) r = int256(a) < int256(b) ? 1 : 0;
                else if (op == 0x13) r = int256(a) <= int256(b) ? 1 : 0;
                else if (op == 0x14) r = condition != 0 ? b : c;
                else if (op == 0x15) r = _min(_max(a, b), c);
                else if (op == 0x16) r = a + b * c;
                else if (op == 0x1f) r = a; // first: the judge passes the operand that was in range
                else if (fn >= 0x97 && fn <= 0x9c) r = _unsigned(fn, a & mask, b & mask);
                else revert UnknownFunction(fn);
            }
        }
        return r & mask;
    }

    /// The six of I64 alone, on numbers below 2^64; x / 0 = 0 and x mod 0 = 0 as the EVM has them.
    function _unsigned(uint256 fn, uint256 a, uint256 b) private pure returns (uint256 r) {
        if (fn == 0x97) return a < b ? 1 : 0;
        if (fn == 0x98) return a <= b ? 1 : 0;
        if (fn == 0x9b) return a < b ? a : b;
        if (fn == 0x9c) return a > b ? a : b;
        assembly ("memory-safe") {
            switch fn
            case 0x99 { r := div(a, b) }
            default { r := mod(a, b) }
        }
    }

    /// The EVM's own rules are the table's: x / 0 = 0, x mod 0 = 0, truncation, the remainder has the dividend's sign.
    function _sdiv(uint256 a, uint256 b) private pure returns (uint256 r) {
        assembly ("memory-safe") {
            r := sdiv(a, b)
        }
    }

    function _smod(uint256 a, uint256 b) private pure returns (uint256 r) {
        assembly ("memory-safe") {
            r := smod(a, b)
        }
    }

    function _min(uint256 a, uint256 b) private pure returns (uint256) {
        return int256(a) < int256(b) ? a : b;
    }

    function _max(uint256 a, uint256 b) private pure returns (uint256) {
        return int256(a) > int256(b) ? a : b;
    }

    function _cast(uint256 fn, uint256 a) private pure returns (uint256 r) {
        if (fn == 0xc1) return SoftFloat.toI32(a & 0xffffffff);
        if (fn == 0xc2) return SoftFloat.toI64(a & 0xffffffff);
        if (fn == 0xc3) return SoftFloat.fromI32(a);
        if (fn == 0xc4) return SoftFloat.fromI64(a);
        if (fn == 0xc5) {
            assembly ("memory-safe") {
                r := and(signextend(3, a), 0xffffffffffffffff)
            }
            return r;
        }
        if (fn == 0xc6) return a & 0xffffffff;
        if (fn == 0xc7) return SoftFloat.toU64(a & 0xffffffff);
        if (fn == 0xc8) return SoftFloat.fromU64(a);
        if (fn == 0xc9 || fn == 0xca) return SoftFloat.canonical(a & 0xffffffff); // the bits themselves, both ways
        revert UnknownFunction(fn);
    }

    /// Whether a, the claimed value, lies within the tolerance of b, the canonical one: |a - b| <= A + R * |b| in exact
    /// arithmetic, where A and R are the halves of c. Where one of the four is no finite number, or a tolerance is below
    /// zero, only equal bits will do.
    function _within(uint256 a, uint256 b, uint256 c) private pure returns (uint256) {
        uint256 absolute = c >> 32 & 0xffffffff;
        uint256 relative = c & 0xffffffff;
        if (absolute == SoftFloat.SIGN) absolute = 0;
        if (relative == SoftFloat.SIGN) relative = 0;
        // As numbers, the bits of what is finite and not negative are those below infinity's.
        if (SoftFloat.isSpecial(a) || SoftFloat.isSpecial(b) || absolute >= SoftFloat.INF || relative >= SoftFloat.INF)
        {
            return SoftFloat.canonical(a) == SoftFloat.canonical(b) ? 1 : 0;
        }
        // A + R|b| - |a - b| is a sum of four terms, integers below 2^554 in units of 2^-298. A limb has the weight 2^192 of
        // the one below it and takes terms of at most 48 + 191 bits with their signs, so that none of its sums can overflow.
        int256[3] memory limbs;
        int256 sign = SoftFloat.le(b, a) != 0 ? int256(1) : int256(-1);
        (uint256 m, int256 e) = SoftFloat.parts(a);
        _accumulate(limbs, -sign, a, m, e + 298);
        (m, e) = SoftFloat.parts(b);
        _accumulate(limbs, sign, b, m, e + 298);
        (uint256 n, int256 f) = SoftFloat.parts(relative);
        _accumulate(limbs, 1, 0, m * n, e + f + 298);
        (m, e) = SoftFloat.parts(absolute);
        _accumulate(limbs, 1, 0, m, e + 298);
        // A right shift rounds down, so what is carried is too small by less than one, and the sign stays what it is.
        unchecked {
            return limbs[2] + (limbs[1] + (limbs[0] >> 192) >> 192) >= 0 ? 1 : 0;
        }
    }

    /// Adds sign * m * 2^shift, and -1 times that for an x with the sign bit set. 0 <= shift < 576 and m < 2^48.
    function _accumulate(int256[3] memory limbs, int256 sign, uint256 x, uint256 m, int256 shift) private pure {
        unchecked {
            if (x & SoftFloat.SIGN != 0) sign = -sign;
            limbs[uint256(shift) / 192] += sign * int256(m << uint256(shift) % 192);
        }
    }

    /// Bytes of one element of the dtype.
    function width(uint256 dtype) internal pure returns (uint256 w) {
        w = (WIDTHS >> (dtype << 2)) & 0xf;
        // A dtype past the table (or one that makes the shift wrap) finds no width.
        if (w == 0 || dtype > 16) revert UnknownDtype(dtype);
    }

    /// Register class of the dtype.
    function classOf(uint256 dtype) internal pure returns (uint256) {
        width(dtype);
        return (CLASSES >> (dtype << 2)) & 0xf;
    }

    /// An element's bits (little-endian bytes already read as a number; bits beyond its width are ignored) to a register.
    function load(uint256 dtype, uint256 bits) internal pure returns (uint256 r) {
        if (dtype == DTYPE_F32) return SoftFloat.canonical(bits & 0xffffffff);
        uint256 w = width(dtype);
        bits &= (1 << (w << 3)) - 1;
        if (dtype == DTYPE_F16) return SoftFloat.fromF16(bits);
        if (dtype == DTYPE_BF16) return SoftFloat.fromBf16(bits);
        if (dtype == DTYPE_BOOL) return bits != 0 ? 1 : 0;
        if (dtype == DTYPE_I8 || dtype == DTYPE_I16) {
            assembly ("memory-safe") {
                r := and(signextend(sub(w, 1), bits), 0xffffffff)
            }
            return r;
        }
        return bits;
    }

    /// A register of the dtype's class to an element's bits.
    function store(uint256 dtype, uint256 register) internal pure returns (uint256) {
        if (dtype == DTYPE_F32) return SoftFloat.canonical(register & 0xffffffff);
        uint256 w = width(dtype);
        if (dtype == DTYPE_F16) return SoftFloat.toF16(register & 0xffffffff);
        if (dtype == DTYPE_BF16) return SoftFloat.toBf16(register & 0xffffffff);
        if (dtype == DTYPE_BOOL) return register & 0xffffffff != 0 ? 1 : 0;
        return register & ((1 << (w << 3)) - 1);
    }
}
