/**
 * Whether a refusal of the main chain may go away by itself, by its name in the receipt. Whatever is not listed
 * is taken as final for that very call: the submitter plans anew and sends it again only if something changed.
 */
const RETRYABLE: ReadonlySet<string> = new Set([
  // Header times are checked against the main block's slot time.
  'time-too-new',
  // The block's validation budget was used up by others.
  'budget-exceeded',
  // Another relay, or an earlier copy of this call, was first.
  'not-better',
  'nothing-to-do',
  'stale-seq',
  'stale-epoch',
  'stale-sequence',
  'chain-exists',
  'unlinked',
]);

export function isRetryableRefusal(name: string): boolean {
  return RETRYABLE.has(name);
}
