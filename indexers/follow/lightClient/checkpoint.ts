import type { CheckpointProvider, NamedBlock } from '../../../adapters/ethereum/sources/beacon/source.js';
import { bytesEqual, toHex } from '../../../proofs/bytes.js';
import { CheckpointDisagreementError } from './errors.js';

/** A block on which enough providers agree. */
export interface AgreedCheckpoint extends NamedBlock {
  /** Names of those who have it. */
  readonly agreeing: readonly string[];
  /** What the others said instead, in words: to be shown to the operator. */
  readonly others: readonly string[];
}

interface Voice {
  readonly provider: CheckpointProvider;
  /** What it calls final, or why it said nothing. */
  readonly finalized: NamedBlock | Error;
}

/** How many of `count` providers have to agree where nothing is configured: more than half, two at least. */
export function defaultQuorum(count: number): number {
  return Math.max(2, Math.floor(count / 2) + 1);
}

/**
 * Asks several checkpoint providers for a finalized block at which to begin. Providers are at different blocks for moments:
 * for each one's finalized block, newest first, all are asked what they have at that slot.
 * @param quorum how many must have the same block; at least two, and more than half
 * @throws CheckpointDisagreementError, with what each said
 * @throws RangeError for a quorum that could be met twice, or by one alone
 */
export async function agreeOnCheckpoint(
  providers: readonly CheckpointProvider[],
  quorum: number,
): Promise<AgreedCheckpoint> {
  if (quorum < 2 || quorum * 2 <= providers.length || quorum > providers.length)
    throw new RangeError(`a quorum of ${quorum} among ${providers.length} providers`);
  const voices = await Promise.all(
    providers.map(async (provider): Promise<Voice> => ({ provider, finalized: await finalizedOf(provider) })),
  );
  const candidates = voices
    .flatMap(({ finalized }) => (finalized instanceof Error ? [] : [finalized]))
    .sort((a, b) => b.slot - a.slot);
  let said = voices.map(({ provider, finalized }) => words(provider, finalized));
  const asked = new Set<number>();
  for (const candidate of candidates) {
    if (asked.has(candidate.slot)) continue;
    asked.add(candidate.slot);
    const answers = await Promise.all(voices.map((voice) => answerAt(voice, candidate.slot)));
    said = answers.map((answer, i) => words(voices[i]?.provider, answer));
    for (const root of answers.flatMap((answer) => (answer instanceof Error ? [] : [answer.root]))) {
      const agrees = answers.map((answer) => !(answer instanceof Error) && bytesEqual(answer.root, root));
      if (agrees.filter(Boolean).length < quorum) continue;
      return {
        slot: candidate.slot,
        root,
        agreeing: providers.filter((_, i) => agrees[i]).map(({ name }) => name),
        others: said.filter((_, i) => !agrees[i]),
      };
    }
  }
  throw new CheckpointDisagreementError(providers[0]?.network.name ?? '', quorum, said);
}

async function finalizedOf(provider: CheckpointProvider): Promise<NamedBlock | Error> {
  try {
    await provider.check();
    return await provider.finalizedBlock();
  } catch (error) {
    return asError(error);
  }
}

/** What a provider has at a slot that is final for it. */
async function answerAt({ provider, finalized }: Voice, slot: number): Promise<NamedBlock | Error> {
  if (finalized instanceof Error || finalized.slot === slot) return finalized;
  if (finalized.slot < slot) return new Error(`has finalized slot ${finalized.slot} only`);
  try {
    return (await provider.blockAt(slot)) ?? new Error(`has no block at slot ${slot}`);
  } catch (error) {
    return asError(error);
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

function words(provider: CheckpointProvider | undefined, answer: NamedBlock | Error): string {
  const name = provider?.name ?? '';
  if (!(answer instanceof Error)) return `${name} has ${toHex(answer.root)} at slot ${answer.slot}`;
  return answer.message.startsWith(name) ? answer.message : `${name} ${answer.message}`;
}
