// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Body, Settlement, Terms} from "../Types.sol";
import {IClaims} from "../interfaces/IClaims.sol";
import {IModels} from "../interfaces/IModels.sol";
import {IStakes} from "../interfaces/IStakes.sol";
import {Packed} from "./Packed.sol";

/// How games end and who gets what (docs/protocol.md, 5.5).
///
/// While other games of a lost claim are open, what is not burned of the claimant's bond stays locked in its account and is
/// written down here as the pot; refunds and at last the prize are paid out of it.
abstract contract Payouts {
    event GameOver(
        bytes32 indexed claimId,
        address indexed challenger,
        uint16 ordinal,
        uint8 outcome,
        uint8 reason,
        uint64 computed
    );
    event Settled(bytes32 indexed claimId, address indexed winner, uint256 amount);

    error InvalidParameter();
    error Unauthorized();
    error SelfChallenge();
    error StaleState();
    error WrongPhase();
    error NotYourMove();
    error TooLate();
    error NotOver();
    error ClaimSettled();
    error NotSettled();
    error ModelVoid();
    error WrongLength();
    error WrongPath();
    error WrongTraceRoot();
    error OutOfRange();
    error WrongDescriptor();
    error NotAgreed();
    error WrongSignature();

    bytes32 private constant CLAIM_DOMAIN = keccak256("gainsay.claim");

    uint256 internal constant CLAIMANT_WON = 2;
    uint256 internal constant CHALLENGER_WON = 3;
    uint256 internal constant CLOSED = 4;

    uint256 internal constant BY_STEP = 1;
    uint256 internal constant BY_TIMEOUT = 2;
    uint256 internal constant BY_CONCESSION = 3;
    uint256 internal constant BY_CLOSING = 4;
    uint256 internal constant BY_OUTPUT = 5;

    // A claim's status (docs/protocol.md, 4.1).
    uint256 internal constant CLAIM_OPEN = 1;
    uint256 private constant CLAIM_INVALID = 2;
    // Where its counts of games stand in its slot.
    uint256 private constant OPEN_GAMES = 56;
    uint256 private constant GAMES = 72;

    /// The flag of a model's shape that it is void.
    uint256 private constant VOID = 2;

    /// From here on a game's moves were agreed off chain, and nobody is refunded for them.
    uint256 internal constant AGREED_MOVES = 128;

    struct Parameters {
        uint32 claimantBudget;
        uint32 challengerBudget;
        uint32 minimumTime;
        uint128 challengerBond;
        uint128 refundPerMove;
        uint16 concedeBps;
        uint16 burnBps;
    }

    /// Of a claim that is invalid while games of it are open.
    struct Pot {
        address winner;
        uint16 ordinal; // of its game
        uint8 moves; // of the winner that a refund would count, were it displaced
        uint128 amount;
    }

    /// A game that is over, as its end needs it.
    struct Ended {
        bytes32 claimId;
        uint256 a;
        uint256 b;
        uint256 slot; // the claim's, one open game less; 0 before
        uint256 reason;
        uint256 computed;
    }

    IStakes public immutable stakes;
    IClaims public immutable claims;
    IModels public immutable models;
    uint256 public immutable challengerBond;
    uint256 public immutable refundPerMove;
    uint256 public immutable concedeBps;
    uint256 public immutable burnBps;

    mapping(bytes32 => Pot) public pots;

    constructor(address stakes_, address models_, address claims_, Parameters memory p) {
        // So that no product of a bond, units and bps leaves a word, nor a bond the fields of `Stakes`.
        if (p.challengerBond >> 112 != 0 || p.refundPerMove >> 112 != 0) revert InvalidParameter();
        if (p.concedeBps == 0 || p.concedeBps > 10000 || p.burnBps > 10000) revert InvalidParameter();
        stakes = IStakes(stakes_);
        claims = IClaims(claims_);
        models = IModels(models_);
        challengerBond = p.challengerBond;
        refundPerMove = p.refundPerMove;
        concedeBps = p.concedeBps;
        burnBps = p.burnBps;
    }

    /// A duty of the claimant was not done, which counts as a game that `winner` has won (docs/protocol.md, 6).
    function forfeit(Body calldata body, address winner) external {
        if (msg.sender != stakes.duties()) revert Unauthorized();
        bytes32 claimId = _idOf(body);
        uint256 ordinal = claims.addOrdinal(claimId);
        if (models.shapeOf(body.modelId) & VOID != 0) revert ModelVoid();
        (uint256 slot, uint256 bond, uint256 fee) = claims.lose(claimId, body.batch, body.lot, false);
        if (slot & 0xff != CLAIM_OPEN) revert ClaimSettled();
        _invalidated(claimId, body.claimant, slot, Pot(winner, uint16(ordinal), 0, 0), 0, bond, fee);
    }

    /// `shape` is the model's: about a void one nobody loses.
    function _claimantWins(Ended memory e, uint256 shape, bool conceded) internal {
        e.slot = claims.endGame(e.claimId);
        if (shape & VOID != 0 || _overtaken(e)) return _close(e);
        unchecked {
            uint256 bond = challengerBond * Packed.units(e.a);
            uint256 loss = conceded ? bond * concedeBps / 10000 : bond;
            uint256 burn = loss * burnBps / 10000;
            address challenger = Packed.account(e.b);
            stakes.settle(Settlement(challenger, loss, burn, Packed.account(e.a), loss - burn, 0));
            if (loss != bond) stakes.unlock(challenger, bond - loss);
        }
        _over(e, CLAIMANT_WON);
    }

    function _challengerWins(Ended memory e, Terms calldata t, uint256 shape, bool conceded) internal {
        if (shape & VOID != 0) {
            e.slot = claims.endGame(e.claimId);
            return _close(e);
        }
        uint256 locked; // of the claim's bond
        uint256 fee;
        (e.slot, locked, fee) = claims.lose(e.claimId, t.batch, t.lot, true);
        if (_overtaken(e)) return _close(e);
        address challenger = Packed.account(e.b);
        uint256 bond;
        unchecked {
            bond = challengerBond * Packed.units(e.a);
        }
        Pot memory won = Pot(challenger, uint16(Packed.ordinal(e.a)), uint8(_moves(e.a)), 0);
        if (e.slot & 0xff == CLAIM_OPEN) {
            address claimant = Packed.account(e.a);
            // The conceded share is for the claim's first and only game: or a cheat would escape by conceding to a friend.
            if (conceded && e.slot >> GAMES & 0xffff == 1) {
                unchecked {
                    uint256 loss = locked * concedeBps / 10000; // bonds are below 2^128
                    if (loss != locked) stakes.unlock(claimant, locked - loss);
                    locked = loss;
                }
            }
            _invalidated(e.claimId, claimant, e.slot, won, bond, locked, fee);
            emit GameOver(e.claimId, challenger, won.ordinal, uint8(CHALLENGER_WON), uint8(e.reason), uint64(e.computed));
        } else {
            // Opened earlier than the game that made the claim invalid: it takes that one's place.
            Pot memory before = pots[e.claimId];
            uint256 refund = _refund(before.moves, before.amount);
            won.amount = uint128(before.amount - refund);
            pots[e.claimId] = won;
            stakes.unlock(challenger, bond);
            if (refund != 0) stakes.pay(Packed.account(e.a), refund, before.winner);
            _over(e, CHALLENGER_WON);
        }
    }

    /// The claim is lost for the first time: `loss` and `fee` were locked for it, and what is not burned of the loss is the
    /// pot, paid at once when nobody else plays. `release` of the winner's own becomes free.
    function _invalidated(
        bytes32 claimId,
        address claimant,
        uint256 slot,
        Pot memory won,
        uint256 release,
        uint256 loss,
        uint256 fee
    ) private {
        unchecked {
            uint256 burn = loss * burnBps / 10000; // bonds are below 2^128
            uint256 pot = loss - burn;
            burn += fee; // nobody gains by a fee that is lost, and to burn it costs nothing more
            if (slot >> OPEN_GAMES & 0xffff == 0) {
                stakes.settle(Settlement(claimant, burn + pot, burn, won.winner, pot, release));
                emit Settled(claimId, won.winner, pot);
            } else {
                stakes.settle(Settlement(claimant, burn, burn, won.winner, 0, release));
                won.amount = uint128(pot);
                pots[claimId] = won;
            }
        }
    }

    /// Nobody loses. Out of a pot the challenger's gas is refunded.
    function _close(Ended memory e) internal {
        address challenger = Packed.account(e.b);
        unchecked {
            stakes.unlock(challenger, challengerBond * Packed.units(e.a));
            if (e.slot & 0xff == CLAIM_INVALID) {
                uint256 amount = pots[e.claimId].amount;
                uint256 refund = _refund(_moves(e.a), amount);
                if (refund != 0) {
                    pots[e.claimId].amount = uint128(amount - refund);
                    stakes.pay(Packed.account(e.a), refund, challenger);
                }
            }
        }
        e.reason = BY_CLOSING;
        e.computed = 0;
        _over(e, CLOSED);
    }

    /// The claim is void, or invalid by a game that was opened earlier, or by a duty.
    function _overtaken(Ended memory e) internal view returns (bool) {
        uint256 status = e.slot & 0xff;
        if (status == CLAIM_OPEN) return false;
        return status != CLAIM_INVALID || pots[e.claimId].ordinal < Packed.ordinal(e.a)
            || pots[e.claimId].winner == address(0);
    }

    /// When it was the last game of a claim that is invalid, the rest of the pot is the winner's.
    function _over(Ended memory e, uint256 outcome) private {
        emit GameOver(
            e.claimId,
            Packed.account(e.b),
            uint16(Packed.ordinal(e.a)),
            uint8(outcome),
            uint8(e.reason),
            uint64(e.computed)
        );
        if (e.slot & 0xff != CLAIM_INVALID || e.slot >> OPEN_GAMES & 0xffff != 0) return;
        Pot memory pot = pots[e.claimId];
        delete pots[e.claimId];
        if (pot.amount != 0) stakes.pay(Packed.account(e.a), pot.amount, pot.winner);
        emit Settled(e.claimId, pot.winner, pot.amount);
    }

    /// The challenger's challenge and its answers, when they were made on chain.
    function _moves(uint256 a) private pure returns (uint256) {
        uint256 move = Packed.move(a);
        return move < AGREED_MOVES ? 1 + (move >> 1) : 0;
    }

    function _refund(uint256 moves, uint256 amount) private view returns (uint256) {
        unchecked {
            uint256 refund = refundPerMove * moves;
            return refund < amount ? refund : amount;
        }
    }

    function _idOf(Terms calldata t, address claimant) internal view returns (bytes32 id) {
        bytes32 domain = CLAIM_DOMAIN;
        address claims_ = address(claims);
        assembly ("memory-safe") {
            let m := mload(0x40) // free memory, not kept
            mstore(m, domain)
            mstore(add(m, 32), chainid())
            mstore(add(m, 64), claims_)
            calldatacopy(add(m, 96), t, 64)
            mstore(add(m, 160), claimant)
            calldatacopy(add(m, 192), add(t, 64), 96)
            id := keccak256(m, 288)
        }
    }

    function _idOf(Body calldata body) internal view returns (bytes32 id) {
        bytes32 domain = CLAIM_DOMAIN;
        address claims_ = address(claims);
        assembly ("memory-safe") {
            let m := mload(0x40)
            mstore(m, domain)
            mstore(add(m, 32), chainid())
            mstore(add(m, 64), claims_)
            calldatacopy(add(m, 96), body, 192)
            id := keccak256(m, 288)
        }
    }
}
