import {
  type PayloadParameters,
  type PayloadQuestion,
  ProofKindError,
} from '../../adapters/payloadBuilder.js';
import { findNetwork, payloadBuilders } from '../../adapters/registry.js';
import { UsageError } from '../errors.js';

/** Options that say which part of a transaction or a block is meant. */
export interface PartFlags {
  readonly kind: string;
  readonly log?: number;
  readonly outputIndex?: number;
  readonly address?: readonly string[];
  readonly input?: number;
  readonly outpoint?: string;
  readonly slot?: readonly string[];
  readonly topic?: readonly string[];
  readonly withdrawal?: number;
  readonly list?: string;
}

/** Options that name a block, or a range of blocks. */
export interface BlockFlags {
  readonly block?: string;
  readonly fromBlock?: number;
  readonly toBlock?: string;
}

/** Kinds that name a log by its place in the transaction. */
const LOG_KINDS = ['log', 'block-log'];

/** The question that the options ask. @param also further transactions */
export function questionOf(
  flags: PartFlags,
  also: readonly string[],
  more: PayloadParameters = {},
): PayloadQuestion {
  const { log, outputIndex: output, address, input, outpoint, slot, topic, withdrawal, list } = flags;
  const parameters: PayloadParameters = {
    log,
    also: also.length === 0 ? undefined : also,
    output,
    address: address?.join(','),
    input,
    outpoint,
    slot,
    topic,
    withdrawal,
    list,
    ...more,
  };
  return { aspect: flags.kind, parameters };
}

/** @throws UsageError for a question that the chain does not answer */
export function checkQuestion(chain: string, question: PayloadQuestion): void {
  const { parameters, aspect } = question;
  if (LOG_KINDS.includes(aspect) !== (parameters.log !== undefined))
    throw new UsageError('--log goes with --kind log and --kind block-log, and only with them');
  asUsage(() => payloadBuilders.check(chain, findNetwork(chain).kind.code, question));
}

/** What a kind of proof is about. @throws UsageError */
export function subjectOf(chain: string, aspect: string): 'transaction' | 'block' {
  return asUsage(() => payloadBuilders.subjectOf(chain, findNetwork(chain).kind.code, aspect));
}

/**
 * The block that a question is about, and the first of a range that ends with it.
 * @throws UsageError
 */
export function blockOf(kind: string, { block, fromBlock, toBlock }: BlockFlags) {
  if (toBlock !== undefined && block !== undefined)
    throw new UsageError('--block or --to-block, one of them');
  if ((fromBlock !== undefined || toBlock !== undefined) && kind !== 'logs')
    throw new UsageError('--from-block and --to-block go with --kind logs');
  return { block: toBlock ?? block ?? 'latest', fromBlock };
}

function asUsage<T>(check: () => T): T {
  try {
    return check();
  } catch (error) {
    if (error instanceof ProofKindError) throw new UsageError(error.message, { cause: error });
    throw error;
  }
}
