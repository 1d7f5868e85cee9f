// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Test} from "./Test.sol";
import {Stakes} from "../src/Stakes.sol";
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

contract StakesTest is Test {
    DevToken private token = new DevToken();
    Stakes private stakes;
    address private alice = address(0xA11CE);
    address private bob = address(0xB0B);
    address private constant MODELS = address(0x10);
    address private constant CLAIMS = address(0x11);
    address private constant DISPUTES = address(0x12);

    function setUp() public {
        stakes = make(address(token));
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

    function make(address token_) private returns (Stakes s) {
        s = new Stakes(token_, 100, 2500);
        s.wire(MODELS, CLAIMS, DISPUTES);
    }

    function check(address who, uint256 free, uint256 locked, uint256 unbonding) private view {
        (uint128 f, uint128 l, uint128 u,) = stakes.accounts(who);
        assertEq(f, free, "free");
        assertEq(l, locked, "locked");
        assertEq(u, unbonding, "unbonding");
    }

    function conserved() private view {
        (uint128 f, uint128 l, uint128 u,) = stakes.accounts(alice);
        (uint128 f2, uint128 l2, uint128 u2,) = stakes.accounts(bob);
        uint256 sum = uint256(f) + l + u + f2 + l2 + u2 + stakes.burned();
        assertEq(sum, token.balanceOf(address(stakes)), "money");
    }

    function testWiredOnceByTheDeployer() public {
        vm.expectRevert(Stakes.AlreadyWired.selector);
        stakes.wire(MODELS, CLAIMS, DISPUTES);
        Stakes s = new Stakes(address(token), 100, 2500);
        vm.expectRevert(Stakes.Unauthorized.selector);
        vm.prank(bob);
        s.wire(MODELS, CLAIMS, DISPUTES);
        vm.expectRevert(Stakes.InvalidParameter.selector);
        s.wire(MODELS, address(0), DISPUTES);
        vm.expectRevert(Stakes.Unauthorized.selector); // nobody is the system before wire
        s.lock(alice, 0);
    }

    function testParameters() public {
        vm.expectRevert(Stakes.InvalidParameter.selector);
        new Stakes(address(token), 100, 10001);
        vm.expectRevert(Stakes.InvalidParameter.selector);
        new Stakes(address(token), 0, 100);
        vm.expectRevert(Stakes.InvalidParameter.selector);
        new Stakes(address(token), (1 << 32) + 1, 100);
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
        vm.prank(CLAIMS);
        stakes.lock(alice, 80 ether);
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

    function testSlash() public {
        vm.prank(CLAIMS);
        stakes.lock(alice, 50 ether);
        vm.prank(DISPUTES);
        stakes.slash(alice, 7, bob); // floor(7 / 4) burned
        check(alice, 50 ether, 50 ether - 7, 0);
        check(bob, 100 ether + 6, 0, 0);
        assertEq(stakes.burned(), 1, "burned");
        vm.prank(DISPUTES);
        stakes.slash(alice, 50 ether - 7, bob);
        conserved();
        uint256 burned = stakes.burned();
        stakes.sweepBurned();
        assertEq(token.balanceOf(stakes.BURN_ADDRESS()), burned, "swept");
        assertEq(stakes.burned(), 0, "");
        conserved();
        vm.expectRevert(abi.encodeWithSelector(Stakes.Insufficient.selector, 0, 1));
        vm.prank(DISPUTES);
        stakes.slash(alice, 1, bob);
    }

    function testWhoMayWhat() public {
        address[4] memory others = [alice, address(this), MODELS, CLAIMS];
        for (uint256 i = 0; i < 4; ++i) {
            vm.startPrank(others[i]);
            vm.expectRevert(Stakes.Unauthorized.selector);
            stakes.slash(alice, 0, bob);
            if (i < 2) {
                vm.expectRevert(Stakes.Unauthorized.selector);
                stakes.lock(alice, 0);
                vm.expectRevert(Stakes.Unauthorized.selector);
                stakes.unlock(alice, 0);
            }
            vm.stopPrank();
        }
    }

    function testMoneyIsConserved(uint256 seed) public {
        for (uint256 i = 0; i < 60; ++i) {
            seed = uint256(keccak256(abi.encode(seed)));
            address who = seed & 1 == 0 ? alice : bob;
            uint256 amount = (seed >> 8) % 120 ether;
            uint256 what = (seed >> 200) % 7;
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
                try stakes.slash(who, amount, who == alice ? bob : alice) {} catch {}
            } else {
                stakes.sweepBurned();
            }
            vm.stopPrank();
            conserved();
        }
    }

    function testHostileTokenCannotEnterTwice() public {
        HostileToken hostile = new HostileToken();
        stakes = make(address(hostile));
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
    }

    function testWhatArrivedCounts() public {
        HostileToken hostile = new HostileToken();
        stakes = make(address(hostile));
        hostile.mint(address(hostile), 100 ether);
        hostile.tax();
        hostile.deposit(stakes, 50 ether);
        check(address(hostile), 45 ether, 0, 0);
    }
}
