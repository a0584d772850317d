// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title A payment that leaves a log
/// @notice Forwards ether to a receiver and emits one log that names payer, receiver, amount and a reference.
contract PaymentLog {
    /// @notice The ether in `amount` (wei) reached `to`.
    event Paid(address indexed from, address indexed to, uint256 amount, bytes32 reference_);

    /// @notice The receiver refused the ether.
    error TransferFailed(address to, uint256 amount);

    /// @notice Pays `msg.value` to `to`.
    /// @param to who gets the ether
    /// @param reference_ what the payment is for: any 32 bytes
    function pay(address payable to, bytes32 reference_) external payable {
        emit Paid(msg.sender, to, msg.value, reference_);
        (bool ok, ) = to.call{value: msg.value}("");
        if (!ok) revert TransferFailed(to, msg.value);
    }
}
