// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {System} from "./System.sol";
import {Batch} from "../src/Batches.sol";
import {Body} from "../src/Types.sol";

interface VmGas {
    struct Gas {
        uint64 gasLimit;
        uint64 gasTotalUsed;
        uint64 gasMemoryUsed;
        int64 gasRefunded;
        uint64 gasRemaining;
    }

    function lastCallGas() external view returns (Gas memory);
}

/// What posting and ending claims costs as whole transactions (each call is one, "isolated"): what is used, or the floor of
/// EIP-7623 where that is more; refunds are not taken off. The bounds are the protocol's promises.
/// forge test --match-contract ClaimsGas -vv
///
/// forge-config: default.isolate = true
contract ClaimsGasTest is System {
    event Gas(string name, uint256 standard, uint256 floor);

    function setUp() public {
        deploy(0);
    }

    function send(address from, address to, bytes memory data, string memory name) private returns (uint256 cost) {
        vm.prank(from);
        (bool ok,) = to.call(data);
        VmGas.Gas memory gas = VmGas(address(vm)).lastCallGas();
        assertTrue(ok, name);
        uint256 zeros;
        for (uint256 i = 0; i < data.length; ++i) {
            if (data[i] == 0) ++zeros;
        }
        uint256 nonzeros = data.length - zeros;
        uint256 standard = gas.gasTotalUsed;
        assertTrue(standard > 21000 + 4 * zeros + 16 * nonzeros, "a whole transaction: the test runs isolated");
        uint256 floor = 21000 + 10 * zeros + 40 * nonzeros;
        emit Gas(name, standard, floor);
        return standard > floor ? standard : floor;
    }

    function testPost() public {
        Body memory body = bodyOf(uint256(keccak256("salt")) >> 128, 123456789 gwei);
        bytes memory small = abi.encodePacked(keccak256("a"));
        bytes memory data =
            abi.encodeCall(claims.post, (body.modelId, body.inputRoot, body.outputRoot, body.lot, small, small));
        assertTrue(send(alice, address(claims), data, "post, 32 bytes of input and of output") < 70000, "post");
        data = abi.encodeCall(claims.post, (body.modelId, body.inputRoot, body.outputRoot, body.lot + 1, "", ""));
        assertTrue(send(alice, address(claims), data, "post, roots alone") < 68500, "post");
        afterWindow();
        data = abi.encodeCall(claims.finalize, (body, 1));
        assertTrue(send(bob, address(claims), data, "finalize, the pool's first") < 110000, "finalize");
        body = bodyOf(2, 5);
        post(body);
        afterWindow();
        data = abi.encodeCall(claims.finalize, (body, 1));
        assertTrue(send(bob, address(claims), data, "finalize") < 80000, "finalize");
    }

    function testPostRoot() public {
        bytes memory data =
            abi.encodeCall(batches.postRoot, (keccak256("root"), 123456, uint64(uint256(keccak256("salt"))), modelId));
        assertTrue(send(alice, address(batches), data, "postRoot") < 50000, "postRoot");
    }

    function testPostLeaves() public {
        token.mint(alice, 100000 ether);
        vm.prank(alice);
        stakes.deposit(100000 ether);
        uint256[5] memory counts = [uint256(1), 16, 64, 256, 1024];
        for (uint256 i = 0; i < counts.length; ++i) {
            Leaf[] memory leaves = leavesOf(counts[i]);
            for (uint256 j = 0; j < counts[i]; ++j) {
                leaves[j].value = uint128(uint256(keccak256(abi.encode(j))) >> 190);
            }
            bytes memory data = abi.encodeCall(batches.postLeaves, (7, modelId, packed(leaves)));
            uint256 cost = send(alice, address(batches), data, string.concat("postLeaves of ", vm.toString(counts[i])));
            if (counts[i] >= 16) assertTrue(cost / counts[i] < 8500, "a leaf of a small batch");
            if (counts[i] >= 64) assertTrue(cost / counts[i] < 6000, "a leaf");
        }
        Leaf[] memory few = leavesOf(16);
        Batch memory batch = postLeaves(few, 8);
        Body memory body = leafBody(few, batch, 11);
        bytes memory open = abi.encodeWithSignature(
            "openLeaf((bytes32,uint256,address,bytes32,bytes32,bytes32),uint64,uint32,bytes32[])",
            body,
            batch.salt,
            batch.count,
            pathOf(few, 11)
        );
        assertTrue(send(bob, address(batches), open, "openLeaf of 16") < 80000, "openLeaf");
    }
}
