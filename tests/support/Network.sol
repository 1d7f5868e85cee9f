// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// Stand-ins for OpenGradient's contracts on a development chain: the functions, structs and events of their ABIs, with the rules that an audit meets. Attestation
/// documents are taken as they come.

/// TEERegistry with `PCRRevoked(bytes32, uint8)` or, as its other version, `PCRRevoked(bytes32)`.
contract TEERegistry {
    struct PCRMeasurements {
        bytes pcr0;
        bytes pcr1;
        bytes pcr2;
    }

    struct TEEInfo {
        address owner;
        address paymentAddress;
        string endpoint;
        bytes publicKey;
        bytes tlsCertificate;
        bytes32 pcrHash;
        uint8 teeType;
        bool enabled;
        uint256 registeredAt;
        uint256 lastHeartbeatAt;
    }

    event TEERegistered(bytes32 indexed teeId, address indexed owner, uint8 teeType);
    event TEEEnabled(bytes32 indexed teeId);
    event TEEDisabled(bytes32 indexed teeId);
    event PCRApproved(bytes32 indexed pcrHash, uint8 indexed teeType, string version);
    event PCRRevoked(bytes32 indexed pcrHash, uint8 indexed teeType);
    event PCRRevoked(bytes32 indexed pcrHash);
    event HeartbeatReceived(bytes32 indexed teeId, uint256 timestamp);
    event AWSCertificateUpdated(bytes32 indexed certHash);

    error TEEAlreadyExists();
    error TEENotFound();
    error PCRNotApproved();

    mapping(bytes32 => TEEInfo) private info;
    mapping(bytes32 => mapping(uint8 => bool)) private approved;

    function computePCRHash(PCRMeasurements memory pcrs) public pure returns (bytes32) {
        return keccak256(abi.encodePacked(pcrs.pcr0, pcrs.pcr1, pcrs.pcr2));
    }

    function approvePCR(PCRMeasurements calldata pcrs, string calldata version, uint8 teeType) external {
        bytes32 hash = computePCRHash(pcrs);
        approved[hash][teeType] = true;
        emit PCRApproved(hash, teeType, version);
    }

    function revokePCR(bytes32 pcrHash, uint8 teeType) external {
        approved[pcrHash][teeType] = false;
        emit PCRRevoked(pcrHash, teeType);
    }

    function revokePCROfAll(bytes32 pcrHash, uint8 teeType) external {
        approved[pcrHash][teeType] = false;
        emit PCRRevoked(pcrHash);
    }

    function setAWSRootCertificate(bytes calldata certificate) external {
        emit AWSCertificateUpdated(keccak256(certificate));
    }

    /// The document is three registers one after the other.
    function registerTEEWithAttestation(
        bytes calldata attestationDocument,
        bytes calldata signingPublicKey,
        bytes calldata tlsCertificate,
        address paymentAddress,
        string calldata endpoint,
        uint8 teeType
    ) external returns (bytes32 teeId) {
        teeId = keccak256(signingPublicKey);
        bytes32 pcrHash = keccak256(attestationDocument);
        if (info[teeId].owner != address(0)) revert TEEAlreadyExists();
        if (!approved[pcrHash][teeType]) revert PCRNotApproved();
        info[teeId] = TEEInfo({
            owner: msg.sender,
            paymentAddress: paymentAddress,
            endpoint: endpoint,
            publicKey: signingPublicKey,
            tlsCertificate: tlsCertificate,
            pcrHash: pcrHash,
            teeType: teeType,
            enabled: true,
            registeredAt: block.timestamp,
            lastHeartbeatAt: block.timestamp
        });
        emit TEERegistered(teeId, msg.sender, teeType);
    }

    function enableTEE(bytes32 teeId) external {
        info[teeId].enabled = true;
        emit TEEEnabled(teeId);
    }

    function disableTEE(bytes32 teeId) external {
        info[teeId].enabled = false;
        emit TEEDisabled(teeId);
    }

    function heartbeat(bytes32 teeId, uint256 timestamp) external {
        info[teeId].lastHeartbeatAt = block.timestamp;
        emit HeartbeatReceived(teeId, timestamp);
    }

    function getTEE(bytes32 teeId) external view returns (TEEInfo memory) {
        if (info[teeId].owner == address(0)) revert TEENotFound();
        return info[teeId];
    }
}

/// InferenceSettlementRelay: nothing that it is told is looked at.
contract InferenceSettlementRelay {
    event BatchSettlement(bytes32 indexed merkleRoot, uint256 batchSize, bytes walrusBlobId);
    event IndividualSettlement(
        bytes32 indexed teeId,
        address indexed ethAddress,
        bytes32 inputHash,
        bytes32 outputHash,
        uint256 timestamp,
        bytes walrusBlobId,
        bytes signature
    );

    function batchSettle(bytes32 _merkleRoot, uint256 _batchSize, bytes calldata _walrusBlobId) external {
        emit BatchSettlement(_merkleRoot, _batchSize, _walrusBlobId);
    }

    function settleIndividual(
        bytes32 _teeId,
        bytes32 _inputHash,
        bytes32 _outputHash,
        uint256 _timestamp,
        address _ethAddress,
        bytes calldata _walrusBlobId,
        bytes calldata _signature
    ) external {
        emit IndividualSettlement(
            _teeId, _ethAddress, _inputHash, _outputHash, _timestamp, _walrusBlobId, _signature
        );
    }
}
