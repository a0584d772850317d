import { ripemd160 } from '@noble/hashes/legacy.js';
import { sha256 } from '@noble/hashes/sha2.js';
import type { Transaction } from 'bitcoinjs-lib';
import { bytesEqual, concatBytes } from '../../../proofs/bytes.js';
import { type WitnessProgram, witnessProgram } from '../proofs/solver.js';
import { ChallengeNotSupportedError, SignetSolutionError } from './errors.js';
import { push, readOps, type ScriptOp } from './ops.js';
import { isStrictDer, verifySignature } from './signature.js';

/** Bitcoin Core `MAX_SCRIPT_ELEMENT_SIZE`, `MAX_SCRIPT_SIZE`, `MAX_STACK_SIZE`. */
const MAX_ELEMENT = 520;
const MAX_SCRIPT = 10_000;
const MAX_STACK = 1000;

/** A challenge, or the script behind one that is a hash, as far as it is understood. */
type Form =
  | { readonly kind: 'true' }
  | { readonly kind: 'key'; readonly key: Uint8Array }
  | { readonly kind: 'keyHash'; readonly hash: Uint8Array }
  | { readonly kind: 'multisig'; readonly required: number; readonly keys: readonly Uint8Array[] };

/** Hash to sign for a hash type. */
type Digest = (hashType: number) => Uint8Array;

/**
 * Whether the one input of `toSign` may spend an output of 0 satoshi that pays to `challenge`, by the flags of BIP325:
 * P2SH, WITNESS, DERSIG, NULLDUMMY (Bitcoin Core `VerifyScript`), for the forms of challenge that signets use.
 * @throws SignetSolutionError if it may not; ChallengeNotSupportedError for another form
 */
export function checkChallenge(challenge: Uint8Array, toSign: Transaction): void {
  const [input] = toSign.ins;
  const scriptSig = input?.script ?? new Uint8Array(0);
  const program = witnessProgram(challenge);
  const hash = scriptHash(challenge);
  if (program !== undefined) {
    if (scriptSig.length > 0) throw new SignetSolutionError('has a script beside its witness');
    runProgram(program, toSign);
  } else if (hash !== undefined) runHashed(hash, scriptSig, toSign);
  else runScript(challenge, pushedBy(scriptSig), toSign);
}

/** BIP16: the last push is the script that the hash is of. */
function runHashed(hash: Uint8Array, scriptSig: Uint8Array, toSign: Transaction): void {
  const stack = pushedBy(scriptSig);
  const script = stack.pop();
  if (script === undefined || !bytesEqual(ripemd160(sha256(script)), hash))
    throw new SignetSolutionError('has not the script that its challenge names');
  const program = witnessProgram(script);
  if (program !== undefined && !bytesEqual(scriptSig, push(script)))
    throw new SignetSolutionError('has more in its script than the witness program');
  if (program === undefined) runScript(script, stack, toSign);
  else runProgram(program, toSign);
}

/** A script whose signatures are of the kind from before BIP143. */
function runScript(script: Uint8Array, stack: Uint8Array[], toSign: Transaction): void {
  const form = formOf(script);
  if ((toSign.ins[0]?.witness ?? []).length > 0)
    throw new SignetSolutionError('has a witness that its challenge does not ask for');
  run(form, stack, (type) => toSign.hashForSignature(0, script, type));
}

/** Hash of a P2SH script (BIP16). */
function scriptHash(script: Uint8Array): Uint8Array | undefined {
  const fits = script.length === 23 && script[0] === 0xa9 && script[1] === 20 && script[22] === 0x87;
  return fits ? script.subarray(2, 22) : undefined;
}

/**
 * Bitcoin Core `VerifyWitnessProgram`. BIP325 asks for no rule of a witness version above 0, not even for Taproot's: whatever
 * answers such a challenge is good.
 */
function runProgram({ version, program }: WitnessProgram, toSign: Transaction): void {
  if (!isTrue(program)) throw new SignetSolutionError('answers a program that is false by itself');
  if (version > 0) return;
  const { stack, script } = behind(program, toSign.ins[0]?.witness ?? []);
  if (stack.some((item) => item.length > MAX_ELEMENT))
    throw new SignetSolutionError('has a witness item above 520 bytes');
  const rest = run(formOf(script), [...stack], (type) => toSign.hashForWitnessV0(0, script, 0n, type));
  if (rest > 0) throw new SignetSolutionError('has witness items too many');
}

/** Bitcoin Core `CastToBool`: zero and negative zero are false. */
function isTrue(item: Uint8Array): boolean {
  return item.some((byte, i) => byte !== 0 && !(i === item.length - 1 && byte === 0x80));
}

/** The script that a witness program of version 0 stands for and the stack that it starts with. */
function behind(hash: Uint8Array, witness: readonly Uint8Array[]) {
  if (hash.length === 20) {
    if (witness.length !== 2) throw new SignetSolutionError('needs a witness of signature and key');
    return {
      stack: witness,
      script: concatBytes(Uint8Array.of(0x76, 0xa9, 20), hash, Uint8Array.of(0x88, 0xac)),
    };
  }
  if (hash.length !== 32)
    throw new SignetSolutionError('answers a program that is neither 20 nor 32 bytes long');
  const script = witness.at(-1);
  if (script === undefined || !bytesEqual(sha256(script), hash))
    throw new SignetSolutionError('has not the witness script that its challenge names');
  return { stack: witness.slice(0, -1), script };
}

