// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {State} from "../Types.sol";

/// What both sides sign when they play off chain (docs/protocol.md, 5.7): EIP-712.
library Agreement {
    bytes32 private constant DOMAIN =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
    bytes32 private constant NAME = keccak256("Gainsay");
    bytes32 private constant VERSION = keccak256("1");
    bytes32 private constant STATE =
        keccak256("State(bytes32 claimId,uint256 a,uint256 b,bytes32 n,uint256 c,bytes32 v,bytes32 traceRoot)");
    /// Half the order of secp256k1: of two signatures that say the same, the one with the smaller s.
    uint256 private constant S_MAX = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0;

    function digest(State calldata s, bytes32 traceRoot) internal view returns (bytes32) {
        bytes32 domain = keccak256(abi.encode(DOMAIN, NAME, VERSION, block.chainid, address(this)));
        bytes32 what = keccak256(abi.encode(STATE, s, traceRoot));
        return keccak256(abi.encodePacked(hex"1901", domain, what));
    }

    /// Whether the 65 bytes r ‖ s ‖ v are the account's. Nobody is 0, which the precompile answers to nonsense.
    function signed(bytes32 digest_, bytes calldata signature, address account) internal pure returns (bool) {
        if (signature.length != 65) return false;
        bytes32 r = bytes32(signature[:32]);
        bytes32 s = bytes32(signature[32:64]);
        if (uint256(s) > S_MAX) return false;
        address signer = ecrecover(digest_, uint8(signature[64]), r, s);
        return signer != address(0) && signer == account;
    }
}
