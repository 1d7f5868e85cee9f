// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Role} from "./Role.sol";
import {Settlement} from "./Types.sol";
import {IClaims} from "./interfaces/IClaims.sol";

/// Everybody's money: free, locked by an obligation, or on its way out (docs/protocol.md, section 2).
///
/// A lock ends when the contract that made it says so, never by a clock. Settling moves money inside the books only: no
/// token is called while a verdict is settled, so no token can stand in its way; what is burned waits for `sweepBurned`.
/// At all times token.balanceOf(this) = sum of (free + locked + unbonding) + burned, or more when somebody gave tokens away.
contract Stakes is ReentrancyGuardTransient {
    using SafeERC20 for IERC20;
    using SafeCast for uint256;

    struct Account {
        uint128 free;
        uint128 locked;
        uint128 unbonding;
        uint64 readyAt;
    }

    /// Tokens came in: what really arrived.
    event Deposited(address indexed account, uint256 amount);
    /// `amount` more is on its way out; all of it waits until `readyAt`.
    event WithdrawRequested(address indexed account, uint256 amount, uint64 readyAt);
    /// Tokens went out.
    event Withdrawn(address indexed account, uint256 amount);
    /// An obligation begins.
    event Locked(address indexed account, uint256 amount);
    /// An obligation ends without loss.
    event Unlocked(address indexed account, uint256 amount);
    /// Locked money of one account became free money of another.
    event Paid(address indexed from, address indexed to, uint256 amount);
    /// An obligation ends with a loss: loss = burned + gain; `released` is the winner's own.
    event Slashed(
        address indexed loser, address indexed winner, uint256 loss, uint256 burned, uint256 gain, uint256 released
    );

    error Unauthorized();
    error AlreadyWired();
    error InvalidParameter();
    /// There is less than what was asked for.
    error Insufficient(uint256 available, uint256 wanted);
    /// What is unbonding cannot leave before.
    error NotReady(uint256 readyAt);
    /// A settlement that would make or lose money.
    error Unbalanced();

    address public constant BURN_ADDRESS = 0x000000000000000000000000000000000000dEaD;

    IERC20 public immutable token;
    uint64 public immutable unbondingSeconds;
    address private immutable deployer;

    /// Set together, once, by `wire`.
    address public models;
    address public claims;
    address public batches;
    address public disputes;
    address public duties;
    /// Which of the five an account is (a bit of `Role`, in the low byte), 0 for everybody else: one slot to read, not five.
    /// Above it what was burned through that contract and is still here: who settles reads and writes one slot for both.
    mapping(address => uint256) private _roles;
    uint256 private constant BURNED = 8;

    mapping(address => Account) public accounts;

    constructor(address token_, uint64 unbondingSeconds_) {
        if (token_ == address(0) || unbondingSeconds_ == 0 || unbondingSeconds_ > 1 << 32) revert InvalidParameter();
        token = IERC20(token_);
        unbondingSeconds = unbondingSeconds_;
        deployer = msg.sender;
    }

    /// Names the five contracts that may lock, once, by the account that deployed this one. They must differ, and be those
    /// that `Claims` was made to know.
    function wire(address models_, address claims_, address batches_, address disputes_, address duties_) external {
        if (msg.sender != deployer) revert Unauthorized();
        if (models != address(0)) revert AlreadyWired();
        address[5] memory all = [models_, claims_, batches_, disputes_, duties_];
        for (uint256 i = 0; i < 5; ++i) {
            if (all[i] == address(0) || all[i] == address(this) || _roles[all[i]] != 0) revert InvalidParameter();
            _roles[all[i]] = 1 << i;
        }
        IClaims known = IClaims(claims_);
        if (known.batches() != batches_ || known.disputes() != disputes_ || known.duties() != duties_) {
            revert InvalidParameter();
        }
        models = models_;
        claims = claims_;
        batches = batches_;
        disputes = disputes_;
        duties = duties_;
    }

    /// Takes `amount` of the sender's tokens; what arrives becomes free.
    function deposit(uint256 amount) external nonReentrant {
        uint256 before = token.balanceOf(address(this));
        token.safeTransferFrom(msg.sender, address(this), amount);
        // All money there is fits one field, so no later sum of accounts can overflow and stand in a verdict's way.
        uint256 arrived = token.balanceOf(address(this)).toUint128() - before;
        accounts[msg.sender].free += uint128(arrived);
        emit Deposited(msg.sender, arrived);
    }

    /// Free money of the sender starts to leave. Everything unbonding waits for the newest request.
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

    /// Pays the sender all that was unbonding, when its time has come.
    function withdraw() external nonReentrant {
        Account storage account = accounts[msg.sender];
        if (block.timestamp < account.readyAt) revert NotReady(account.readyAt);
        uint256 amount = account.unbonding;
        if (amount == 0) revert Insufficient(0, 1);
        account.unbonding = 0;
        emit Withdrawn(msg.sender, amount);
        token.safeTransfer(msg.sender, amount);
    }

    modifier only(uint256 roles) {
        // Before wire() nobody has a role.
        if (_roles[msg.sender] & roles == 0) revert Unauthorized();
        _;
    }

    /// Free to locked; by the system's contracts.
    function lock(address who, uint256 amount) external only(Role.ANY) {
        Account storage account = accounts[who];
        uint256 word; // locked 128 | free 128: read and written once
        assembly ("memory-safe") {
            word := sload(account.slot)
        }
        if (uint128(word) < amount) revert Insufficient(uint128(word), amount);
        unchecked {
            word = word - amount + (amount << 128); // at most free, and locked is at most all money
        }
        assembly ("memory-safe") {
            sstore(account.slot, word)
        }
        emit Locked(who, amount);
    }

    /// Locked to free; by the system's contracts.
    function unlock(address who, uint256 amount) external only(Role.ANY) {
        _move(who, amount, amount);
        emit Unlocked(who, amount);
    }

    /// Locked money of one becomes free money of another; by the system's contracts, but not Models.
    function pay(address from, uint256 amount, address to)
        external
        only(Role.CLAIMS | Role.BATCHES | Role.DISPUTES | Role.DUTIES)
    {
        _move(from, amount, 0);
        _move(to, 0, amount);
        emit Paid(from, to, amount);
    }

    /// One obligation's end: see `Settlement`; by Disputes and Models. The winner may be the contract that settles, which
    /// then locks its gain until it knows whose it is.
    function settle(Settlement calldata s) external {
        uint256 role = _roles[msg.sender];
        if (role & (Role.MODELS | Role.DISPUTES) == 0) revert Unauthorized();
        if (s.burn > s.loss || s.loss - s.burn != s.gain) revert Unbalanced();
        _move(s.loser, s.loss, 0);
        unchecked {
            _move(s.winner, s.release, s.gain + s.release); // no more than was locked, or it is refused
            _roles[msg.sender] = role + (s.burn << BURNED); // all money there is fits 128 bits
        }
        emit Slashed(s.loser, s.winner, s.loss, s.burn, s.gain, s.release);
    }

    // `less` of what is locked goes, `more`, which was locked somewhere, becomes free.
    function _move(address who, uint256 less, uint256 more) private {
        Account storage account = accounts[who];
        uint256 word; // locked 128 | free 128: read and written once
        assembly ("memory-safe") {
            word := sload(account.slot)
        }
        if (word >> 128 < less) revert Insufficient(word >> 128, less);
        unchecked {
            word = word - (less << 128) + more; // less is at most locked, and free at most all money
        }
        assembly ("memory-safe") {
            sstore(account.slot, word)
        }
    }

    /// Sends what was burned so far to where nobody can spend it; by anybody.
    function sweepBurned() external nonReentrant {
        uint256 amount = burned();
        _roles[models] &= Role.ANY;
        _roles[disputes] &= Role.ANY;
        token.safeTransfer(BURN_ADDRESS, amount);
    }

    /// Taken from losers and still here.
    function burned() public view returns (uint256) {
        return (_roles[models] >> BURNED) + (_roles[disputes] >> BURNED);
    }

    /// Which of the five contracts an account is, a bit of `Role`; 0 for everybody else.
    function roleOf(address account) external view returns (uint256) {
        return uint8(_roles[account]);
    }
}
