// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Test} from "./Test.sol";
import {Stakes} from "../src/Stakes.sol";
import {Settlement} from "../src/Types.sol";
import {DevToken} from "../src/dev/DevToken.sol";

/// Calls back into Stakes whenever it moves, and takes a tenth of what it moves.
contract HostileToken is ERC20("hostile", "H") {
    Stakes public target;
    bytes public call;
    bool public taxed;
    bool public failed;
    bytes4 public why;

    function arm(Stakes target_, bytes calldata call_) external {
        target = target_;
        call = call_;
    }

    function tax() external {
        taxed = true;
    }

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function _update(address from, address to, uint256 amount) internal override {
        if (address(target) != address(0)) {
            Stakes t = target;
            target = Stakes(address(0));
            (bool ok, bytes memory data) = address(t).call(call);
            failed = !ok;
            if (!ok) why = bytes4(data);
        }
        if (taxed && from != address(0) && to != address(0)) {
            super._update(from, address(0xFEE), amount / 10);
            amount -= amount / 10;
        }
        super._update(from, to, amount);
    }

    function deposit(Stakes stakes, uint256 amount) external {
        _approve(address(this), address(stakes), amount);
        stakes.deposit(amount);
    }

    function request(Stakes stakes, uint256 amount) external {
        stakes.requestWithdraw(amount);
    }

    function withdraw(Stakes stakes) external {
        stakes.withdraw();
    }
}

/// An old token: its calls return nothing at all; or, when told to, they return false and do nothing.
contract OddToken {
    mapping(address => uint256) public balanceOf;
    bool public lies;

    function mint(address to, uint256 amount) external {
        balanceOf[to] += amount;
    }

    function lie(bool on) external {
        lies = on;
    }

    function transfer(address to, uint256 amount) external {
        _move(msg.sender, to, amount);
    }

    function transferFrom(address from, address to, uint256 amount) external {
        _move(from, to, amount);
    }

    function _move(address from, address to, uint256 amount) private {
        if (lies) {
            assembly {
                mstore(0, 0)
                return(0, 32)
            }
        }
        balanceOf[from] -= amount;
        balanceOf[to] += amount;
    }
}

/// What `wire` asks of Claims.
contract Knows {
    address public immutable batches;
    address public immutable disputes;
    address public immutable duties;

    constructor(address batches_, address disputes_, address duties_) {
        batches = batches_;
        disputes = disputes_;
        duties = duties_;
    }
}

