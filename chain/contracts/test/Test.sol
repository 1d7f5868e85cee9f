// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// The part of forge's cheat codes that these tests use (the address is keccak of "hevm cheat code").
interface Vm {
    function assume(bool condition) external pure;
    function computeCreateAddress(address deployer, uint256 nonce) external pure returns (address);
    function deal(address account, uint256 balance) external;
    function envOr(string calldata name, string calldata value) external view returns (string memory);
    function envOr(string calldata name, uint256 value) external view returns (uint256);
    function etch(address account, bytes calldata code) external;
    function exists(string calldata path) external view returns (bool);
    function expectEmit() external;
    function expectRevert() external;
    function expectRevert(bytes4 selector) external;
    function expectRevert(bytes calldata data) external;
    function getCode(string calldata artifact) external view returns (bytes memory);
    function getNonce(address account) external view returns (uint64);
    function label(address account, string calldata name) external;
    function parseJson(string calldata json, string calldata key) external pure returns (bytes memory);
    function prank(address sender) external;
    function readFile(string calldata path) external view returns (string memory);
    function readFileBinary(string calldata path) external view returns (bytes memory);
    function readLine(string calldata path) external view returns (string memory);
    function parseUint(string calldata text) external pure returns (uint256);
    function roll(uint256 blockNumber) external;
    function prevrandao(bytes32 value) external;
    function revertToState(uint256 snapshot) external returns (bool);
    function snapshotState() external returns (uint256);
    function startPrank(address sender) external;
    function stopPrank() external;
    function store(address account, bytes32 slot, bytes32 value) external;
    function load(address account, bytes32 slot) external view returns (bytes32);
    function toString(uint256 value) external pure returns (string memory);
    function toString(bytes calldata value) external pure returns (string memory);
    function warp(uint256 timestamp) external;
}

/// Base of the forge tests: assertions that revert with what was expected and what came.
abstract contract Test {
    bool public constant IS_TEST = true;
    Vm internal constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    error Mismatch(string what, uint256 got, uint256 want);
    error Failed(string what);

    /// Deploys a contract from its artifact ("Judge.sol"). `new` would compile the contract once more in every test that says so.
    function make(string memory artifact, bytes memory arguments) internal returns (address made_) {
        bytes memory code = abi.encodePacked(vm.getCode(artifact), arguments);
        assembly {
            made_ := create(0, add(code, 32), mload(code))
            if iszero(made_) {
                returndatacopy(0, 0, returndatasize())
                revert(0, returndatasize())
            }
        }
    }

    /// Where this contract's next deployment but `skip` will lie.
    function deployed(uint256 skip) internal view returns (address) {
        return vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + skip);
    }

    function assertEq(uint256 got, uint256 want, string memory what) internal pure {
        if (got != want) revert Mismatch(what, got, want);
    }

    function assertEq(uint256 got, uint256 want) internal pure {
        if (got != want) revert Mismatch("", got, want);
    }

    function assertEq(bytes32 got, bytes32 want, string memory what) internal pure {
        if (got != want) revert Mismatch(what, uint256(got), uint256(want));
    }

    function assertEq(address got, address want, string memory what) internal pure {
        if (got != want) revert Mismatch(what, uint160(got), uint160(want));
    }

    function assertTrue(bool condition, string memory what) internal pure {
        if (!condition) revert Failed(what);
    }
}
