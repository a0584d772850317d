import { type Policy, PolicyKind } from '../proofs/containers/calls.js';
import { Assurance, type AssuranceCode } from '../proofs/containers/leaf.js';
import { PolicyError } from './errors.js';

/** Most confirmations of a policy: below Bitcoin's window of 4,032 headers, so that a leaf never leaves it uncommitted. */
export const MAX_CONFIRMATIONS = 2016;
/** Longest age of a policy, in minutes: four weeks. */
export const MAX_AGE_MINUTES = 40_320;

/** What a timing strategy looks at of the block itself. */
export interface BlockTiming {
  readonly height: number;
  /** The header's own time, Unix seconds. */
  readonly time: number;
}

/** What a timing strategy looks at of the chain that the block is on. */
export interface ChainTiming {
  readonly tipHeight: number;
  /** Newest height that the chain itself calls final; `undefined` where it has no such thing or has none yet. */
  readonly finalizedHeight: number | undefined;
  /** Newest height that the chain itself calls safe: justified, so that only a fault of a third of its validators undoes it. As `finalizedHeight`. */
  readonly safeHeight?: number | undefined;
  /** Unix seconds: the main block's slot time inside the main chain, else the wall clock. */
  readonly now: number;
}

const KIND_NAMES: Readonly<Record<number, string>> = {
  [PolicyKind.confirmations]: 'confirmations',
  [PolicyKind.age]: 'age',
  [PolicyKind.finalized]: 'finalized',
  [PolicyKind.realtime]: 'realtime',
  [PolicyKind.safe]: 'safe',
};

/**
 * Whether `policy` lets the block be committed. Never turns from true to false while the block stays on the
 * best chain: every input only grows.
 * @throws PolicyError for an unknown kind
 * @example satisfied(parsePolicy('confirmations(2)'), { height: 9, time: 0 }, { tipHeight: 10, finalizedHeight: undefined, now: 0 }) // true
 */
export function satisfied(policy: Policy, block: BlockTiming, chain: ChainTiming): boolean {
  if (block.height > chain.tipHeight) return false;
  switch (policy.kind) {
    case PolicyKind.confirmations:
      return chain.tipHeight - block.height + 1 >= policy.value;
    case PolicyKind.age:
      return chain.now - block.time >= policy.value * 60;
    case PolicyKind.finalized:
      return chain.finalizedHeight !== undefined && block.height <= chain.finalizedHeight;
    case PolicyKind.safe:
      return block.height <= safeLimit(chain);
    case PolicyKind.realtime:
      return true;
    default:
      throw new PolicyError(`unknown policy kind ${policy.kind}`);
  }
}

/**
 * Last height above `committed` up to which every block satisfies `policy`: a leaf is appended only if all
 * before it are. `committed` itself if the next one does not.
 * @param committed height of the newest leaf
 * @param timeOf Unix seconds of the best-chain block at a height; `undefined` ends the run
 */
export function committableUpTo(
  policy: Policy,
  committed: number,
  timeOf: (height: number) => number | undefined,
  chain: ChainTiming,
): number {
  if (policy.kind !== PolicyKind.age) return Math.max(committed, heightLimit(policy, chain));
  let last = committed;
  while (last < chain.tipHeight) {
    const time = timeOf(last + 1);
    if (time === undefined || !satisfied(policy, { height: last + 1, time }, chain)) break;
    last++;
  }
  return last;
}

/** The height limit of the kinds that look at heights alone. */
function heightLimit(policy: Policy, chain: ChainTiming): number {
  switch (policy.kind) {
    case PolicyKind.confirmations:
      // Zero confirmations mean the tip, as one does.
      return chain.tipHeight + 1 - Math.max(1, policy.value);
    case PolicyKind.finalized:
      return Math.min(chain.tipHeight, chain.finalizedHeight ?? -1);
    case PolicyKind.safe:
      return Math.min(chain.tipHeight, safeLimit(chain));
    case PolicyKind.realtime:
      return chain.tipHeight;
    default:
      throw new PolicyError(`unknown policy kind ${policy.kind}`);
  }
}