contract StakesTest is Test {
    DevToken private token;
    Stakes private stakes;
    address private alice = address(0xA11CE);
    address private bob = address(0xB0B);
    address private constant MODELS = address(0x10);
    address private constant CLAIMS = address(0x11);
    address private constant BATCHES = address(0x12);
    address private constant DISPUTES = address(0x13);
    address private constant DUTIES = address(0x14);

    function setUp() public {
        token = DevToken(make("DevToken.sol", ""));
        stakes = made(address(token));
        for (uint160 i = 0; i < 2; ++i) {
            address who = i == 0 ? alice : bob;
            token.mint(who, 100 ether);
            vm.prank(who);
            token.approve(address(stakes), type(uint256).max);
            vm.prank(who);
            stakes.deposit(100 ether);
        }
        vm.warp(1_700_000_000);
    }

    function made(address token_) private returns (Stakes s) {
        vm.etch(CLAIMS, address(new Knows(BATCHES, DISPUTES, DUTIES)).code);
        s = Stakes(make("Stakes.sol", abi.encode(token_, 100)));
        s.wire(MODELS, CLAIMS, BATCHES, DISPUTES, DUTIES);
    }

    function check(address who, uint256 free, uint256 locked, uint256 unbonding) private view {
        (uint128 f, uint128 l, uint128 u,) = stakes.accounts(who);
        assertEq(f, free, "free");
        assertEq(l, locked, "locked");
        assertEq(u, unbonding, "unbonding");
    }

    function conserved() private view {
        uint256 sum = stakes.burned();
        address[3] memory all = [alice, bob, DISPUTES];
        for (uint256 i = 0; i < all.length; ++i) {
            (uint128 f, uint128 l, uint128 u,) = stakes.accounts(all[i]);
            sum += uint256(f) + l + u;
        }
        assertEq(sum, token.balanceOf(address(stakes)), "money");
    }

    function settle(Settlement memory s) private {
        vm.prank(DISPUTES);
        stakes.settle(s);
    }

    function lock(address who, uint256 amount) private {
        vm.prank(CLAIMS);
        stakes.lock(who, amount);
    }

    function testWiredOnceByTheDeployer() public {
        vm.expectRevert(Stakes.AlreadyWired.selector);
        stakes.wire(MODELS, CLAIMS, BATCHES, DISPUTES, DUTIES);
        Stakes s = Stakes(make("Stakes.sol", abi.encode(token, 100)));
        vm.expectRevert(Stakes.Unauthorized.selector);
        vm.prank(bob);
        s.wire(MODELS, CLAIMS, BATCHES, DISPUTES, DUTIES);
        vm.expectRevert(Stakes.InvalidParameter.selector);
        s.wire(MODELS, address(0), BATCHES, DISPUTES, DUTIES);
        vm.expectRevert(Stakes.InvalidParameter.selector); // one contract, one role
        s.wire(MODELS, CLAIMS, BATCHES, CLAIMS, DUTIES);
        vm.expectRevert(Stakes.InvalidParameter.selector);
        s.wire(MODELS, CLAIMS, BATCHES, DISPUTES, address(s));
        vm.expectRevert(Stakes.InvalidParameter.selector); // Claims knows another one
        s.wire(MODELS, CLAIMS, address(0x99), DISPUTES, DUTIES);
        vm.expectRevert(Stakes.InvalidParameter.selector);
        s.wire(MODELS, CLAIMS, BATCHES, address(0x99), DUTIES);
        vm.expectRevert(Stakes.InvalidParameter.selector);
        s.wire(MODELS, CLAIMS, BATCHES, DISPUTES, address(0x99));
        vm.expectRevert(Stakes.Unauthorized.selector); // nobody is the system before wire
        s.lock(alice, 0);
        assertEq(stakes.models(), MODELS, "models");
        assertEq(stakes.claims(), CLAIMS, "claims");
        assertEq(stakes.batches(), BATCHES, "batches");
        assertEq(stakes.disputes(), DISPUTES, "disputes");
        assertEq(stakes.duties(), DUTIES, "duties");
    }

    function testParameters() public {
        vm.expectRevert(Stakes.InvalidParameter.selector);
        make("Stakes.sol", abi.encode(address(0), 100));
        vm.expectRevert(Stakes.InvalidParameter.selector);
        make("Stakes.sol", abi.encode(token, 0));
        vm.expectRevert(Stakes.InvalidParameter.selector);
        make("Stakes.sol", abi.encode(token, (1 << 32) + 1));
    }

    function testTwoSteps() public {
        vm.startPrank(alice);
        stakes.requestWithdraw(30 ether);
        check(alice, 70 ether, 0, 30 ether);
        vm.warp(block.timestamp + 60);
        stakes.requestWithdraw(10 ether); // all of it waits for the newest
        vm.warp(block.timestamp + 99);
        vm.expectRevert(abi.encodeWithSelector(Stakes.NotReady.selector, block.timestamp + 1));
        stakes.withdraw();
        vm.warp(block.timestamp + 1);
        stakes.withdraw();
        assertEq(token.balanceOf(alice), 40 ether, "out");
        check(alice, 60 ether, 0, 0);
        vm.expectRevert(abi.encodeWithSelector(Stakes.Insufficient.selector, 0, 1));
        stakes.withdraw();
        vm.expectRevert(abi.encodeWithSelector(Stakes.Insufficient.selector, 60 ether, 60 ether + 1));
        stakes.requestWithdraw(60 ether + 1);
        vm.stopPrank();
        conserved();
    }

    function testLockedMoneyCannotLeave() public {
        lock(alice, 80 ether);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(Stakes.Insufficient.selector, 20 ether, 21 ether));
        stakes.requestWithdraw(21 ether);
        vm.prank(alice);
        stakes.requestWithdraw(20 ether);
        vm.expectRevert(abi.encodeWithSelector(Stakes.Insufficient.selector, 0, 1)); // nor be locked on its way out
        vm.prank(DISPUTES);
        stakes.lock(alice, 1);
        vm.warp(block.timestamp + 1_000_000); // no clock ends a lock
        vm.prank(alice);
        stakes.withdraw();
        check(alice, 0, 80 ether, 0);
        vm.expectRevert(abi.encodeWithSelector(Stakes.Insufficient.selector, 80 ether, 80 ether + 1));
        vm.prank(MODELS);
        stakes.unlock(alice, 80 ether + 1);
        vm.prank(MODELS);
        stakes.unlock(alice, 80 ether);
        check(alice, 80 ether, 0, 0);
        conserved();
    }

    /// What is on its way out can neither be locked nor lost; what was locked before can be lost all the same.
    function testUnbondingWhileLocked() public {
        lock(alice, 60 ether);
        vm.prank(alice);
        stakes.requestWithdraw(40 ether);
        settle(Settlement(alice, 60 ether, 60 ether, bob, 0, 0));
        vm.expectRevert(abi.encodeWithSelector(Stakes.Insufficient.selector, 0, 1));
        vm.prank(DISPUTES);
        stakes.settle(Settlement(alice, 1, 1, bob, 0, 0));
        vm.warp(block.timestamp + 100);
        vm.prank(alice);
        stakes.withdraw();
        assertEq(token.balanceOf(alice), 40 ether, "hers");
        conserved();
    }

    function testSettle() public {
        lock(alice, 50 ether);
        lock(bob, 20 ether);
        vm.expectEmit();
        emit Stakes.Slashed(alice, bob, 30 ether, 10 ether, 20 ether, 5 ether);
        settle(Settlement(alice, 30 ether, 10 ether, bob, 20 ether, 5 ether));
        check(alice, 50 ether, 20 ether, 0);
        check(bob, 105 ether, 15 ether, 0);
        assertEq(stakes.burned(), 10 ether, "burned");
        conserved();
        // A pot that waits: the contract wins and locks it.
        settle(Settlement(alice, 20 ether, 0, DISPUTES, 20 ether, 0));
        vm.startPrank(DISPUTES);
        stakes.lock(DISPUTES, 20 ether);
        stakes.pay(DISPUTES, 20 ether, bob);
        vm.stopPrank();
        check(bob, 125 ether, 15 ether, 0);
        conserved();
        stakes.sweepBurned();
        assertEq(token.balanceOf(stakes.BURN_ADDRESS()), 10 ether, "swept");
        assertEq(stakes.burned(), 0, "");
        conserved();
        vm.expectRevert(abi.encodeWithSelector(Stakes.Insufficient.selector, 0, 1));
        vm.prank(DISPUTES);
        stakes.settle(Settlement(alice, 1, 1, bob, 0, 0));
        vm.expectRevert(abi.encodeWithSelector(Stakes.Insufficient.selector, 15 ether, 16 ether));
        vm.prank(DISPUTES);
        stakes.settle(Settlement(alice, 0, 0, bob, 0, 16 ether));
    }

    /// Both sides may be one account, and then each is charged.
    function testSettleWithOneself() public {
        lock(alice, 30 ether);
        settle(Settlement(alice, 20 ether, 5 ether, alice, 15 ether, 10 ether));
        check(alice, 95 ether, 0, 0);
        lock(alice, 10 ether);
        vm.expectRevert(abi.encodeWithSelector(Stakes.Insufficient.selector, 4 ether, 5 ether)); // not counted twice
        vm.prank(DISPUTES);
        stakes.settle(Settlement(alice, 6 ether, 0, alice, 6 ether, 5 ether));
        vm.prank(CLAIMS);
        stakes.pay(alice, 10 ether, alice);
        check(alice, 95 ether, 0, 0);
        conserved();
    }

    function testSettlementsBalance(uint128 loss, uint128 burn, uint128 gain) public {
        lock(alice, 100 ether);
        loss %= 100 ether;
        if (uint256(burn) + gain == loss) return;
        vm.expectRevert(Stakes.Unbalanced.selector);
        vm.prank(DISPUTES);
        stakes.settle(Settlement(alice, loss, burn, bob, gain, 0));
        vm.expectRevert(Stakes.Unbalanced.selector); // nor by running over
        vm.prank(DISPUTES);
        stakes.settle(Settlement(alice, loss, type(uint256).max, bob, uint256(loss) + 1, 0));
    }

    function testPay() public {
        lock(alice, 10 ether);
        vm.expectEmit();
        emit Stakes.Paid(alice, bob, 4 ether);
        vm.prank(DUTIES);
        stakes.pay(alice, 4 ether, bob);
        check(alice, 90 ether, 6 ether, 0);
        check(bob, 104 ether, 0, 0);
        vm.expectRevert(abi.encodeWithSelector(Stakes.Insufficient.selector, 6 ether, 7 ether)); // only what is locked
        vm.prank(DUTIES);
        stakes.pay(alice, 7 ether, bob);
        conserved();
    }

    function testWhoMayWhat() public {
        address[8] memory who = [alice, address(this), address(stakes), MODELS, CLAIMS, BATCHES, DISPUTES, DUTIES];
        for (uint256 i = 0; i < who.length; ++i) {
            vm.startPrank(who[i]);
            if (i < 3) vm.expectRevert(Stakes.Unauthorized.selector);
            stakes.lock(alice, 0);
            if (i < 3) vm.expectRevert(Stakes.Unauthorized.selector);
            stakes.unlock(alice, 0);
            if (i < 4) vm.expectRevert(Stakes.Unauthorized.selector);
            stakes.pay(alice, 0, bob);
            if (who[i] != MODELS && who[i] != DISPUTES) vm.expectRevert(Stakes.Unauthorized.selector);
            stakes.settle(Settlement(alice, 0, 0, bob, 0, 0));
            vm.stopPrank();
        }
    }

    function testMoneyIsConserved(uint256 seed) public {
        for (uint256 i = 0; i < 60; ++i) {
            seed = uint256(keccak256(abi.encode(seed)));
            address who = seed & 1 == 0 ? alice : bob;
            address other = seed & 2 == 0 ? alice : bob;
            uint256 amount = (seed >> 8) % 120 ether;
            uint256 what = (seed >> 200) % 8;
            vm.startPrank(what < 3 ? who : DISPUTES);
            if (what == 0) {
                token.mint(who, amount);
                stakes.deposit(amount);
            } else if (what == 1) {
                try stakes.requestWithdraw(amount) {} catch {}
            } else if (what == 2) {
                vm.warp(block.timestamp + (seed >> 100) % 200);
                try stakes.withdraw() {} catch {}
            } else if (what == 3) {
                try stakes.lock(who, amount) {} catch {}
            } else if (what == 4) {
                try stakes.unlock(who, amount) {} catch {}
            } else if (what == 5) {
                uint256 burn = amount == 0 ? 0 : (seed >> 150) % amount;
                try stakes.settle(Settlement(who, amount, burn, other, amount - burn, (seed >> 90) % 9 ether)) {}
                    catch {}
            } else if (what == 6) {
                try stakes.pay(who, amount, other) {} catch {}
            } else {
                stakes.sweepBurned();
            }
            vm.stopPrank();
            conserved();
        }
    }

    // ---- hostile tokens ----

    function testHostileTokenCannotEnterTwice() public {
        HostileToken hostile = new HostileToken();
        stakes = made(address(hostile));
        hostile.mint(address(hostile), 100 ether);
        hostile.deposit(stakes, 40 ether);
        hostile.request(stakes, 10 ether);
        vm.warp(block.timestamp + 100);
        hostile.arm(stakes, abi.encodeCall(Stakes.withdraw, ()));
        hostile.withdraw(stakes);
        assertTrue(hostile.failed(), "withdraw in withdraw");
        assertEq(hostile.balanceOf(address(hostile)), 70 ether, "paid once");
        hostile.arm(stakes, abi.encodeCall(Stakes.deposit, (1 ether)));
        hostile.deposit(stakes, 1 ether);
        assertTrue(hostile.failed(), "deposit in deposit: the balance would count twice");
        assertEq(
            bytes32(hostile.why()),
            bytes32(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector),
            "refused by the guard"
        );
        check(address(hostile), 31 ether, 0, 0);
        assertEq(hostile.balanceOf(address(stakes)), 31 ether, "money");
        // Burned money goes once, too.
        vm.prank(CLAIMS);
        stakes.lock(address(hostile), 5 ether);
        settle(Settlement(address(hostile), 5 ether, 5 ether, bob, 0, 0));
        hostile.arm(stakes, abi.encodeCall(Stakes.sweepBurned, ()));
        stakes.sweepBurned();
        assertTrue(hostile.failed(), "sweep in sweep");
        assertEq(hostile.balanceOf(stakes.BURN_ADDRESS()), 5 ether, "swept once");
        check(address(hostile), 26 ether, 0, 0);
    }

    function testWhatArrivedCounts() public {
        HostileToken hostile = new HostileToken();
        stakes = made(address(hostile));
        hostile.mint(address(hostile), 100 ether);
        hostile.tax();
        hostile.deposit(stakes, 50 ether);
        check(address(hostile), 45 ether, 0, 0);
    }

    function testTokenThatReturnsNothing() public {
        OddToken odd = new OddToken();
        stakes = made(address(odd));
        odd.mint(alice, 10 ether);
        vm.startPrank(alice);
        stakes.deposit(10 ether);
        check(alice, 10 ether, 0, 0);
        stakes.requestWithdraw(4 ether);
        vm.warp(block.timestamp + 100);
        stakes.withdraw();
        assertEq(odd.balanceOf(alice), 4 ether, "out");
        vm.stopPrank();
    }

    function testTokenThatReturnsFalse() public {
        OddToken odd = new OddToken();
        stakes = made(address(odd));
        odd.mint(alice, 10 ether);
        vm.startPrank(alice);
        stakes.deposit(6 ether);
        stakes.requestWithdraw(6 ether);
        vm.warp(block.timestamp + 100);
        odd.lie(true);
        vm.expectRevert(abi.encodeWithSelector(SafeERC20.SafeERC20FailedOperation.selector, address(odd)));
        stakes.deposit(4 ether);
        vm.expectRevert(abi.encodeWithSelector(SafeERC20.SafeERC20FailedOperation.selector, address(odd)));
        stakes.withdraw();
        check(alice, 0, 0, 6 ether); // not lost
        odd.lie(false);
        stakes.withdraw();
        assertEq(odd.balanceOf(alice), 10 ether, "out");
        vm.stopPrank();
        // A verdict does not ask the token.
        odd.mint(bob, 5 ether);
        vm.prank(bob);
        stakes.deposit(5 ether);
        odd.lie(true);
        lock(bob, 5 ether);
        settle(Settlement(bob, 5 ether, 1 ether, alice, 4 ether, 0));
        check(alice, 4 ether, 0, 0);
    }

    function testAllMoneyFitsOneField() public {
        token.mint(alice, type(uint128).max);
        vm.startPrank(alice);
        vm.expectRevert();
        stakes.deposit(uint256(type(uint128).max) - 200 ether + 1);
        stakes.deposit(uint256(type(uint128).max) - 200 ether);
        vm.stopPrank();
        assertEq(token.balanceOf(address(stakes)), type(uint128).max, "to the brim");
    }
}
