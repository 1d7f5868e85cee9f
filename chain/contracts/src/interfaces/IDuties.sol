// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Body} from "../Types.sol";

/// What `Claims` asks of `Duties` (docs/protocol.md, section 6). The contract's own account in `Stakes` holds the pool of fees.
interface IDuties {
    /// The claim's epoch is the given one, its draw was made, and it was not drawn or has answered.
    function cleared(Body calldata body, uint256 epoch) external view returns (bool);
    /// How many validators attested the claim.
    function attesters(bytes32 claimId) external view returns (uint256);
}
