import { fromHex } from '../../../proofs/bytes.js';
import { MalformedInputError } from '../../../proofs/errors/input.js';
import { BlockRejectedError, InsufficientFundsError, TransactionRejectedError } from '../errors.js';
import type { RegtestNode } from '../node.js';
import { REGTEST_ADDRESSES, scriptOf } from '../script.js';
import { displayId } from '../wallet.js';
import { findBlock } from './chainMethods.js';
import { Amount } from './encode.js';
import { RpcCode, RpcError } from './errors.js';
import type { Arguments, RpcMethods } from './method.js';

function addressScript(text: string): Uint8Array {
  try {
    return scriptOf(text, REGTEST_ADDRESSES);
  } catch (error) {
    if (!(error instanceof MalformedInputError)) throw error;
    throw new RpcError(RpcCode.invalidAddressOrKey, 'Error: Invalid address');
  }
}

/** Methods that make, take and refuse blocks. */
export function miningMethods(node: RegtestNode): RpcMethods {
  return {
    generatetoaddress: {
      params: ['nblocks', 'address', 'maxtries?'],
      call: async (args) => {
        const count = args.integer(0);
        if (count < 0) throw new RpcError(RpcCode.invalidParameter, 'Invalid number of blocks');
        const mined = await node.generate(count, addressScript(args.string(1)));
        return mined.map(({ key }) => displayId(key));
      },
    },
    submitblock: { params: ['hexdata', 'dummy?'], call: (args) => submit(node, args) },
    invalidateblock: {
      params: ['blockhash'],
      call: async (args) => {
        const entry = findBlock(node.chain, args.hash(0));
        if (entry.height === 0) throw new RpcError(RpcCode.misc, 'The genesis block cannot be invalidated');
        await node.invalidate(entry);
        return null;
      },
    },
    reconsiderblock: {
      params: ['blockhash'],
      call: async (args) => {
        await node.reconsider(findBlock(node.chain, args.hash(0)));
        return null;
      },
    },
  };
}

/** `null` when taken as the new tip; else the reason, as BIP 22 has it. */
async function submit(node: RegtestNode, args: Arguments): Promise<string | null> {
  try {
    const result = await node.submitBlock(fromHex(args.string(0), 'block'));
    if (result === 'duplicate') return 'duplicate';
    return result === 'side' ? 'inconclusive' : null;
  } catch (error) {
    if (error instanceof BlockRejectedError) return error.reason;
    if (error instanceof MalformedInputError)
      throw new RpcError(RpcCode.deserialization, 'Block decode failed');
    throw error;
  }
}

/** Methods of the wallet with its one address. */
export function walletMethods(node: RegtestNode): RpcMethods {
  return {
    getnewaddress: { params: ['label?', 'address_type?'], call: () => node.wallet.address },
    getbalance: {
      params: ['dummy?', 'minconf?'],
      call: () => new Amount(node.wallet.balance(node.chain.tip.height, node.mempool).spendable),
    },
    sendtoaddress: {
      params: ['address', 'amount', 'comment?', 'comment_to?', 'subtractfeefromamount?'],
      call: async (args) => {
        const script = addressScript(args.string(0));
        const satoshi = args.amount(1);
        if (satoshi <= 0n) throw new RpcError(RpcCode.type, 'Invalid amount for send');
        try {
          return displayId((await node.pay(script, satoshi, args.bool(4, false))).id);
        } catch (error) {
          if (error instanceof InsufficientFundsError)
            throw new RpcError(RpcCode.insufficientFunds, error.message);
          if (error instanceof TransactionRejectedError)
            throw new RpcError(RpcCode.verifyRejected, error.message);
          throw error;
        }
      },
    },
  };
}
