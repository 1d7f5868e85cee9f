// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {World} from "./World.sol";
import {Disputes} from "../src/Disputes.sol";
import {Terms} from "../src/Types.sol";

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

/// What the moves of a game cost as whole transactions: each call runs in a transaction of its own (isolate), 21000 and its
/// data included, and counts at least the floor of EIP-7623. Refunds are not netted. The numbers are upper bounds of
/// docs/gas.md; a change that makes a move dearer fails here. The fold's registers are of 8 bytes, which is the dearer kind.
/// forge-config: default.isolate = true
contract GameGasTest is World {
    event Used(string what, uint256 gas, uint256 executed, uint256 floor, uint256 dataBytes);

    uint256 private total;
    uint256 private transactions;
    uint256 private dearest; // but for the last step

    function setUp() public {
        deploy();
        vm.deal(alice, 1 ether);
        vm.deal(bob, 1 ether);
    }

    function send(string memory what, address who, address to, bytes memory data, uint256 limit)
        private
        returns (uint256 gas)
    {
        vm.prank(who);
        (bool ok, bytes memory answer) = to.call(data);
        if (!ok) {
            assembly {
                revert(add(answer, 32), mload(answer))
            }
        }
        uint256 executed = VmGas(address(vm)).lastCallGas().gasTotalUsed;
        uint256 tokens;
        for (uint256 i = 0; i < data.length; ++i) {
            tokens += data[i] == 0 ? 1 : 4;
        }
        uint256 floor = 21000 + 10 * tokens;
        // An isolated call counts its data and the 21000 of a transaction: a call of nothing says so.
        assertTrue(executed > 21000 + 4 * tokens, "a whole transaction");
        gas = executed > floor ? executed : floor;
        emit Used(what, gas, executed, floor, data.length);
        assertTrue(gas < limit, what);
        hear();
    }

    function count(uint256 gas) private {
        total += gas;
        ++transactions;
        if (outcome == 0 && gas > dearest) dearest = gas;
    }

    function next(uint256 mine, uint256 theirs) private {
        uint256 p = phase();
        Terms memory t = words();
        string memory what;
        bytes memory data;
        address who = p & 1 == 1 ? claimant() : challenger();
        uint256 limit = 71_500;
        if (p == 1) {
            what = "commitTrace";
            data = abi.encodeCall(Disputes.commitTrace, (now_.claimId, claimants(), now_.b, revealed(theirs)));
        } else if (p == 2) {
            what = "select";
            uint256 b = levels(round());
            uint256 l = level() - b;
            uint256 child;
            uint256 base = position() << b;
            while (
                child + 1 < 1 << b && traceNode(mine, l, base + child) == traceNode(theirs, l, base + child)
            ) ++child;
            data = abi.encodeCall(
                Disputes.select,
                (
                    now_.claimId,
                    now_.a,
                    challengers(),
                    child,
                    traceNode(theirs, l, base + child),
                    tracePath(theirs, l, base + child, l + b)
                )
            );
            limit = 36_500;
        } else if (p == 3) {
            what = levels(round()) == 0 ? "reveal chunks" : "reveal";
            data = abi.encodeCall(Disputes.reveal, (now_.claimId, claimants(), now_.b, revealed(theirs)));
            limit = 66_000;
        } else if (p == 4) {
            what = "selectElement";
            (uint256 child, uint256 slot) = firstDifference(mine, theirs);
            Pick memory k = pickOf(theirs, child, slot);
            data = abi.encodeCall(
                Disputes.selectElement,
                (t, now_.a, challengers(), k.pick, k.chunk, k.siblings, k.descriptor, k.path)
            );
        } else if (p == 5) {
            what = "revealStates";
            data = abi.encodeCall(
                Disputes.revealStates, (now_.claimId, claimants(), now_.b, now_.n, now_.c, states(theirs))
            );
            limit = 47_500; // registers of 8 bytes; of 4 they are 10,000 less
        } else if (last(mine)) {
            what = "selectSegmentAndProve";
            (bytes memory d, bytes memory o) = openingsOf(theirs, position(), element(), low() + segmentOf(mine));
            data = abi.encodeCall(
                Disputes.selectSegmentAndProve,
                (t, now_.a, challengers(), now_.c, segmentOf(mine), shown, committed, d, o)
            );
            limit = 106_500;
        } else {
            what = "selectSegment";
            data = abi.encodeCall(
                Disputes.selectSegment,
                (now_.claimId, now_.a, challengers(), now_.n, now_.c, segmentOf(mine), shown)
            );
            limit = 47_800;
        }
        count(send(what, who, address(disputes), data, limit));
    }

    /// No more than 64 states are unknown: the segment is one step.
    function last(uint256) private view returns (bool) {
        return high() - low() <= 64;
    }

    function game(uint256 depth_, uint256 terms_, uint256 above_) private {
        above = above_;
        makeModel(depth_, terms_);
        faults[1].on = true;
        faults[1].element = 17;
        faults[1].term = terms_ * 3 / 5 + 1;
        faults[1].delta = 0x1234567;
        // So that no slot that is common to all claims is written for the first time.
        challenge(claim(1), carol);
        commit(1);
        concede(alice);
        bytes32 claimId = claim(1);
        logs.recordLogs();
        outcome = 0;
        count(
            send("challenge", bob, address(disputes), abi.encodeCall(Disputes.challenge, (bodies[claimId])), 70_500)
        );
        while (outcome == 0) next(0, 1);
        assertEq(outcome, 3, "bob wins");
        emit Used("all", total, transactions, dearest, 0);
    }

    function testOrdinaryGame() public {
        game(20, 4096, 9);
        assertTrue(total < 786_000 && transactions <= 15, "ordinary");
    }

    function testLargestGame() public {
        game(26, 1 << 18, 19);
        assertTrue(total < 1_006_000 && transactions <= 19, "largest");
    }
}
