// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Description} from "../Types.sol";
import {Scalar} from "./Scalar.sol";
import {Wire} from "./Wire.sol";

/// The head of a descriptor (docs/machine.md, 3.1): where the tensor lies, how large it is, and how long its folds are.
library Describe {
    uint256 internal constant FOLD = 2;
    uint256 internal constant AXES_MAX = 12;
    uint256 internal constant TERMS_MAX = 1 << 18;
    uint256 private constant EXTENT_MAX = 1 << 31;

    function bounds(bytes calldata descriptor) internal pure returns (uint256 pos, uint256 end) {
        assembly ("memory-safe") {
            pos := descriptor.offset
            end := add(pos, descriptor.length)
        }
        Wire.within(pos + 23, end);
    }

    /// What a game must know before it comes to a step.
    function describe(bytes calldata descriptor) internal pure returns (Description memory d) {
        (uint256 pos, uint256 end) = bounds(descriptor);
        uint256 outAxes = Wire.u8(pos + 21);
        uint256 axes = outAxes + Wire.u8(pos + 22);
        d.fold = Wire.u8(pos) == FOLD;
        d.elementBytes = Scalar.width(Wire.u8(pos + 2));
        d.firstChunk = Wire.be(pos + 5, 4);
        d.span = Wire.be(pos + 9, 4);
        if (axes > AXES_MAX) revert Wire.MalformedDescriptor(pos + 21);
        pos += 23;
        d.elements = 1;
        uint256 terms = 1;
        bool empty;
        for (uint256 a = 0; a < axes; ++a) {
            uint256 extent;
            (extent, pos) = Wire.uint_(pos);
            if (a < outAxes) {
                // Each factor is at most 2^31, so the product is exact when it is looked at.
                if (extent == 0 || extent > EXTENT_MAX) revert Wire.MalformedDescriptor(pos);
                d.elements *= extent;
                if (d.elements > EXTENT_MAX) revert Wire.MalformedDescriptor(pos);
            } else if (extent == 0) {
                empty = true;
            } else {
                if (extent > TERMS_MAX) revert Wire.MalformedDescriptor(pos);
                if (terms <= TERMS_MAX) terms *= extent;
            }
        }
        Wire.within(pos, end);
        if (!empty && terms > TERMS_MAX) revert Wire.MalformedDescriptor(pos);
        if (d.fold && !empty) d.terms = terms;
    }
}
