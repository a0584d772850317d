import { isGoverned, type StepResult } from './submit/result.js';

/** What the relay tells whoever runs it, as it happens. Heights are of the foreign chain. */
export type RelayEvent =
  | { readonly type: 'listening'; readonly url: string }
  | { readonly type: 'registered'; readonly chain: string }
  /** The delegates' quorum changed the chain's policy, paused or resumed it. */
  | { readonly type: 'governed'; readonly chain: string; readonly what: string }
  | {
      readonly type: 'submitted';
      readonly chain: string;
      readonly what: string;
      readonly from: number;
      readonly to: number;
    }
  | { readonly type: 'committed'; readonly chain: string; readonly height: number }
  | {
      readonly type: 'finalized';
      readonly chain: string;
      readonly height: number;
      readonly mainHeight: number;
    }
  | { readonly type: 'paused'; readonly chain: string }
  | {
      readonly type: 'proof';
      readonly chain: string;
      readonly kind: string;
      readonly height: number;
      readonly milliseconds: number;
    }
  | {
      readonly type: 'warning';
      readonly chain: string | undefined;
      readonly message: string;
      readonly retryInMs: number | undefined;
    };

export type RelayListener = (event: RelayEvent) => void;

/** The event of a step worth telling, if it is. */
export function eventOf(chain: string, result: StepResult): RelayEvent | undefined {
  if (result.kind === 'paused') return { type: 'paused', chain };
  if (result.kind !== 'submitted') return undefined;
  if (result.what === 'registration') return { type: 'registered', chain };
  if (isGoverned(result.what)) return { type: 'governed', chain, what: result.what };
  return { type: 'submitted', chain, what: result.what, from: result.from, to: result.to };
}
