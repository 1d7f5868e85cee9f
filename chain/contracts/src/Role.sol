// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// What an account is to `Stakes`: bits of `Stakes.roleOf`.
library Role {
    uint256 internal constant MODELS = 1;
    uint256 internal constant CLAIMS = 2;
    uint256 internal constant BATCHES = 4;
    uint256 internal constant DISPUTES = 8;
    uint256 internal constant DUTIES = 16;
    uint256 internal constant ANY = 31;
}