function formOf(script: Uint8Array): Form {
  const ops = readOps(script);
  const form = ops === undefined || script.length > MAX_SCRIPT ? undefined : formOfOps(ops);
  if (form === undefined)
    throw new ChallengeNotSupportedError(`a script of ${script.length} bytes of another kind`);
  return form;
}

function formOfOps(ops: readonly ScriptOp[]): Form | undefined {
  const codes = ops.map(({ code, data }) => (data.length > 0 ? 'data' : code.toString(16))).join(' ');
  const [first, second, third] = ops;
  if (codes === '51') return { kind: 'true' };
  if (codes === 'data ac' && first !== undefined && isKey(first)) return { kind: 'key', key: first.data };
  if (codes === '76 a9 data 88 ac' && third?.code === 20) return { kind: 'keyHash', hash: third.data };
  const last = ops.at(-1);
  const [required, count] = [small(first), small(ops.at(-2))];
  if (last?.code !== 0xae || required === undefined || count === undefined || second === undefined)
    return undefined;
  const keys = ops.slice(1, -2);
  if (required > count || keys.length !== count || !keys.every(isKey)) return undefined;
  return { kind: 'multisig', required, keys: keys.map(({ data }) => data) };
}

/** Number of OP_1 to OP_16. */
function small(op: ScriptOp | undefined): number | undefined {
  return op !== undefined && op.code >= 0x51 && op.code <= 0x60 ? op.code - 0x50 : undefined;
}

/** A public key in its plain forms, pushed in the shortest way. */
function isKey({ code, data }: ScriptOp): boolean {
  const [form = 0] = data;
  return (code === 33 && (form === 2 || form === 3)) || (code === 65 && form === 4);
}

/** The stack after a script of pushes. Core would run any script here; no signet's signer makes another. */
function pushedBy(script: Uint8Array): Uint8Array[] {
  if (script.length > MAX_SCRIPT) throw new SignetSolutionError('has a script above 10,000 bytes');
  const ops = readOps(script);
  if (ops === undefined) throw new SignetSolutionError('has a script that ends within a push');
  return ops.map(({ code, data }) => {
    if (data.length > MAX_ELEMENT) throw new SignetSolutionError('pushes more than 520 bytes');
    if (code <= 0x4e) return data;
    if (code === 0x4f) return Uint8Array.of(0x81);
    const number = small({ code, data });
    if (number === undefined)
      throw new ChallengeNotSupportedError('answered by a script that does more than push');
    return Uint8Array.of(number);
  });
}

/** Runs the script of a form. @returns items left below the result. @throws SignetSolutionError unless the result is true */
function run(form: Form, stack: Uint8Array[], digest: Digest): number {
  if (stack.length >= MAX_STACK) throw new SignetSolutionError('has a stack above 1,000 items');
  const pop = (): Uint8Array => {
    const item = stack.pop();
    if (item === undefined) throw new SignetSolutionError('is missing, or has too few items');
    return item;
  };
  switch (form.kind) {
    case 'true':
      break;
    case 'key':
      assertSigned(pop(), form.key, digest);
      break;
    case 'keyHash': {
      const key = pop();
      if (!bytesEqual(ripemd160(sha256(key)), form.hash))
        throw new SignetSolutionError('has a key that its challenge does not name');
      assertSigned(pop(), key, digest);
      break;
    }
    case 'multisig': {
      const signatures = Array.from({ length: form.required }, pop);
      if (pop().length > 0) throw new SignetSolutionError('has a dummy item that is not empty (NULLDUMMY)');
      assertMultisig(signatures, form.keys, digest);
    }
  }
  return stack.length;
}

function assertSigned(signature: Uint8Array, key: Uint8Array, digest: Digest): void {
  if (!isSigned(signature, key, digest))
    throw new SignetSolutionError('has a signature that is not the key’s');
}

/** From the last signature and key to the first, each key used once (Bitcoin Core `OP_CHECKMULTISIG`). @param signatures last first */
function assertMultisig(
  signatures: readonly Uint8Array[],
  keys: readonly Uint8Array[],
  digest: Digest,
): void {
  let done = 0;
  for (let at = keys.length - 1; at >= 0 && done < signatures.length; at--) {
    const [signature, key] = [signatures[done], keys[at]];
    if (signature !== undefined && key !== undefined && isSigned(signature, key, digest)) done++;
    if (signatures.length - done > at) break;
  }
  if (done < signatures.length)
    throw new SignetSolutionError('has not the signatures that its challenge asks for');
}

/** @throws SignetSolutionError for a signature that is not in strict DER (BIP66) */
function isSigned(signature: Uint8Array, key: Uint8Array, digest: Digest): boolean {
  if (signature.length === 0) return false;
  if (!isStrictDer(signature))
    throw new SignetSolutionError('has a signature that is not in strict DER (BIP66)');
  return verifySignature(signature, key, digest(signature.at(-1) ?? 0));
}
