import { addCustomSignet } from '../adapters/bitcoin/rules/signets.js';
import { CrossrootError } from '../proofs/errors/base.js';
import { UsageError } from './errors.js';

/** Makes a custom signet known to this process (BIP325). @throws UsageError */
export function addSignet(name: string, challengeHex: string): void {
  try {
    addCustomSignet(name, challengeHex);
  } catch (error) {
    if (!(error instanceof CrossrootError)) throw error;
    throw new UsageError(`--signet-challenge: ${error.message}`);
  }
}

/** The same for `name=hex` texts. @throws UsageError */
export function addSignets(texts: readonly string[] = []): void {
  for (const text of texts) {
    const [name = '', challenge, ...more] = text.split('=');
    if (challenge === undefined || more.length > 0)
      throw new UsageError(`--signet-challenge ${text.slice(0, 80)}: NAME=HEX is needed`);
    addSignet(name, challenge);
  }
}
