// Checks a proof file offline, as any program on the library can: no socket, no file but the proof and what you trust.
//   verifyProof.js [proof file] [trust file]
// Without arguments: the files beside this example. Installed as a package, the imports are `crossroot/proofs` and
// `crossroot/adapters`.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { networkData, payloadVerifiers } from '../adapters/registry.js';
import {
  CheckpointType,
  decodeProof,
  decodeTrust,
  nobleBls,
  ProofError,
  type Verdict,
  verifyProof,
} from '../proofs/index.js';

const [proofFile = 'examples/files/payment.json', trustFile = 'examples/files/trust.json'] =
  process.argv.slice(2);

// What this verifier knows of foreign chains: all that is built in.
const context = {
  networks: networkData,
  payloads: payloadVerifiers,
  chainKind: (name: string) => networkData.spec(name, CheckpointType.defaultValue())?.kind,
};
const trust = decodeTrust(JSON.parse(readFileSync(trustFile, 'utf8')), nobleBls);

/** @throws ProofError naming the flaw */
function check(file: Uint8Array): Verdict {
  const { proof } = decodeProof(file, context);
  return verifyProof(proof, { ...context, bls: nobleBls, trust });
}

const file = readFileSync(proofFile);
const verdict = check(file);
assert('main' in verdict);
console.log(`${verdict.kind} on ${verdict.chain}, as of main height ${verdict.main.height}`);
if ('claims' in verdict) for (const claim of verdict.claims) console.log(claim.summary);
console.log(`signed by ${verdict.main.quorum.signed} of ${verdict.main.quorum.total} delegates`);

// The same file with one digit changed is refused, and the error says why.
const text = file.toString('utf8');
const digit = text.indexOf('"raw": "') + 100;
const forged = `${text.slice(0, digit)}${text[digit] === '0' ? '1' : '0'}${text.slice(digit + 1)}`;
assert.throws(
  () => check(Buffer.from(forged)),
  (error) => {
    assert(error instanceof ProofError);
    console.log(`one digit changed: refused (${error.flaw}): ${error.message}`);
    return true;
  },
);
