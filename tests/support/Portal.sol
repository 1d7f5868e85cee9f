// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// A stand-in for OptimismPortal on a development L1: its interface for deposits, its event to the byte, its checks and its meter
/// (specs.optimism.io: "Deposits", "Guaranteed Gas Market"). It holds no money and knows no withdrawals.
contract Portal {
    uint64 private constant LIMIT = 20_000_000; // of gas on L2, a block of L1
    uint64 private constant TARGET = LIMIT / 10;
    uint256 private constant LEAST_FEE = 1 gwei;

    bool public paused;
    uint128 private fee = 1 gwei; // per gas on L2, in this block
    uint64 private bought; // in this block
    uint64 private since; // this block

    event TransactionDeposited(address indexed from, address indexed to, uint256 indexed version, bytes opaqueData);

    error OutOfGas();
    error LargeCalldata();
    error SmallGasLimit();
    error BadTarget();
    error CallPaused();

    function version() external pure returns (string memory) {
        return "stand-in for OptimismPortal";
    }

    function setPaused(bool now_) external {
        paused = now_;
    }

    function minimumGasLimit(uint64 bytes_) public pure returns (uint64) {
        return bytes_ * 40 + 21000;
    }

    function depositTransaction(address to, uint256 value, uint64 gasLimit, bool isCreation, bytes calldata data)
        external
        payable
    {
        uint256 before = gasleft();
        if (paused) revert CallPaused();
        if (isCreation && to != address(0)) revert BadTarget();
        if (gasLimit < minimumGasLimit(uint64(data.length))) revert SmallGasLimit();
        if (data.length > 120_000) revert LargeCalldata();
        // A contract's address would be another account's on L2 by chance or malice; an account without code is itself.
        address from = msg.sender == tx.origin
            ? msg.sender
            : address(uint160(msg.sender) + uint160(0x1111000000000000000000000000000000001111));
        emit TransactionDeposited(
            from, to, 0, abi.encodePacked(msg.value, value, gasLimit, isCreation, data)
        );
        meter(gasLimit, before);
    }

    /// The fee follows what was bought, an eighth a block at most, and what the gas costs is burned as gas on L1.
    function meter(uint64 gas_, uint256 before) private {
        uint256 blocks = block.number - since;
        if (blocks > 0) {
            int256 delta = (int256(uint256(fee)) * (int256(uint256(bought)) - int256(uint256(TARGET))))
                / int256(uint256(TARGET)) / 8;
            uint256 next = uint256(int256(uint256(fee)) + delta);
            for (uint256 i = 1; i < blocks && i < 64; i++) next -= next / 8;
            fee = uint128(next < LEAST_FEE ? LEAST_FEE : next);
            bought = 0;
            since = uint64(block.number);
        }
        bought += gas_;
        if (bought > LIMIT) revert OutOfGas();
        uint256 cost = uint256(gas_) * fee / (block.basefee < LEAST_FEE ? LEAST_FEE : block.basefee);
        while (before - gasleft() < cost) {}
    }
}