/** What is final is safe too, whatever a node says of its safe block. */
function safeLimit(chain: ChainTiming): number {
  return Math.max(chain.safeHeight ?? -1, chain.finalizedHeight ?? -1);
}

/**
 * Reads `confirmations(6)`, `age(60)` (minutes), `safe`, `finalized` or `realtime`.
 * @throws PolicyError naming what is wrong
 */
export function parsePolicy(text: string): Policy {
  const match = /^\s*([a-z]+)\s*(?:\(\s*([0-9]{1,9})\s*\))?\s*$/.exec(text);
  const name = match?.[1];
  const argument = match?.[2];
  const hint = 'Use confirmations(N), age(MINUTES), safe, finalized or realtime.';
  if (name === undefined) throw new PolicyError(`not a timing policy: ${text.slice(0, 80)}`, { hint });
  const kind = Object.entries(PolicyKind).find(([known]) => known === name)?.[1];
  if (kind === undefined) throw new PolicyError(`unknown timing policy: ${name.slice(0, 80)}`, { hint });
  if (takesValue(kind) !== (argument !== undefined))
    throw new PolicyError(`${name} takes ${takesValue(kind) ? 'one number' : 'no number'}`, { hint });
  const policy: Policy = { kind, value: argument === undefined ? 0 : Number(argument) };
  checkPolicy(policy);
  return policy;
}

/** `confirmations(6)` and so on: what `parsePolicy` reads. */
export function formatPolicy(policy: Policy): string {
  const name = KIND_NAMES[policy.kind] ?? `unknown-${policy.kind}`;
  return takesValue(policy.kind) ? `${name}(${policy.value})` : name;
}

/** Checks kind and value alone. @throws PolicyError */
export function checkPolicy(policy: Policy): void {
  if (KIND_NAMES[policy.kind] === undefined) throw new PolicyError(`unknown policy kind ${policy.kind}`);
  const text = formatPolicy(policy);
  const { kind, value } = policy;
  if (!takesValue(kind)) {
    if (value !== 0) throw new PolicyError(`${text} takes no number, but has ${value}`);
    return;
  }
  const limit = kind === PolicyKind.confirmations ? MAX_CONFIRMATIONS : MAX_AGE_MINUTES;
  if (!Number.isSafeInteger(value) || value < 1 || value > limit)
    throw new PolicyError(`${text}: the number must be from 1 to ${limit}`);
}

/**
 * Whether `policy` makes sense for a chain whose leaves have `assurance`.
 * @throws PolicyError: a `work` chain has no finalised blocks to wait for, and only what delegates attest can be safe
 */
export function validatePolicy(policy: Policy, assurance: AssuranceCode): void {
  checkPolicy(policy);
  if (policy.kind === PolicyKind.finalized && assurance === Assurance.work)
    throw new PolicyError('a chain secured by work has no finalised blocks', {
      hint: 'Use confirmations(N) or age(MINUTES).',
    });
  if (
    assurance === Assurance.syncCommittee &&
    (policy.kind === PolicyKind.confirmations || policy.kind === PolicyKind.realtime)
  )
    throw new PolicyError('of a chain followed by its committee only what is final is committed', {
      hint: 'Use finalized or age(MINUTES).',
    });
  if (policy.kind === PolicyKind.safe && assurance !== Assurance.attested)
    throw new PolicyError('only an attested chain has safe blocks that delegates can vouch for', {
      hint:
        assurance === Assurance.work
          ? 'Use confirmations(N) or age(MINUTES).'
          : 'Use finalized or age(MINUTES).',
    });
}

function takesValue(kind: number): boolean {
  return kind === PolicyKind.confirmations || kind === PolicyKind.age;
}
