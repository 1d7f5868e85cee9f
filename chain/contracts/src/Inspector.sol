// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Header} from "./Types.sol";
import {Classes} from "./judge/Classes.sol";
import {Merkle} from "./judge/Merkle.sol";

/// Whether a program is well formed (docs/machine.md, 3.2), shown by opening one descriptor of it, or two.
///
/// It holds nothing. `prove` returns the rule that is broken, by number, and reverts when none is; `Models` voids on that.
/// What a descriptor says is read by `check`, in a call of its own: it reverts with `Violation` when the descriptor breaks
/// one of W1 to W5, and only that very error counts as a violation, so a call that ran out of gas proves nothing.
contract Inspector {
    /// A descriptor and its place in the program tree.
    struct Opened {
        uint256 index;
        bytes descriptor;
        bytes32[] path; // siblings, lowest first
    }

    /// What the rules about neighbours, producers and outputs need to know of a well-formed descriptor.
    struct Digest {
        uint256 firstChunk;
        uint256 span;
        uint256 cost; // the running total that it states
        uint256 own; // what it adds to it
        uint256 dtype;
        uint256 elements;
        uint256 chunks; // that the elements take
        View[6] view_; // of operand i at 2i, of its indirect view at 2i + 1
    }

    struct View {
        bool there;
        uint256 space;
        uint256 dtype;
        uint256 chunk;
        uint256 count;
    }

    /// Rule Wn does not hold of this descriptor.
    error Violation(uint256 rule);
    error NotViolated();
    error WrongKind();
    error WrongDescriptor();
    error CheckFailed();

    uint256 private constant ONE = 1;
    uint256 private constant NEIGHBOURS = 2;
    uint256 private constant PRODUCER = 3;
    uint256 private constant OUTPUT = 4;

    uint256 private constant BYTES_MAX = 512;
    uint256 private constant CHUNKS_MAX = 1 << 26;
    uint256 private constant EXTENT_MAX = 1 << 31;
    uint256 private constant TERMS_MAX = 1 << 18;
    uint256 private constant COEF_MAX = 1 << 32;
    uint256 private constant OFFSET_MAX = 1 << 40;
    uint256 private constant COST_MAX = (1 << 63) - 1;
    uint256 private constant DTYPE_I32 = 6;

    // Bytes and class of a dtype, a nibble a code; 0 bytes means that there is no such dtype (docs/machine.md, section 1).
    uint256 private constant WIDTHS = 0x20084021084221140;
    uint256 private constant CLASSES = 0x00022001021111100;

    /// The rule that the opened descriptors show to be broken. kind: 1 opened[0] alone (W1 to W5; W6 of the first and the last
    /// one); 2 opened[0] and the next one, opened[1] (W6); 3 opened[0] reads what opened[1] writes, at operand `which` / 2,
    /// its indirect view when `which` is odd (W7); 4 opened[0] is one of the outputs (W8). Reverts when nothing is shown.
    function prove(Header calldata h, uint256 kind, Opened[] calldata opened, uint256 which)
        external
        view
        returns (uint256 rule)
    {
        if (opened.length != (kind == NEIGHBOURS || kind == PRODUCER ? 2 : 1)) revert WrongKind();
        for (uint256 i = 0; i < opened.length; ++i) {
            _belongs(h, opened[i]);
        }
        (uint256 broken, Digest memory d) = _digest(h, opened[0].descriptor);
        if (kind == ONE) {
            if (broken != 0) return broken;
            if (_edge(h, d, opened[0].index)) return 6;
            revert NotViolated();
        }
        // The other kinds speak of descriptors that are well formed by themselves.
        if (broken != 0) revert NotViolated();
        if (kind == OUTPUT) {
            if (_output(h, d, opened[0].index)) return 8;
            revert NotViolated();
        }
        if (kind != NEIGHBOURS && kind != PRODUCER) revert WrongKind();
        Digest memory other;
        (broken, other) = _digest(h, opened[1].descriptor);
        if (broken != 0) revert NotViolated();
        if (kind == NEIGHBOURS) {
            if (opened[1].index != opened[0].index + 1) revert WrongKind();
            uint256 cost = d.cost + other.own; // both below 2^64
            if (other.firstChunk == d.firstChunk + d.span && other.cost == cost) revert NotViolated();
            return 6;
        }
        if (which >= 6) revert WrongKind();
        View memory v = d.view_[which];
        if (!v.there || v.space != 0) revert NotViolated();
        if (v.chunk < other.firstChunk || v.chunk >= other.firstChunk + other.span) revert NotViolated();
        if (v.chunk == other.firstChunk && v.dtype == other.dtype && v.count == other.elements) revert NotViolated();
        return 7;
    }

    /// The descriptor is leaf number `index` of the header's program.
    function _belongs(Header calldata h, Opened calldata o) private pure {
        if (o.index >= h.instructions || o.path.length != Merkle.depth(h.instructions)) revert WrongDescriptor();
        bytes32[] calldata path = o.path;
        uint256 pos;
        assembly ("memory-safe") {
            pos := path.offset
        }
        bytes32 root = Merkle.climb(Merkle.descriptor(o.descriptor), o.index, pos, path.length);
        if (root != h.programRoot) revert WrongDescriptor();
    }

    /// The first and the last instruction have no neighbour on one side: W6 says where they stand.
    function _edge(Header calldata h, Digest memory d, uint256 index) private pure returns (bool) {
        if (index == 0 && (d.firstChunk != 0 || d.cost != d.own)) return true;
        return index == h.instructions - 1 && (d.firstChunk + d.span != 1 << h.traceDepth || d.cost != h.cost);
    }

    function _output(Header calldata h, Digest memory d, uint256 index) private pure returns (bool) {
        uint256 first = h.instructions - h.outputs; // registration has seen that there are enough
        if (index < first) return false;
        if (index == first && d.firstChunk != h.outputChunk) return true;
        if (index < h.instructions - 1) return d.span != d.chunks;
        // A tolerant model says one thing, 1 or 0.
        if (h.toleranceRel >> 32 != 0 && (d.dtype != DTYPE_I32 || d.elements != 1)) return true;
        return Merkle.depth(d.firstChunk + d.chunks - h.outputChunk) != h.outputDepth;
    }

    function _digest(Header calldata h, bytes calldata descriptor)
        private
        view
        returns (uint256 broken, Digest memory d)
    {
        uint256 tolerance = uint256(h.toleranceAbs) << 32 | uint32(h.toleranceRel);
        uint256 claimedChunks = h.toleranceRel >> 32;
        try this.check(descriptor, h.weightsChunks, h.inputsChunks, claimedChunks, tolerance) returns (
            Digest memory found
        ) {
            return (0, found);
        } catch (bytes memory reason) {
            if (reason.length != 36 || bytes4(reason) != Violation.selector) revert CheckFailed();
            assembly ("memory-safe") {
                broken := mload(add(reason, 36))
            }
        }
    }

    // ---- one descriptor ----

    struct Cursor {
        uint256 pos; // in calldata
        uint256 end;
        uint256 outAxes;
        uint256 axes;
        uint256 firstChunk;
        uint256 weightsChunks;
        uint256 inputsChunks;
        uint256 claimedChunks; // 0 of an exact model, whose instructions can therefore read none
        uint256 tolerance; // absolute 32 | relative 32; 0 of an exact model
    }

    /// Reads a descriptor and reverts with `Violation` where it breaks one of W1 to W5. The rest is of the header.
    function check(
        bytes calldata descriptor,
        uint256 weightsChunks,
        uint256 inputsChunks,
        uint256 claimedChunks,
        uint256 tolerance
    ) external pure returns (Digest memory d) {
        Cursor memory w;
        {
            uint256 pos;
            assembly ("memory-safe") {
                pos := descriptor.offset
            }
            w.pos = pos;
        }
        w.end = w.pos + descriptor.length;
        w.weightsChunks = weightsChunks;
        w.inputsChunks = inputsChunks;
        w.claimedChunks = claimedChunks;
        w.tolerance = tolerance;
        if (descriptor.length > BYTES_MAX) revert Violation(1);
        uint256 form = _be(w, 1);
        uint256 fn = _be(w, 1);
        d.dtype = _be(w, 1);
        uint256 acc = _be(w, 1);
        uint256 epilogue = _be(w, 1);
        d.firstChunk = _be(w, 4);
        w.firstChunk = d.firstChunk;
        d.span = _be(w, 4);
        d.cost = _be(w, 8);
        bool fold = form == 2;
        if (form != 1 && !fold) revert Violation(1);
        _box(w, d, fold);
        uint256 result = _functions(w, fn, epilogue, acc, fold);
        if (_width(d.dtype) == 0 || _class(d.dtype) != result) revert Violation(2);
        d.chunks = _chunks(d.dtype, d.elements);
        if (d.span < d.chunks || d.firstChunk + d.span > CHUNKS_MAX) revert Violation(4);
        if (d.cost > COST_MAX) revert Violation(6);
        _operands(w, d, fn, fold);
        if (w.pos != w.end) revert Violation(1);
    }

    /// Axes and their extents (W3).
    function _box(Cursor memory w, Digest memory d, bool fold) private pure {
        w.outAxes = _be(w, 1);
        uint256 redAxes = _be(w, 1);
        w.axes = w.outAxes + redAxes;
        if (w.outAxes > 8 || redAxes > 8 || w.axes > 12) revert Violation(3);
        if (!fold && redAxes != 0) revert Violation(1);
        uint256 terms = 1;
        bool empty;
        d.elements = 1;
        for (uint256 a = 0; a < w.axes; ++a) {
            uint256 extent = _uint(w);
            if (a < w.outAxes) {
                if (extent == 0 || extent > EXTENT_MAX) revert Violation(3);
                d.elements *= extent; // below 2^62
                if (d.elements > EXTENT_MAX) revert Violation(3);
            } else if (extent > TERMS_MAX) {
                revert Violation(3);
            } else if (extent == 0) {
                empty = true;
            } else if (terms <= TERMS_MAX) {
                terms *= extent;
            }
        }
        if (!empty && terms > TERMS_MAX) revert Violation(3);
        d.own = d.elements * (fold && !empty ? 1 + terms : 1);
    }

    /// Function, accumulator and epilogue (W2); returns the class of the final result.
    function _functions(Cursor memory w, uint256 fn, uint256 epilogue, uint256 acc, bool fold)
        private
        pure
        returns (uint256 result)
    {
        uint256 n = Classes.operands(fn);
        if (n == 0 || (fn == Classes.WITHIN && w.claimedChunks == 0)) revert Violation(2);
        result = Classes.result(fn);
        if (fold) {
            if (Classes.isFirst(fn) || n < 2 || Classes.operand(fn, 0) != result) revert Violation(2);
            if (acc != (result == Classes.F32 ? 1 : result == Classes.I32 ? 6 : 7)) revert Violation(2);
        } else if (acc != 0) {
            revert Violation(1);
        }
        if (epilogue == 0) return result;
        uint256 operands = Classes.operands(epilogue);
        uint256 place = _be(w, 1);
        if (operands == 0 || Classes.isFirst(epilogue) || place >= operands) revert Violation(2);
        if (Classes.operand(epilogue, place) != result) revert Violation(2);
        if (epilogue == Classes.WITHIN && (w.claimedChunks == 0 || place == 2)) revert Violation(2);
        for (uint256 i = 0; i < operands; ++i) {
            if (i == place) continue;
            uint256 v = _register(w, Classes.operand(epilogue, i));
            if (epilogue == Classes.WITHIN && i == 2 && v != w.tolerance) revert Violation(2);
        }
        return Classes.result(epilogue);
    }

    /// A constant: canonical for its class.
    function _register(Cursor memory w, uint256 class_) private pure returns (uint256 v) {
        v = _be(w, class_ == Classes.I64 ? 8 : 4);
        if (class_ == Classes.F32 && v & 0x7fffffff > 0x7f800000 && v != 0x7fc00000) revert Violation(2);
    }

    function _operands(Cursor memory w, Digest memory d, uint256 fn, bool fold) private pure {
        uint256 n = Classes.operands(fn);
        uint256 reads; // of the body of a FOLD, or of a MAP
        for (uint256 i = 0; i < n; ++i) {
            bool body = fold && i > 0;
            uint256 class_ = Classes.operand(fn, i);
            uint256 axes = body ? w.axes : w.outAxes;
            uint256 kind = _be(w, 1);
            // The test of a tolerant model is the one that its header states.
            bool stated = fn == Classes.WITHIN && i == 2;
            if (kind == 0) {
                uint256 v = _register(w, class_);
                if (stated && v != w.tolerance) revert Violation(2);
            } else if (stated) {
                revert Violation(2);
            } else if (kind == 1) {
                if (class_ == Classes.F32) revert Violation(2);
                _affine(w, axes);
            } else if (kind == 2) {
                uint256 indirectRow = _be(w, 1);
                uint256 rows = _view(w, d.view_[2 * i], axes, body || Classes.isFirst(fn));
                if (_class(d.view_[2 * i].dtype) != class_) revert Violation(2);
                if (indirectRow > rows) revert Violation(1);
                if (!fold || body) reads += indirectRow == 0 ? 1 : 2;
                if (indirectRow == 0) continue;
                _view(w, d.view_[2 * i + 1], axes, false);
                if (_class(d.view_[2 * i + 1].dtype) == Classes.F32) revert Violation(2);
            } else {
                revert Violation(1);
            }
        }
        if (reads > 3) revert Violation(5);
    }

    function _view(Cursor memory w, View memory v, uint256 axes, bool skipAllowed) private pure returns (uint256 rows) {
        v.there = true;
        v.space = _be(w, 1);
        v.dtype = _be(w, 1);
        uint256 pad = _be(w, 1);
        rows = _be(w, 1);
        v.chunk = _uint(w);
        v.count = _uint(w);
        if (v.space > 3 || pad > 2) revert Violation(1);
        if (_width(v.dtype) == 0 || (pad == 1 && !skipAllowed)) revert Violation(2);
        if (rows > 8 || v.count == 0 || v.count > EXTENT_MAX) revert Violation(3);
        uint256 limit = v.space == 0
            ? w.firstChunk
            : v.space == 1 ? w.weightsChunks : v.space == 2 ? w.inputsChunks : w.claimedChunks;
        if (v.chunk + _chunks(v.dtype, v.count) > limit) revert Violation(4); // both below 2^64
        if (pad == 2 && _register(w, _class(v.dtype)) == 0) revert Violation(2);
        for (uint256 r = 0; r < rows; ++r) {
            uint256 extent = _uint(w);
            uint256 stride = _uint(w);
            if (extent == 0 || extent > EXTENT_MAX || stride > EXTENT_MAX) revert Violation(3);
            _affine(w, axes);
        }
    }

    function _affine(Cursor memory w, uint256 axes) private pure {
        if (_magnitude(w) > OFFSET_MAX) revert Violation(3);
        uint256 mask = _be(w, 2);
        if (mask >> w.axes != 0) revert Violation(1);
        if (mask >> axes != 0) revert Violation(2);
        for (; mask != 0; mask &= mask - 1) {
            uint256 coef = _magnitude(w);
            if (coef == 0) revert Violation(1);
            if (coef > COEF_MAX) revert Violation(3);
        }
    }

    // ---- bytes ----

    /// n bytes, big-endian, n from 1 to 8.
    function _be(Cursor memory w, uint256 n) private pure returns (uint256 v) {
        uint256 pos = w.pos;
        assembly ("memory-safe") {
            v := shr(sub(256, shl(3, n)), calldataload(pos))
        }
        w.pos = pos + n;
        if (w.pos > w.end) revert Violation(1);
    }

    /// In its only encoding.
    function _uint(Cursor memory w) private pure returns (uint256 v) {
        v = _be(w, 1);
        if (v < 128) return v;
        uint256 n = v - 128;
        if (n == 0 || n > 8) revert Violation(1);
        v = _be(w, n);
        if (v < 128 || v >> (8 * (n - 1)) == 0) revert Violation(1);
    }

    /// |v| of a signed integer: 2v or -2v - 1.
    function _magnitude(Cursor memory w) private pure returns (uint256) {
        uint256 u = _uint(w);
        return (u >> 1) + (u & 1);
    }

    function _width(uint256 dtype) private pure returns (uint256) {
        return dtype > 16 ? 0 : WIDTHS >> (dtype << 2) & 15;
    }

    function _class(uint256 dtype) private pure returns (uint256) {
        return CLASSES >> (dtype << 2) & 15;
    }

    function _chunks(uint256 dtype, uint256 count) private pure returns (uint256) {
        return (count * _width(dtype) + 127) >> 7;
    }
}
