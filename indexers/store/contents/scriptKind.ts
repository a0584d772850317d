import { scriptType } from '../../../adapters/bitcoin/proofs/solver.js';
import type { ScriptKind } from './types.js';

/** The form of an output script under the name by which it is stored. */
export function scriptKind(script: Uint8Array): ScriptKind {
  const type = scriptType(script);
  return type === 'nonstandard' ? 'other' : type;
}
