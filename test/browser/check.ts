import { networkData, payloadVerifiers } from '../../adapters/registry.js';
import {
  CheckpointType,
  decodeProof,
  fromHex,
  GenesisType,
  nobleBls,
  ProofError,
  toHex,
  trustFromGenesis,
  verifyProof,
} from '../../proofs/index.js';

/** Hex of a proof file, and of the SSZ of the genesis to trust. */
export interface Question {
  readonly proof: string;
  readonly genesis: string;
}

/** Plain data: the file's format and its verdict as JSON, or the flaw. */
export type Answer =
  | { readonly format: string; readonly verdict: string }
  | { readonly flaw: string; readonly message: string };

const context = {
  networks: networkData,
  payloads: payloadVerifiers,
  chainKind: (name: string) => networkData.spec(name, CheckpointType.defaultValue())?.kind,
};

/** Checks a proof as any program on the library would: the same code in Node and in a page. */
export function check({ proof, genesis }: Question): Answer {
  try {
    const file = decodeProof(fromHex(proof), context);
    const trust = trustFromGenesis(GenesisType.deserialize(fromHex(genesis)));
    const verdict = verifyProof(file.proof, { ...context, bls: nobleBls, trust });
    const plain = (_: string, value: unknown) => (value instanceof Uint8Array ? toHex(value) : value);
    return { format: file.format, verdict: JSON.stringify(verdict, plain) };
  } catch (error) {
    if (error instanceof ProofError) return { flaw: error.flaw, message: error.message };
    throw error;
  }
}
