/**
 * Refusals that may go away by themselves, by the code in the receipt (see `mainchain/contracts/*Errors.ts`): time
 * passes, or another relay was first and the next look at the state shows it. Everything else is a fault that
 * trying the same again does not heal.
 */
const RETRYABLE: ReadonlySet<string> = new Set([
  'header-too-early',
  'policy-not-met',
  'window-full',
  'nothing-to-advance',
  'insufficient-work',
  'unknown-fork',
  'bad-seq',
  'bad-epoch',
  'bad-range',
  'no-change',
  'bad-sequence',
  'name-taken',
  'set-frozen',
  // Signatures of a set that has just been replaced.
  'bad-bits',
  'no-quorum',
  'bad-signature',
  'chain-paused',
  'update-too-early',
  'finality-not-started',
  'finality-started',
  'headers-first',
  'not-missing',
]);

export function isRetryableRefusal(code: string): boolean {
  return RETRYABLE.has(code);
}
