// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Roots} from "../Types.sol";

interface IJudge {
    function judge(
        bytes calldata descriptor,
        uint256 element,
        uint256 t,
        uint256 prev,
        Roots calldata roots,
        bytes calldata openings
    ) external view returns (uint256);
}
