// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// Everybody's money: free, locked by an obligation, or on its way out.
///
/// A lock ends when the contract that made it says so, never by a clock. Slashing moves money inside the books only: no
/// token is called while a verdict is settled, so no token can stand in its way; what is burned waits for `sweepBurned`.
contract Stakes is ReentrancyGuardTransient {
    using SafeERC20 for IERC20;
    using SafeCast for uint256;

    struct Account {
        uint128 free;
        uint128 locked;
        uint128 unbonding;
        uint64 readyAt;
    }

    event Deposited(address indexed account, uint256 amount);
    event WithdrawRequested(address indexed account, uint256 amount, uint64 readyAt);
    event Withdrawn(address indexed account, uint256 amount);
    event Locked(address indexed account, uint256 amount);
    event Unlocked(address indexed account, uint256 amount);
    event Slashed(address indexed account, address indexed winner, uint256 amount, uint256 burned);

    error Unauthorized();
    error AlreadyWired();
    error InvalidParameter();
    error Insufficient(uint256 available, uint256 wanted);
    error NotReady(uint256 readyAt);

    address public constant BURN_ADDRESS = 0x000000000000000000000000000000000000dEaD;

    IERC20 public immutable token;
    uint64 public immutable unbondingSeconds;
    uint16 public immutable burnBps;
    address private immutable deployer;

    /// Set together, once, by `wire`.
    address public models;
    address public claims;
    address public disputes;

    mapping(address => Account) public accounts;
    /// Taken from losers and still here.
    uint256 public burned;

    constructor(address token_, uint64 unbondingSeconds_, uint16 burnBps_) {
        if (burnBps_ > 10000 || unbondingSeconds_ == 0 || unbondingSeconds_ > 1 << 32) revert InvalidParameter();
        token = IERC20(token_);
        unbondingSeconds = unbondingSeconds_;
        burnBps = burnBps_;
        deployer = msg.sender;
    }

    function wire(address models_, address claims_, address disputes_) external {
        if (msg.sender != deployer) revert Unauthorized();
        if (disputes != address(0)) revert AlreadyWired();
        if (models_ == address(0) || claims_ == address(0) || disputes_ == address(0)) revert InvalidParameter();
        models = models_;
        claims = claims_;
        disputes = disputes_;
    }

    function deposit(uint256 amount) external nonReentrant {
        uint256 before = token.balanceOf(address(this));
        token.safeTransferFrom(msg.sender, address(this), amount);
        // All money there is fits one field, so no later sum of accounts can overflow and stand in a verdict's way.
        uint256 arrived = token.balanceOf(address(this)).toUint128() - before;
        accounts[msg.sender].free += uint128(arrived);
        emit Deposited(msg.sender, arrived);
    }

    /// Everything unbonding waits for the newest request.
    function requestWithdraw(uint256 amount) external {
        Account storage account = accounts[msg.sender];
        uint128 part = amount.toUint128();
        if (account.free < part) revert Insufficient(account.free, part);
        uint64 readyAt = uint64(block.timestamp) + unbondingSeconds;
        account.free -= part;
        account.unbonding += part;
        account.readyAt = readyAt;
        emit WithdrawRequested(msg.sender, amount, readyAt);
    }

    function withdraw() external nonReentrant {
        Account storage account = accounts[msg.sender];
        if (block.timestamp < account.readyAt) revert NotReady(account.readyAt);
        uint256 amount = account.unbonding;
        if (amount == 0) revert Insufficient(0, 1);
        account.unbonding = 0;
        emit Withdrawn(msg.sender, amount);
        token.safeTransfer(msg.sender, amount);
    }

    modifier onlySystem() {
        // Before wire() the three are zero, which no sender is.
        if (msg.sender != claims && msg.sender != disputes && msg.sender != models) revert Unauthorized();
        _;
    }

    function lock(address who, uint256 amount) external onlySystem {
        Account storage account = accounts[who];
        if (account.free < amount) revert Insufficient(account.free, amount);
        account.free -= uint128(amount); // no truncation: at most free
        account.locked += uint128(amount);
        emit Locked(who, amount);
    }

    function unlock(address who, uint256 amount) external onlySystem {
        Account storage account = accounts[who];
        if (account.locked < amount) revert Insufficient(account.locked, amount);
        account.locked -= uint128(amount);
        account.free += uint128(amount);
        emit Unlocked(who, amount);
    }

    function slash(address who, uint256 amount, address winner) external {
        if (msg.sender != disputes) revert Unauthorized();
        Account storage account = accounts[who];
        if (account.locked < amount) revert Insufficient(account.locked, amount);
        uint256 burn = amount * burnBps / 10000;
        account.locked -= uint128(amount);
        accounts[winner].free += uint128(amount - burn);
        burned += burn;
        emit Slashed(who, winner, amount, burn);
    }

    function sweepBurned() external nonReentrant {
        uint256 amount = burned;
        burned = 0;
        token.safeTransfer(BURN_ADDRESS, amount);
    }
}
