import { HeaderRuleError, UnknownAncestorError } from '../../errors.js';
import type { Ancestors, ForeignHeader } from '../../types.js';
import { checkHeader, displayHash, type HeaderContext } from './checks.js';
import { bitsAt, foreignHeader } from './header.js';
import { MEDIAN_SPAN, medianTime } from './medianTime.js';
import { type BitcoinNetwork, bitcoinNetwork } from './networks.js';
import { type NetworkParameters, periodStartHeight, retargetInterval } from './parameters.js';
import { requiredBits } from './retarget.js';

/**
 * All header rules for one header on top of ancestors that can be looked up by height. What a rule needs and cannot
 * get refuses the header, except median time just above a checkpoint, whose ancestors nobody has.
 * @param now Unix seconds
 * @throws HeaderRuleError, HeaderTooEarlyError, UnknownAncestorError (both retryable), UnknownNetworkError
 */
export function validateHeader(
  networkName: string,
  header: ForeignHeader,
  ancestors: Ancestors,
  now: number,
): void {
  const network = bitcoinNetwork(networkName);
  const context = contextOf(network, header, ancestors);
  checkHeader(network.rules, context, header.raw, 0, header.hash, now);
}

function contextOf(network: BitcoinNetwork, header: ForeignHeader, ancestors: Ancestors): HeaderContext {
  const { checkpoint } = ancestors;
  const { height } = header;
  const known = (at: number): ForeignHeader | undefined =>
    ancestors.header(at) ?? (at === 0 && checkpoint.height === 0 ? genesisOf(network) : undefined);
  const refuse = (rule: string, message: string): never => {
    throw new HeaderRuleError(rule, height, displayHash(header.hash), message);
  };

  const parent = height > checkpoint.height ? known(height - 1) : undefined;
  const parentHash = parent?.hash ?? (height === checkpoint.height + 1 ? checkpoint.hash : undefined);
  if (parentHash === undefined) return refuse('bad-prevblk', 'previous block is not known');

  const startHeight = periodStartHeight(network.rules, height - 1);
  const start = known(startHeight);
  const inCheckpointPeriod = checkpoint.height >= startHeight && checkpoint.height < height;
  const periodStartTime =
    start?.time ?? (inCheckpointPeriod ? checkpoint.periodStartTime || undefined : undefined);
  const periodStartBits =
    (start && bitsAt(start.raw)) ??
    (inCheckpointPeriod ? checkpoint.periodStartBits || undefined : undefined);
  const context: HeaderContext = {
    height,
    parentHash,
    parentTime: parent?.time,
    parentBits: parent && bitsAt(parent.raw),
    periodStartTime,
    periodStartBits,
    medianTime: medianBefore(header, checkpoint.height, known),
  };
  const problem = missingTarget(network.rules, context, header.time);
  if (problem !== undefined) throw unknown('bad-diffbits', header, problem);
  if (differentBits(network.rules, context))
    refuse('bad-diffbits', 'first and last block of the period that ends here have different bits');
  return context;
}

function unknown(rule: string, { height, hash }: ForeignHeader, problem: string): UnknownAncestorError {
  return new UnknownAncestorError(rule, height, displayHash(hash), problem);
}

/** Why the required bits cannot be told from these ancestors, if so. */
function missingTarget(rules: NetworkParameters, context: HeaderContext, time: number): string | undefined {
  if (requiredBits(rules, context, time) !== undefined) return undefined;
  if (context.height % retargetInterval(rules) === 0)
    return 'start or end of the period that ends here is not known';
  // Just above a checkpoint the parent's time may be unknown: the twenty-minute rule still leaves two choices only.
  return context.periodStartBits === undefined ? 'start of the period is not known' : undefined;
}

/** Whether a period that no block may leave early ends with other bits than it began with: its ancestors were not validated. */
function differentBits(rules: NetworkParameters, { height, parentBits, periodStartBits }: HeaderContext) {
  const fixed = rules.retargets && !rules.minDifficulty && height % retargetInterval(rules) === 0;
  return fixed && parentBits !== undefined && periodStartBits !== undefined && parentBits !== periodStartBits;
}

/** `undefined` just above a checkpoint, until 11 ancestors are known. @throws UnknownAncestorError for a gap anywhere else */
function medianBefore(
  header: ForeignHeader,
  checkpointHeight: number,
  known: (at: number) => ForeignHeader | undefined,
): number | undefined {
  const times: number[] = [];
  for (let at = header.height - 1; at >= 0 && times.length < MEDIAN_SPAN; at--) {
    const ancestor = known(at);
    if (ancestor !== undefined) times.push(ancestor.time);
    else if (at <= checkpointHeight) return undefined;
    else throw unknown('time-too-old', header, `its ancestor at height ${at} is not known`);
  }
  return medianTime(times);
}

function genesisOf(network: BitcoinNetwork): ForeignHeader {
  return foreignHeader(network.genesisHeader, 0);
}
