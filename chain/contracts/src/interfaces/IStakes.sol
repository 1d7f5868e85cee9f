// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Settlement} from "../Types.sol";

/// What the system's contracts ask of `Stakes`.
interface IStakes {
    function lock(address account, uint256 amount) external;
    function unlock(address account, uint256 amount) external;
    function pay(address from, uint256 amount, address to) external;
    function settle(Settlement calldata settlement) external;
    function duties() external view returns (address);
    function accounts(address account)
        external
        view
        returns (uint128 free, uint128 locked, uint128 unbonding, uint64 readyAt);
}
