// Generated from PaymentLog.sol by contracts/compile.ts: solc 0.8.37+commit.f401782d.Emscripten.clang,
// optimizer 200 runs, evmVersion paris, no metadata. Do not edit.

export const PAYMENT_LOG_COMPILER = '0.8.37+commit.f401782d.Emscripten.clang';

export const PAYMENT_LOG_ABI = [
  {
    inputs: [
      {
        internalType: 'address',
        name: 'to',
        type: 'address',
      },
      {
        internalType: 'uint256',
        name: 'amount',
        type: 'uint256',
      },
    ],
    name: 'TransferFailed',
    type: 'error',
  },
  {
    anonymous: false,
    inputs: [
      {
        indexed: true,
        internalType: 'address',
        name: 'from',
        type: 'address',
      },
      {
        indexed: true,
        internalType: 'address',
        name: 'to',
        type: 'address',
      },
      {
        indexed: false,
        internalType: 'uint256',
        name: 'amount',
        type: 'uint256',
      },
      {
        indexed: false,
        internalType: 'bytes32',
        name: 'reference_',
        type: 'bytes32',
      },
    ],
    name: 'Paid',
    type: 'event',
  },
  {
    inputs: [
      {
        internalType: 'address payable',
        name: 'to',
        type: 'address',
      },
      {
        internalType: 'bytes32',
        name: 'reference_',
        type: 'bytes32',
      },
    ],
    name: 'pay',
    outputs: [],
    stateMutability: 'payable',
    type: 'function',
  },
] as const;

export const PAYMENT_LOG_BYTECODE =
  '0x6080604052348015600f57600080fd5b506101448061001f6000396000f3fe60806040526004361061001e5760003560e01c806346f8f30414610023575b600080fd5b61003661003136600461010c565b610038565b005b60408051348152602081018390526001600160a01b0384169133917faa1c213df8b2ea1210243bbab345f0aa02826cd3b851cc92522eff84a1cf0f5e910160405180910390a36000826001600160a01b03163460405160006040518083038185875af1925050503d80600081146100cb576040519150601f19603f3d011682016040523d82523d6000602084013e6100d0565b606091505b505090508061010757604051630e21dcbb60e11b81526001600160a01b038416600482015234602482015260440160405180910390fd5b505050565b6000806040838503121561011f57600080fd5b82356001600160a01b038116811461013657600080fd5b94602093909301359350505056';
