// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// @title A smart wallet: a payer with code, whose signatures only its own ERC-1271 function can judge.
/// @notice It accepts the owner's 65-byte ECDSA signature followed by one marker byte, so that a checker that treats
/// every signature as plain ECDSA gets it wrong.
contract Wallet {
    address public immutable owner;

    constructor(address owner_) {
        owner = owner_;
    }

    function isValidSignature(bytes32 digest, bytes calldata signature) external view returns (bytes4) {
        if (signature.length != 66 || signature[65] != 0x01) return 0xffffffff;
        address signer =
            ecrecover(digest, uint8(signature[64]), bytes32(signature[0:32]), bytes32(signature[32:64]));
        return signer == owner && signer != address(0) ? this.isValidSignature.selector : bytes4(0xffffffff);
    }
}
