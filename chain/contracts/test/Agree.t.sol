// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {World} from "./World.sol";
import {Claims} from "../src/Claims.sol";
import {State, Terms} from "../src/Types.sol";
import {Payouts} from "../src/game/Payouts.sol";

interface VmKeys {
    function addr(uint256 key) external returns (address);
    function sign(uint256 key, bytes32 digest) external returns (uint8 v, bytes32 r, bytes32 s);
}

/// States that both sides signed, in the place of moves.
contract AgreeTest is World {
    uint256 private constant CLAIMANT = 0xA11CE5EC;
    uint256 private constant CHALLENGER = 0xB0B5EC;
    uint256 private constant MALLORY = 0x666;
    bytes32 private constant TYPE =
        keccak256("State(bytes32 claimId,uint256 a,uint256 b,bytes32 n,uint256 c,bytes32 v,bytes32 traceRoot)");

    State private from; // what is stored
    State private to;
    bytes32 private root;

    function setUp() public {
        alice = VmKeys(address(vm)).addr(CLAIMANT);
        bob = VmKeys(address(vm)).addr(CHALLENGER);
        deploy();
        makeModel(12, 200);
        faults[1].on = true;
        faults[1].element = 17;
        faults[1].term = 113;
        faults[1].delta = 1;
        challenge(claim(1), bob);
        from = now_;
        agreed(7);
    }

    /// The state that moves on chain would lead to, as one that was played off chain.
    function agreed(uint256 phase_) private {
        uint256 undo = snapshot();
        State memory before = now_;
        playTo(phase_, 0, 1);
        State memory s = now_;
        bytes32 r = committed;
        restore(undo);
        now_ = before;
        to = s;
        to.a |= 1 << 55; // bit 128 of move
        root = r;
    }

    function digest(State memory s, bytes32 root_) private view returns (bytes32) {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("Gainsay"),
                keccak256("1"),
                block.chainid,
                address(disputes)
            )
        );
        bytes32 what = keccak256(abi.encode(TYPE, s.claimId, s.a, s.b, s.n, s.c, s.v, root_));
        return keccak256(abi.encodePacked(hex"1901", domain, what));
    }

    function sign(uint256 key, State memory s, bytes32 root_) private returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s_) = VmKeys(address(vm)).sign(key, digest(s, root_));
        return abi.encodePacked(r, s_, v);
    }

    function submit() private {
        bytes memory one = sign(CLAIMANT, to, root);
        bytes memory two = sign(CHALLENGER, to, root);
        disputes.agree(from, to, root, one, two);
        hear();
    }

    function refused(bytes4 why) private {
        bytes memory one = sign(CLAIMANT, to, root);
        bytes memory two = sign(CHALLENGER, to, root);
        vm.expectRevert(why);
        disputes.agree(from, to, root, one, two);
    }

    function testAgreeThenPlayOn() public {
        agreed(5);
        submit(); // by anybody
        assertEq(now_.a, to.a, "a");
        assertEq(phase(), 5, "phase");
        assertEq(claims.slotOf(now_.claimId) >> 96, uint160(uint256(root)), "bound");
        play(0, 1);
        assertEq(outcome, 3, "bob wins");
        checkMoney();
    }

    function testAgreeAndProve() public {
        bytes memory one = sign(CLAIMANT, to, root);
        bytes memory two = sign(CHALLENGER, to, root);
        (bytes memory d, bytes memory o) = openingsOf(1, 1, 17, 113);
        Terms memory t = words();
        vm.expectRevert(Payouts.NotYourMove.selector);
        vm.prank(carol);
        disputes.agreeAndProve(t, from, to, root, one, two, d, o);
        vm.startPrank(bob);
        vm.expectRevert(Payouts.StaleState.selector);
        disputes.agreeAndProve(t, from, to, root, one, two, descriptor[1], o);
        t.inputRoot = 0;
        vm.expectRevert(Payouts.StaleState.selector);
        disputes.agreeAndProve(t, from, to, root, one, two, d, o);
        t = words();
        uint256 undo = snapshot();
        vm.stopPrank();
        vm.prank(alice); // either side
        disputes.agreeAndProve(t, from, to, root, one, two, d, o);
        restore(undo);
        vm.prank(bob);
        disputes.agreeAndProve(t, from, to, root, one, two, d, o);
        hear();
        assertEq(outcome, 3, "bob wins");
        assertEq(computed, stateOf(0, 17, 113), "what is right");
        assertEq(disputes.games(keyOf(from)), bytes32(0), "over");
        checkMoney();
        vm.expectRevert(Payouts.StaleState.selector);
        vm.prank(bob);
        disputes.agreeAndProve(t, from, to, root, one, two, d, o);
    }

    function testAgreeAndProveTakesAStep() public {
        agreed(6);
        bytes memory one = sign(CLAIMANT, to, root);
        bytes memory two = sign(CHALLENGER, to, root);
        Terms memory t = words();
        vm.expectRevert(Payouts.WrongPhase.selector);
        vm.prank(bob);
        disputes.agreeAndProve(t, from, to, root, one, two, "", "");
        agreed(7);
        to.v = keccak256("no step has values");
        one = sign(CLAIMANT, to, root);
        two = sign(CHALLENGER, to, root);
        (bytes memory d, bytes memory o) = openingsOf(1, 1, 17, 113);
        vm.expectRevert(Payouts.StaleState.selector);
        vm.prank(bob);
        disputes.agreeAndProve(t, from, to, root, one, two, d, o);
        to.v = 0;
        vm.warp(to.b >> 56 & type(uint40).max);
        vm.warp(block.timestamp + 1);
        one = sign(CLAIMANT, to, root);
        two = sign(CHALLENGER, to, root);
        vm.expectRevert(Payouts.TooLate.selector);
        vm.prank(bob);
        disputes.agreeAndProve(t, from, to, root, one, two, d, o);
    }

    function testSignatures() public {
        bytes memory one = sign(CLAIMANT, to, root);
        bytes memory two = sign(CHALLENGER, to, root);
        bytes memory other = sign(MALLORY, to, root);
        wrong(other, two);
        wrong(one, other);
        wrong(two, one);
        wrong(one, one);
        wrong("", two);
        wrong(one, abi.encodePacked(two, uint8(0)));
        wrong(one, new bytes(65)); // recovers nobody
        wrong(sign(CLAIMANT, from, root), two); // of another state
        wrong(one, sign(CHALLENGER, to, keccak256("another trace")));
        // The same signature with the other s, which ecrecover takes.
        bytes32 r;
        uint256 s;
        assembly {
            r := mload(add(one, 32))
            s := mload(add(one, 64))
        }
        uint256 order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;
        wrong(abi.encodePacked(r, order - s, one[64] == 0x1b ? uint8(28) : uint8(27)), two);
        disputes.agree(from, to, root, one, two);
        // What was agreed once is not agreed again.
        vm.expectRevert(Payouts.StaleState.selector);
        disputes.agree(from, to, root, one, two);
        vm.expectRevert(Payouts.NotAgreed.selector);
        disputes.agree(to, to, root, one, two);
    }

    function wrong(bytes memory one, bytes memory two) private {
        vm.expectRevert(Payouts.WrongSignature.selector);
        disputes.agree(from, to, root, one, two);
    }

    /// Each field that must not change, or must not be larger.
    function testWhatCannotBeAgreed() public {
        uint256 a = to.a;
        uint256 b = to.b;
        for (uint256 i = 64; i < 96; ++i) {
            to.a = a ^ 1 << i; // ordinal, units
            refused(Payouts.NotAgreed.selector);
        }
        to.a = a ^ uint256(uint160(alice) ^ uint160(carol)) << 96;
        refused(Payouts.NotAgreed.selector);
        to.a = a;
        to.b = b ^ uint256(uint160(bob) ^ uint160(carol)) << 96;
        refused(Payouts.NotAgreed.selector);
        to.b = b | 1;
        refused(Payouts.NotAgreed.selector);
        to.b = b & ~(uint256(type(uint40).max) << 56) | (block.timestamp + 2 * BUDGET + 1) << 56;
        refused(Payouts.NotAgreed.selector);
        to.b = b & ~(uint256(0xffffff) << 32) | uint256(2 * BUDGET + 1) << 32;
        refused(Payouts.NotAgreed.selector);
        to.b = b & ~(uint256(0xffffff) << 8) | uint256(2 * BUDGET + 1) << 8;
        refused(Payouts.NotAgreed.selector);
        to.b = b;
        to.a = a ^ 1 << 55; // moves that were not made, as if they were
        refused(Payouts.NotAgreed.selector);
        to.a = a | 0xc0 << 48; // no room for further moves
        refused(Payouts.NotAgreed.selector);
        for (uint256 i = 40; i < 48; ++i) {
            to.a = a ^ 1 << i; // depth
            refused(Payouts.NotAgreed.selector);
        }
        for (uint256 phase_ = 0; phase_ < 256; ++phase_) {
            if (phase_ > 1 && phase_ < 8 || phase_ == 9) continue;
            to.a = a & ~(uint256(0xff) << 56) | phase_ << 56;
            refused(Payouts.NotAgreed.selector);
        }
        to.a = a;
        to.claimId = keccak256("another claim");
        refused(Payouts.NotAgreed.selector);
        to.claimId = from.claimId;
        to.b = b & ~(uint256(type(uint40).max) << 56) | (block.timestamp + 2 * BUDGET) << 56;
        submit();
    }

    /// Asking for the output may be agreed too, and is answered on chain.
    function testAgreeOnAskingForTheOutput() public {
        for (uint256 belief = 0; belief < 2; ++belief) {
            uint256 undo = snapshot();
            challenge(claim(belief), bob);
            from = now_;
            uint256 again = snapshot();
            commit(1);
            challengeOutput();
            State memory s = now_;
            bytes32 r = committed;
            restore(again);
            to = s;
            to.a |= 1 << 55;
            root = r;
            submit();
            assertEq(phase(), 9, "asked");
            if (belief == 1) {
                move(0, 1);
                assertEq(outcome, 2, "the output is there");
            } else {
                bytes32[] memory path = outputPath(1);
                Terms memory t = words();
                uint256 a = claimants();
                vm.expectRevert(Payouts.StaleState.selector);
                vm.prank(alice);
                disputes.proveOutput(t, a, now_.b, path);
                vm.warp(deadline() + 1);
                timeout();
                assertEq(outcome, 3, "it is not");
            }
            checkMoney();
            restore(undo);
        }
    }

    function testOnlyLaterStates() public {
        agreed(6);
        submit();
        from = now_;
        to = now_;
        to.a -= 1 << 48;
        refused(Payouts.NotAgreed.selector); // an earlier one
        to.a += 1 << 48;
        refused(Payouts.NotAgreed.selector); // the same
        to.a += 1 << 48;
        submit();
    }

    /// bob's signed state is none of his other game.
    function testAnotherGame() public {
        challenge(now_.claimId, bob);
        from = now_;
        refused(Payouts.NotAgreed.selector);
        from.claimId = keccak256("no claim");
        refused(Payouts.StaleState.selector);
    }

    function testTheTraceIsBound() public {
        uint256 undo = snapshot();
        commit(1);
        from = now_;
        root = keccak256("another trace");
        refused(Claims.WrongTraceRoot.selector);
        restore(undo);
        submit(); // binds the other
        bytes32 claimId = now_.claimId;
        challenge(claimId, carol);
        faults[1].raw = true;
        faults[1].chunk = 100;
        uint256 a = claimants();
        bytes memory nodes = revealed(1);
        vm.expectRevert(Claims.WrongTraceRoot.selector);
        vm.prank(alice);
        disputes.commitTrace(now_.claimId, a, now_.b, nodes);
    }

    /// Who waits for a prize need not wait for what two others agree to.
    function testNothingIsAgreedAboutALostClaim() public {
        State memory first = now_;
        challenge(first.claimId, carol);
        concede(alice);
        refused(Payouts.ClaimSettled.selector);
        now_ = first;
        vm.warp(deadline() + 1);
        timeout();
        checkMoney();
    }

    /// Moves that were not made on chain are not refunded.
    function testAgreedMovesAreNotRefunded() public {
        bytes32 claimId = now_.claimId;
        State memory first = now_;
        challenge(claimId, bob);
        from = now_;
        uint256 bobs = free(bob) + locked(bob);
        agreed(5);
        submit();
        State memory second = now_;
        now_ = first;
        outcome = 0;
        play(0, 1); // the first wins
        now_ = second;
        close();
        assertEq(outcome, 4, "closed");
        uint256 prize = CLAIM_BOND - CLAIM_BOND * BURN_BPS / 10000;
        assertEq(free(bob) + locked(bob), bobs + prize, "all of the prize, no refund out of it");
        checkMoney();
    }
}
