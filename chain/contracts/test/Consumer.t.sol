// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {System} from "./System.sol";
import {Consumer} from "../examples/Consumer.sol";
import {Body} from "../src/Types.sol";

/// The example pays for final claims and for nothing else.
contract ConsumerTest is System {
    Consumer private consumer;
    address private dave = address(0xDA7E); // buys

    function setUp() public {
        deploy(0);
        consumer = Consumer(make("Consumer.sol", abi.encode(claims, token)));
        token.mint(dave, 50 ether);
        vm.startPrank(dave);
        token.approve(address(consumer), type(uint256).max);
        consumer.order(modelId, keccak256("input"), 20 ether, 100 ether, uint64(block.timestamp + 5000));
        vm.stopPrank();
    }

    function testPaysForAFinalClaim() public {
        Body memory body = bodyOf(1, 100 ether);
        notFinal(body, 0, 0);
        post(body);
        notFinal(body, 1, block.timestamp + WINDOW + 1);
        openGame(body);
        afterWindow();
        notFinal(body, 1, block.timestamp); // the window is over, but a game is open
        endGame(body);
        notFinal(body, 1, block.timestamp); // nobody finalised it
        claims.finalize(body, 0);
        consumer.answer(0, body);
        assertEq(consumer.outputOf(0), body.outputRoot, "acted on");
        vm.expectRevert(Consumer.NotOpen.selector);
        consumer.answer(0, body);
        vm.prank(alice);
        consumer.fetch();
        assertEq(token.balanceOf(alice), 20 ether, "paid");
        vm.prank(alice);
        consumer.fetch();
        assertEq(token.balanceOf(alice), 20 ether, "once");
        assertEq(token.balanceOf(address(consumer)), 0, "nothing is left");
        // The same claim does not answer another order.
        vm.prank(dave);
        consumer.order(modelId, keccak256("input"), 1 ether, 100 ether, uint64(block.timestamp + 5000));
        vm.expectRevert(Consumer.WrongClaim.selector);
        consumer.answer(1, body);
    }

    function notFinal(Body memory body, uint8 status, uint256 earliest) private {
        vm.expectRevert(abi.encodeWithSelector(Consumer.NotFinal.selector, status, earliest));
        consumer.answer(0, body);
    }

    function testNotForAnotherClaim() public {
        Body memory body = bodyOf(1, 100 ether - 1);
        finish(body);
        vm.expectRevert(Consumer.WrongClaim.selector); // too little at stake
        consumer.answer(0, body);
        body = bodyOf(1, 100 ether);
        body.inputRoot = keccak256("another");
        finish(body);
        vm.expectRevert(Consumer.WrongClaim.selector);
        consumer.answer(0, body);
        body = bodyOf(1, 100 ether);
        body.modelId = register(1);
        finish(body);
        vm.expectRevert(Consumer.WrongClaim.selector);
        consumer.answer(0, body);
    }

    function finish(Body memory body) private {
        post(body);
        afterWindow();
        claims.finalize(body, 0);
    }

    function testGivesBack() public {
        Body memory body = bodyOf(1, 100 ether);
        post(body);
        lose(body);
        notFinal(body, 2, 0);
        vm.expectRevert();
        consumer.refund(0);
        vm.warp(block.timestamp + 5001);
        consumer.refund(0);
        vm.expectRevert(Consumer.NotOpen.selector);
        consumer.refund(0);
        vm.expectRevert(Consumer.NotOpen.selector);
        consumer.answer(0, body);
        vm.prank(dave);
        consumer.fetch();
        assertEq(token.balanceOf(dave), 50 ether, "all of it");
    }
}
