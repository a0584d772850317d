/** Governed actions that a relay brings, as `StepResult.what`. */
export type GovernedStep = 'registration' | 'policy' | 'pause' | 'resumption';
const governed: readonly string[] = [
  'registration',
  'policy',
  'pause',
  'resumption',
] satisfies GovernedStep[];

export function isGoverned(what: string): what is GovernedStep {
  return governed.includes(what);
}

/** Steps that bring a light client's data: no header is among them. */
const finality: readonly string[] = ['light client start', 'finality'];

/** Whether a step brought headers, or leaves. */
export function bringsHeaders(what: string): boolean {
  return !isGoverned(what) && !finality.includes(what);
}

/** What one step of a submitter came to. */
export type StepResult =
  /** Something was committed: look again at once. */
  | {
      readonly kind: 'submitted';
      readonly what: string;
      readonly from: number;
      readonly to: number;
      readonly fee: bigint;
    }
  /** Nothing to do until something changes. */
  | { readonly kind: 'idle'; readonly reason: string }
  /** The chain is paused on the main chain: delegates decide. */
  | { readonly kind: 'paused' };

/** One chain's submitter: every call starts from the main chain's state and the local best branch. */
export interface Submitter {
  readonly chain: string;
  step(signal?: AbortSignal): Promise<StepResult>;
}
