// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// The devnet's stand-in for the staking token: 18 decimals, and anyone may mint. Not for a chain where it has a price.
contract DevToken is ERC20 {
    constructor() ERC20("OPG for development", "devOPG") {}

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }
}
