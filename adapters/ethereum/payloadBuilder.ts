import { bytesEqual } from '../../proofs/bytes.js';
import { ProofKind } from '../../proofs/containers/proof.js';
import { ChainKindCode } from '../../proofs/containers/spec.js';
import { MalformedInputError } from '../../proofs/errors/input.js';
import {
  type BuiltPayload,
  type PayloadBuilder,
  type PayloadRequest,
  ProofKindError,
} from '../payloadBuilder.js';
import type { ForeignBlock } from '../source.js';
import { blockPayload, readState, STATE_FORMATS, stateFile } from './blockPayloads.js';
import { ethereumKind } from './kind.js';
import {
  buildBlockLog,
  buildSeveral,
  type EthereumBlockProver,
  type EthereumItem,
  ItemPart,
  proverOf,
} from './proofs/index.js';

/** Payloads about Ethereum: transactions, receipts and logs, a block's lists, its state, and all logs of some kind. */
export const ethereumPayloadBuilder: PayloadBuilder = {
  chainKind: ChainKindCode.ethereum,
  aspects: [
    { name: 'tx', takes: [] },
    { name: 'receipt', takes: [] },
    { name: 'log', takes: ['log'] },
    { name: 'block-log', takes: ['log'] },
    { name: 'txs', takes: ['also', 'part'] },
    { name: 'count', takes: ['list'], of: 'block' },
    { name: 'withdrawal', takes: ['withdrawal'], of: 'block' },
    { name: 'account', takes: ['address'], of: 'block' },
    { name: 'storage', takes: ['address', 'slot'], of: 'block' },
    { name: 'code', takes: ['address'], of: 'block' },
    { name: 'logs', takes: ['address', 'topic', 'fromBlock'], of: 'block' },
  ],
  build: (request) => explained(() => payloadOf(request)),
  buildOfBlock: (request) => explainedLater(blockPayload(request)),
  stateFormats: STATE_FORMATS,
  stateFile: (request) => explainedLater(stateFile(request)),
  readState: ({ header, text }) => explained(() => readState(header, text)),
};

function payloadOf(request: PayloadRequest): BuiltPayload {
  const { aspect, index, parameters, block } = request;
  const prover = blockProver(block);
  const { log } = parameters;
  switch (aspect) {
    case 'tx':
      return { kind: ProofKind.ethereumTransaction, payload: prover.prove('tx', index) };
    case 'receipt':
      return { kind: ProofKind.ethereumReceipt, payload: prover.prove('receipt', index) };
    case 'log':
      return { kind: ProofKind.ethereumLog, payload: prover.prove('log', index, log) };
    case 'block-log':
      if (log === undefined) throw new ProofKindError('kind=block-log needs the index of the log');
      return { kind: ProofKind.ethereumBlockLog, payload: buildBlockLog(prover, index, log) };
    case 'txs':
      return { kind: ProofKind.ethereumSeveral, payload: buildSeveral(prover, itemsOf(request)) };
    default:
      throw new ProofKindError(`an Ethereum transaction has no ${aspect}`);
  }
}

/** @throws ProofKindError where the block was read without its contents */
function blockProver({ transactions, receipts }: ForeignBlock): EthereumBlockProver {
  if (!transactions || !receipts)
    throw new ProofKindError('the block was read without transactions and receipts');
  return proverOf({ transactions, receipts });
}

function itemsOf({ block, index, parameters }: PayloadRequest): EthereumItem[] {
  const others = (parameters.also ?? []).map((text) => {
    const [, hash = '', part] = /^(0x[0-9a-fA-F]*)(?::(.*))?$/.exec(text) ?? [];
    const wanted = ethereumKind.parseHash(hash);
    const place = block.transactionHashes.findIndex((one) => bytesEqual(one, wanted));
    if (place < 0)
      throw new ProofKindError(
        `transaction ${hash} is not in the block of the first: those of one proof are of one block`,
      );
    return item(place, part);
  });
  return [item(index, parameters.part), ...others];
}

function item(index: number, part: string | undefined): EthereumItem {
  if (part === undefined || part === 'tx') return { index, part: ItemPart.transaction, log: 0 };
  if (part === 'receipt') return { index, part: ItemPart.receipt, log: 0 };
  const log = /^log:([0-9]{1,7})$/.exec(part)?.[1];
  if (log === undefined)
    throw new ProofKindError(`${part.slice(0, 40)}: a part is tx, receipt or log:N of a transaction`);
  return { index, part: ItemPart.log, log: Number(log) };
}

/** What a transaction or block lacks is the question's fault. */
function explained<T>(build: () => T): T {
  try {
    return build();
  } catch (error) {
    throw asQuestion(error);
  }
}

async function explainedLater<T>(built: Promise<T>): Promise<T> {
  try {
    return await built;
  } catch (error) {
    throw asQuestion(error);
  }
}

function asQuestion(error: unknown): unknown {
  return error instanceof MalformedInputError ? new ProofKindError(error.message, { cause: error }) : error;
}
