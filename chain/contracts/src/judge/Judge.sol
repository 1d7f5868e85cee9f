// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Description, Roots} from "../Types.sol";
import {Describe} from "./Describe.sol";
import {Merkle} from "./Merkle.sol";
import {Scalar} from "./Scalar.sol";
import {Signature} from "./Signature.sol";
import {Wire} from "./Wire.sol";

/// Recomputes one scalar step of an instruction from its descriptor and the chunks that it reads (docs/machine.md,
/// sections 3 and 5). It holds nothing and knows no operators: any instruction of the form goes through these lines.
///
/// The descriptor is in calldata; `pos` is always a position in it. Reading goes operand by operand: what an operand reads
/// is opened as soon as it is evaluated, so the openings are consumed in the order of the law.
contract Judge {
    error WrongOpening();
    error WrongOpeningsLength();

    uint256 private constant FOLD = Describe.FOLD;
    uint256 private constant AXES_MAX = Describe.AXES_MAX;
    uint256 private constant TERMS_MAX = Describe.TERMS_MAX;
    uint256 private constant PAD_SKIP = 1;
    uint256 private constant PAD_VALUE = 2;

    address public immutable elementary;

    constructor(address elementary_) {
        elementary = elementary_;
    }

    /// A step as it is worked on.
    struct Step {
        uint256 end; // of the descriptor
        uint256 fn;
        uint256 store;
        uint256 epilogue;
        uint256 epilogueAt; // its position byte, when there is one
        uint256 operandsAt;
        uint256 opening; // next byte of the openings
        uint256 openingsEnd;
        uint256 roots; // where they lie in calldata: four roots, then four depths
        uint256[16] point; // axes: output, then reduction; zero beyond them
    }

    /// A view whose rows have been read.
    struct View {
        uint256 space;
        uint256 dtype;
        uint256 pad;
        uint256 chunk;
        uint256 count;
        uint256 padValue;
        bool inRange; // every row but the indirect one
        uint256 flat; // without the indirect row
        int256 coordinate; // of the indirect row, before the value is added
        uint256 extent;
        uint256 stride;
    }

    /// What a game must know before it comes to a step.
    function describe(bytes calldata descriptor) external pure returns (Description memory) {
        return Describe.describe(descriptor);
    }

    /// The value that is right for step t of an element: a register for init and body, stored bits otherwise. prev is the
    /// register s_(t-1) for body and final steps, else it does not matter. The openings are exactly those of the step.
    function judge(
        bytes calldata descriptor,
        uint256 element,
        uint256 t,
        uint256 prev,
        Roots calldata roots,
        bytes calldata openings
    ) external view returns (uint256) {
        Step memory s;
        uint256 form;
        uint256 acc;
        uint256 terms;
        bool padding;
        (form, acc, terms, padding) = _read(s, descriptor, element, t);
        uint256 opening;
        uint256 rootsAt;
        assembly ("memory-safe") {
            opening := openings.offset
            rootsAt := roots
        }
        s.roots = rootsAt;
        s.opening = opening;
        unchecked {
            s.openingsEnd = opening + openings.length;
        }
        uint256 result;
        if (padding) {
            result = 0;
        } else if (form != FOLD) {
            result = _finish(s, _map(s));
        } else if (t == 0) {
            (result,) = _init(s);
            result = Scalar.load(acc, Scalar.store(acc, result));
        } else if (t <= terms) {
            result = _body(s, prev);
            result = Scalar.load(acc, Scalar.store(acc, result));
        } else {
            result = _finish(s, prev);
        }
        if (s.opening != s.openingsEnd) revert WrongOpeningsLength();
        return result;
    }

    /// The fixed part, the extents and with them the point of the step.
    function _read(Step memory s, bytes calldata descriptor, uint256 element, uint256 t)
        private
        pure
        returns (uint256 form, uint256 acc, uint256 terms, bool padding)
    {
        uint256 pos;
        (pos, s.end) = Describe.bounds(descriptor);
        form = Wire.u8(pos);
        s.fn = Wire.u8(pos + 1);
        s.store = Wire.u8(pos + 2);
        acc = Wire.u8(pos + 3);
        s.epilogue = Wire.u8(pos + 4);
        uint256 outAxes = Wire.u8(pos + 21);
        uint256 axes = outAxes + Wire.u8(pos + 22);
        if (axes > AXES_MAX) revert Wire.MalformedDescriptor(pos + 21);
        pos += 23;
        unchecked {
            uint256[16] memory point = s.point;
            for (uint256 a = 0; a < axes; ++a) {
                uint256 extent;
                (extent, pos) = Wire.uint_(pos);
                _set(point, a, extent);
            }
        }
        terms = _point(s, outAxes, axes, t);
        padding = _unravel(s, 0, outAxes, element) != 0;
        if (form == FOLD) {
            if (t > terms + 1) revert Wire.MalformedDescriptor(pos); // no such step
        } else {
            terms = 0;
        }
        s.epilogueAt = pos;
        if (s.epilogue != 0) pos = _afterEpilogue(s.epilogue, pos);
        s.operandsAt = pos;
        Wire.within(pos, s.end);
    }

    /// Turns the extents of the reduction axes into the coordinates of term t - 1; returns the number of terms.
    function _point(Step memory s, uint256 outAxes, uint256 axes, uint256 t) private pure returns (uint256 terms) {
        terms = 1;
        uint256[16] memory point = s.point;
        unchecked {
            for (uint256 a = outAxes; a < axes; ++a) {
                uint256 extent = _get(point, a);
                if (extent > TERMS_MAX) revert Wire.MalformedDescriptor(a);
                terms *= extent; // at most 2^(18 * 12)
            }
            if (t == 0 || t > terms) {
                for (uint256 a = outAxes; a < axes; ++a) {
                    _set(point, a, 0);
                }
            } else {
                _unravel(s, outAxes, axes, t - 1);
            }
        }
    }

    // An axis is below AXES_MAX wherever these are used.
    function _get(uint256[16] memory point, uint256 axis) private pure returns (uint256 v) {
        assembly ("memory-safe") {
            v := mload(add(point, shl(5, axis)))
        }
    }

    function _set(uint256[16] memory point, uint256 axis, uint256 v) private pure {
        assembly ("memory-safe") {
            mstore(add(point, shl(5, axis)), v)
        }
    }

    /// Row-major coordinates of an index in the box of the axes from `from` to `to`, in place of its extents. Returns how
    /// many times the index goes beyond the box: 0 inside.
    function _unravel(Step memory s, uint256 from, uint256 to, uint256 index) private pure returns (uint256) {
        uint256[16] memory point = s.point;
        unchecked {
            while (to > from) {
                --to;
                uint256 extent = _get(point, to);
                if (extent == 0) revert Wire.MalformedDescriptor(to);
                uint256 times = index / extent;
                _set(point, to, index - times * extent);
                index = times;
            }
        }
        return index;
    }

    function _afterEpilogue(uint256 fn, uint256 pos) private pure returns (uint256) {
        uint256 n = Signature.operands(fn);
        uint256 position = Wire.u8(pos);
        if (position >= n) revert Wire.MalformedDescriptor(pos);
        ++pos;
        for (uint256 i = 0; i < n; ++i) {
            if (i != position) pos += Signature.operandBytes(fn, i);
        }
        return pos;
    }

    /// store(e(value)).
    function _finish(Step memory s, uint256 value) private view returns (uint256) {
        uint256 fn = s.epilogue;
        if (fn != 0) {
            uint256 pos = s.epilogueAt;
            uint256 n = Signature.operands(fn);
            uint256 position = Wire.u8(pos++);
            uint256[3] memory x;
            for (uint256 i = 0; i < n; ++i) {
                if (i == position) {
                    x[i] = value;
                } else {
                    uint256 width = Signature.operandBytes(fn, i);
                    x[i] = Wire.be(pos, width);
                    pos += width;
                }
            }
            value = Scalar.apply_(fn, x[0], x[1], x[2], elementary);
        }
        return Scalar.store(s.store, value);
    }

    function _map(Step memory s) private view returns (uint256) {
        uint256 n = Signature.operands(s.fn);
        bool first = s.fn & 0x3f == Signature.FIRST && s.fn < 0xc0;
        uint256[3] memory x;
        uint256 pos = s.operandsAt;
        bool taken;
        for (uint256 i = 0; i < n; ++i) {
            bool present;
            uint256 value;
            (value, present, pos) = _operand(s, pos, i, true);
            if (!first) {
                x[i] = value;
            } else if (present && !taken) {
                x[0] = value;
                taken = true;
            }
        }
        if (pos != s.end) revert Wire.MalformedDescriptor(pos);
        return first ? x[0] : Scalar.apply_(s.fn, x[0], x[1], x[2], elementary);
    }

    function _init(Step memory s) private pure returns (uint256 value, uint256 pos) {
        (value,, pos) = _operand(s, s.operandsAt, 0, true);
    }

    function _body(Step memory s, uint256 prev) private view returns (uint256) {
        uint256 n = Signature.operands(s.fn);
        (,, uint256 pos) = _operand(s, s.operandsAt, 0, false);
        bool skipped;
        uint256[3] memory x;
        for (uint256 i = 1; i < n; ++i) {
            bool present;
            (x[i], present, pos) = _operand(s, pos, i, true);
            if (!present) skipped = true;
        }
        if (pos != s.end) revert Wire.MalformedDescriptor(pos);
        return skipped ? prev : Scalar.apply_(s.fn, prev, x[1], x[2], elementary);
    }

    /// Operand i, which starts at `pos`: its register, whether it is there (not skipped), and where the next one starts.
    /// Without `open` it is passed over: only the position matters.
    function _operand(Step memory s, uint256 pos, uint256 i, bool open)
        private
        pure
        returns (uint256 value, bool present, uint256 next)
    {
        uint256 kind = Wire.u8(pos++);
        present = true;
        if (kind == 0) {
            uint256 width = Signature.operandBytes(s.fn, i);
            value = Wire.be(pos, width);
            next = pos + width;
        } else if (kind == 1) {
            int256 sum;
            (sum, next) = _affine(s, pos);
            value = uint256(sum) & (Signature.operandBytes(s.fn, i) == 8 ? type(uint64).max : type(uint32).max);
        } else if (kind == 2) {
            (value, present, next) = _tensor(s, pos, open);
        } else {
            revert Wire.MalformedDescriptor(pos - 1);
        }
        Wire.within(next, s.end);
    }

    function _tensor(Step memory s, uint256 pos, bool open)
        private
        pure
        returns (uint256 value, bool present, uint256 next)
    {
        uint256 indirectRow = Wire.u8(pos);
        View memory v;
        next = _view(s, v, pos + 1, indirectRow);
        if (indirectRow != 0) {
            View memory index;
            next = _view(s, index, next, 0);
            if (!open) return (0, true, next);
            Wire.within(next, s.end);
            int256 offset = _signed(index.dtype, index.inRange ? _open(s, index) : index.padValue);
            unchecked {
                int256 c = v.coordinate + offset;
                if (c < 0 || uint256(c) >= v.extent) v.inRange = false;
                else v.flat += v.stride * uint256(c);
            }
            if (v.flat >= v.count) v.inRange = false;
        }
        if (!open) return (0, true, next);
        Wire.within(next, s.end);
        if (v.inRange) return (_open(s, v), true, next);
        return (v.padValue, v.pad != PAD_SKIP, next);
    }

    /// A register of an integer class as a number.
    function _signed(uint256 dtype, uint256 register) private pure returns (int256 v) {
        uint256 top = Scalar.classOf(dtype) == Scalar.I32 ? 3 : 7;
        assembly ("memory-safe") {
            v := signextend(top, register)
        }
    }

    /// Reads a view and evaluates its rows, but for the indirect one (1 + its number; 0: there is none), which is kept.
    function _view(Step memory s, View memory v, uint256 pos, uint256 indirectRow) private pure returns (uint256) {
        v.space = Wire.u8(pos);
        v.dtype = Wire.u8(pos + 1);
        v.pad = Wire.u8(pos + 2);
        uint256 rows = Wire.u8(pos + 3);
        if (v.space > 3 || v.pad > PAD_VALUE || rows > 8 || indirectRow > rows) revert Wire.MalformedDescriptor(pos);
        (v.chunk, pos) = Wire.uint_(pos + 4);
        (v.count, pos) = Wire.uint_(pos);
        if (v.pad == PAD_VALUE) {
            uint256 width = Scalar.classOf(v.dtype) == Scalar.I64 ? 8 : 4;
            v.padValue = Wire.be(pos, width);
            pos += width;
        }
        bool inRange = true;
        uint256 flat;
        // Extents and strides are below 2^64, and so are the coordinates that are summed: nothing below can overflow.
        unchecked {
            for (uint256 r = 1; r <= rows; ++r) {
                uint256 extent;
                uint256 stride;
                int256 c;
                (extent, pos) = Wire.uint_(pos);
                (stride, pos) = Wire.uint_(pos);
                (c, pos) = _affine(s, pos);
                if (r == indirectRow) {
                    v.coordinate = c;
                    v.extent = extent;
                    v.stride = stride;
                } else if (c < 0 || uint256(c) >= extent) {
                    inRange = false;
                } else {
                    flat += stride * uint256(c);
                }
            }
        }
        v.inRange = inRange && flat < v.count;
        v.flat = flat;
        return pos;
    }

    /// offset + sum of coef[a] * axis[a], exactly: every factor is below 2^64 in magnitude.
    function _affine(Step memory s, uint256 pos) private pure returns (int256 sum, uint256 next) {
        (sum, pos) = Wire.sint(pos);
        uint256 mask = Wire.be(pos, 2);
        if (mask >> AXES_MAX != 0) revert Wire.MalformedDescriptor(pos);
        uint256[16] memory point = s.point;
        unchecked {
            next = pos + 2;
            for (uint256 a = 0; mask != 0; ++a) {
                if (mask & 1 != 0) {
                    int256 coef;
                    (coef, next) = Wire.sint(next);
                    sum += coef * int256(_get(point, a));
                }
                mask >>= 1;
            }
        }
    }

    /// The element of the view that was found: its chunk comes from the openings and must belong to the array's root.
    function _open(Step memory s, View memory v) private pure returns (uint256) {
        uint256 width = Scalar.width(v.dtype);
        uint256 byteIndex;
        uint256 chunk;
        unchecked {
            byteIndex = v.flat * width; // flat < count < 2^64
            chunk = v.chunk + (byteIndex >> 7);
        }
        uint256 rootAt = s.roots + (v.space << 5); // the space is below 4
        bytes32 root;
        uint256 depth;
        assembly ("memory-safe") {
            root := calldataload(rootAt)
            depth := calldataload(add(rootAt, 128))
        }
        if (depth > 32) revert WrongOpening(); // no array is deeper, and what follows cannot overflow
        uint256 pos = s.opening;
        unchecked {
            uint256 next = pos + 128 + (depth << 5);
            if (next > s.openingsEnd) revert WrongOpeningsLength();
            if (chunk >> depth != 0) revert WrongOpening(); // no such chunk: its path would be another's
            if (Merkle.climb(Merkle.leaf(pos), chunk, pos + 128, depth) != root) revert WrongOpening();
            s.opening = next;
            return Scalar.load(v.dtype, _element(pos + (byteIndex & 127), width));
        }
    }

    /// Little-endian bytes as a number.
    function _element(uint256 pos, uint256 width) private pure returns (uint256 bits) {
        assembly ("memory-safe") {
            let w := calldataload(pos)
            for { let i := 0 } lt(i, width) { i := add(i, 1) } { bits := or(bits, shl(shl(3, i), byte(i, w))) }
        }
    }
}
