// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Claims} from "../src/Claims.sol";
import {Body} from "../src/Types.sol";

/// An example of who relies on an inference: it orders one, pays for it, and acts on nothing but a final claim.
///
/// A buyer names the model and the input (by root) and offers a price; whoever executes it takes the order with a claim that
/// has at least the value that the buyer asked for at stake. When the claim is final, the claimant is paid and the output may
/// be acted on; when it is not final in time, or never will be, the buyer has its price back. What "acting" is, is one function
/// here: it counts. A claim that is final but about another model, input or value does not count, and one that is merely
/// unchallenged so far does not either.
contract Consumer {
    using SafeERC20 for IERC20;

    struct Order {
        address buyer;
        uint64 expires;
        bool open;
        bytes32 modelId;
        bytes32 inputRoot;
        uint256 price;
        uint256 value; // the least that a claim must be posted with
    }

    /// Somebody wants an inference.
    event Ordered(
        uint256 indexed order, address indexed buyer, bytes32 modelId, bytes32 inputRoot, uint256 price, uint256 value
    );
    /// The order was answered by a final claim: its output holds.
    event Answered(uint256 indexed order, bytes32 indexed claimId, bytes32 outputRoot);
    /// It was not: the price went back.
    event Refunded(uint256 indexed order);

    error NotOpen();
    error WrongClaim();
    error NotFinal(uint8 status, uint256 earliestFinality);
    error NotExpired(uint256 expires);

    Claims public immutable claims;
    IERC20 public immutable token;

    Order[] public orders;
    /// What the claimants of final claims may fetch, and buyers whose orders expired.
    mapping(address => uint256) public owed;
    /// The output that a final claim gave for an order, by root; 0 while there is none.
    mapping(uint256 => bytes32) public outputOf;
    /// A claim answers one order only.
    mapping(bytes32 => bool) public used;

    constructor(address claims_, address token_) {
        claims = Claims(claims_);
        token = IERC20(token_);
    }

    /// Orders the model's outputs of the input with that root. The price must cover the claimant's fee, which
    /// `claims.quote(value)` tells; `value` decides what bond stands behind the answer.
    function order(bytes32 modelId, bytes32 inputRoot, uint256 price, uint256 value, uint64 expires)
        external
        returns (uint256 number)
    {
        number = orders.length;
        orders.push(Order(msg.sender, expires, true, modelId, inputRoot, price, value));
        emit Ordered(number, msg.sender, modelId, inputRoot, price, value);
        token.safeTransferFrom(msg.sender, address(this), price);
    }

    /// Answers an order by a final claim, by anybody; the claimant is owed the price.
    function answer(uint256 number, Body calldata body) external {
        Order storage o = orders[number];
        if (!o.open) revert NotOpen();
        if (body.modelId != o.modelId || body.inputRoot != o.inputRoot || uint128(body.lot) < o.value) {
            revert WrongClaim();
        }
        bytes32 claimId = claims.idOf(body);
        if (used[claimId]) revert WrongClaim();
        (uint8 status, bool isFinal,,, uint256 earliest) = claims.statusOf(body);
        if (!isFinal) revert NotFinal(status, earliest);
        used[claimId] = true;
        o.open = false;
        owed[body.claimant] += o.price;
        outputOf[number] = body.outputRoot;
        emit Answered(number, claimId, body.outputRoot);
    }

    /// Gives the price back when the order has expired unanswered, by anybody.
    function refund(uint256 number) external {
        Order storage o = orders[number];
        if (!o.open) revert NotOpen();
        if (block.timestamp <= o.expires) revert NotExpired(o.expires);
        o.open = false;
        owed[o.buyer] += o.price;
        emit Refunded(number);
    }

    /// Pays the sender what it is owed.
    function fetch() external {
        uint256 amount = owed[msg.sender];
        owed[msg.sender] = 0;
        token.safeTransfer(msg.sender, amount);
    }
}
