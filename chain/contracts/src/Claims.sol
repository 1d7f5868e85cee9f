// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Models} from "./Models.sol";
import {Stakes} from "./Stakes.sol";

/// What inference nodes say: this model made this output of this input. Open until challenged successfully, or final.
contract Claims {
    using SafeCast for uint256;

    enum Status {
        None,
        Open,
        Invalid,
        Final
    }

    struct Claim {
        address claimant;
        uint64 windowEnd;
        uint24 openGames;
        Status status;
        uint128 value;
        uint128 bond;
        bytes32 modelId;
        bytes32 inputRoot;
        bytes32 outputRoot;
    }

    event Posted(
        bytes32 indexed claimId,
        address indexed claimant,
        bytes32 indexed modelId,
        bytes32 inputRoot,
        bytes32 outputRoot,
        uint256 value,
        uint256 bond,
        uint64 windowEnd,
        uint256 nonce,
        bytes input,
        bytes output
    );
    event Finalized(bytes32 indexed claimId);
    event Invalidated(bytes32 indexed claimId);

    error Unauthorized();
    error InvalidParameter();
    error ModelInactive();
    error TooManyBytes();
    error UnknownClaim();
    error ClaimNotOpen();
    error WindowOver();
    error WindowOpen();
    error GamesOpen();

    bytes32 private constant CLAIM_DOMAIN = keccak256("gainsay.claim");

    Stakes public immutable stakes;
    Models public immutable models;
    uint64 public immutable windowSeconds;
    uint256 public immutable minimumBond;
    uint16 public immutable bondBps;
    uint32 public immutable bytesMax;

    uint256 public nonce;
    mapping(bytes32 => Claim) private _claims;

    constructor(
        address stakes_,
        address models_,
        uint64 windowSeconds_,
        uint256 minimumBond_,
        uint16 bondBps_,
        uint32 bytesMax_
    ) {
        if (windowSeconds_ == 0 || windowSeconds_ > 1 << 32 || bondBps_ > 10000) {
            revert InvalidParameter();
        }
        stakes = Stakes(stakes_);
        models = Models(models_);
        windowSeconds = windowSeconds_;
        minimumBond = minimumBond_;
        bondBps = bondBps_;
        bytesMax = bytesMax_;
    }

    function post(
        bytes32 modelId,
        bytes32 inputRoot,
        bytes32 outputRoot,
        uint256 value,
        bytes calldata input,
        bytes calldata output
    ) external returns (bytes32 claimId) {
        if (input.length + output.length > bytesMax) revert TooManyBytes();
        if (!models.active(modelId)) revert ModelInactive();
        uint256 nonce_ = nonce++;
        claimId = keccak256(
            abi.encode(
                CLAIM_DOMAIN, block.chainid, address(this), nonce_, msg.sender, modelId, inputRoot, outputRoot, value
            )
        );
        Claim memory claim = Claim({
            claimant: msg.sender,
            windowEnd: uint64(block.timestamp) + windowSeconds,
            openGames: 0,
            status: Status.Open,
            value: value.toUint128(),
            bond: (minimumBond + uint256(value.toUint128()) * bondBps / 10000).toUint128(),
            modelId: modelId,
            inputRoot: inputRoot,
            outputRoot: outputRoot
        });
        _claims[claimId] = claim;
        stakes.lock(msg.sender, claim.bond);
        emit Posted(
            claimId,
            msg.sender,
            modelId,
            inputRoot,
            outputRoot,
            value,
            claim.bond,
            claim.windowEnd,
            nonce_,
            input,
            output
        );
    }

    /// Window over, no game open.
    function finalize(bytes32 claimId) external {
        Claim storage claim = _claims[claimId];
        if (claim.status != Status.Open) revert ClaimNotOpen();
        if (block.timestamp <= claim.windowEnd) revert WindowOpen();
        if (claim.openGames != 0) revert GamesOpen();
        claim.status = Status.Final;
        stakes.unlock(claim.claimant, claim.bond);
        emit Finalized(claimId);
    }

    modifier onlyDisputes() {
        if (msg.sender != stakes.disputes()) revert Unauthorized();
        _;
    }

    /// A challenge. Returns what the game must know.
    function openGame(bytes32 claimId) external onlyDisputes returns (address claimant, bytes32 modelId) {
        Claim storage claim = _claims[claimId];
        if (claim.status == Status.None) revert UnknownClaim();
        if (claim.status != Status.Open) revert ClaimNotOpen();
        if (block.timestamp > claim.windowEnd) revert WindowOver();
        claim.openGames += 1;
        return (claim.claimant, claim.modelId);
    }

    function closeGame(bytes32 claimId) external onlyDisputes {
        _claims[claimId].openGames -= 1;
    }

    function invalidate(bytes32 claimId) external onlyDisputes {
        Claim storage claim = _claims[claimId];
        if (claim.status == Status.Invalid) return; // an earlier-opened game is won later
        claim.status = Status.Invalid;
        emit Invalidated(claimId);
    }

    function status(bytes32 claimId)
        external
        view
        returns (uint8 status_, uint64 windowEnd, uint32 openGames, uint256 value, uint256 bond)
    {
        Claim storage claim = _claims[claimId];
        return (uint8(claim.status), claim.windowEnd, claim.openGames, claim.value, claim.bond);
    }

    function roots(bytes32 claimId)
        external
        view
        returns (address claimant, bytes32 modelId, bytes32 inputRoot, bytes32 outputRoot)
    {
        Claim storage claim = _claims[claimId];
        return (claim.claimant, claim.modelId, claim.inputRoot, claim.outputRoot);
    }
}
