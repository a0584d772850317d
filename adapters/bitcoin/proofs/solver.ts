const OP_0 = 0x00;
const OP_PUSHDATA1 = 0x4c;
const OP_PUSHDATA2 = 0x4d;
const OP_PUSHDATA4 = 0x4e;
const OP_1 = 0x51;
const OP_16 = 0x60;
const OP_RETURN = 0x6a;
const OP_DUP = 0x76;
const OP_EQUAL = 0x87;
const OP_EQUALVERIFY = 0x88;
const OP_HASH160 = 0xa9;
const OP_CHECKSIG = 0xac;
const OP_CHECKMULTISIG = 0xae;
/** Most keys of a multisig script (Bitcoin Core `MAX_PUBKEYS_PER_MULTISIG`). */
const MAX_KEYS = 20;

/** Standard forms of an output script, named as Bitcoin Core's `TxoutType`, and all that is none. */
export type ScriptType =
  | 'pubkey'
  | 'pubkeyhash'
  | 'scripthash'
  | 'multisig'
  | 'nulldata'
  | 'witness_v0_keyhash'
  | 'witness_v0_scripthash'
  | 'witness_v1_taproot'
  /** Pay to anchor: anyone may spend it (Bitcoin Core since 28). */
  | 'anchor'
  | 'witness_unknown'
  | 'nonstandard';

/** The standard form of an output script (Bitcoin Core `script/solver.cpp`, `Solver`). */
export function scriptType(script: Uint8Array): ScriptType {
  const { length } = script;
  const first = script[0];
  if (length === 23 && first === OP_HASH160 && script[1] === 20 && script[22] === OP_EQUAL)
    return 'scripthash';
  const witness = witnessProgram(script);
  if (witness !== undefined) return witnessType(witness);
  if (first === OP_RETURN && isPushOnly(script, 1)) return 'nulldata';
  if (isPayToKey(script)) return 'pubkey';
  if (
    length === 25 &&
    first === OP_DUP &&
    script[1] === OP_HASH160 &&
    script[2] === 20 &&
    script[23] === OP_EQUALVERIFY &&
    script[24] === OP_CHECKSIG
  )
    return 'pubkeyhash';
  return isMultisig(script) ? 'multisig' : 'nonstandard';
}

export interface WitnessProgram {
  readonly version: number;
  /** A view of the script, 2 to 40 bytes. */
  readonly program: Uint8Array;
}

/** The version and the one push of 2 to 40 bytes that a script is, if it is no more (BIP141; Bitcoin Core `CScript::IsWitnessProgram`). */
export function witnessProgram(script: Uint8Array): WitnessProgram | undefined {
  const [opcode = 0xff, size = 0] = script;
  if (script.length < 4 || script.length > 42 || size + 2 !== script.length) return undefined;
  if (opcode !== OP_0 && (opcode < OP_1 || opcode > OP_16)) return undefined;
  return { version: opcode === OP_0 ? 0 : opcode - OP_1 + 1, program: script.subarray(2) };
}

function witnessType({ version, program }: WitnessProgram): ScriptType {
  const { length } = program;
  if (version === 0 && length === 20) return 'witness_v0_keyhash';
  if (version === 0 && length === 32) return 'witness_v0_scripthash';
  // Version 0 with a program of another length can never be spent.
  if (version === 0) return 'nonstandard';
  if (version === 1 && length === 32) return 'witness_v1_taproot';
  return version === 1 && length === 2 && program[0] === 0x4e && program[1] === 0x73
    ? 'anchor'
    : 'witness_unknown';
}

/** Whether what follows `at` is pushes only, none cut short (`CScript::IsPushOnly`). */
function isPushOnly(script: Uint8Array, from: number): boolean {
  for (let at = from; at < script.length; ) {
    const opcode = script[at] ?? 0xff;
    if (opcode > OP_16) return false;
    at = afterPush(script, at);
    if (at > script.length) return false;
  }
  return true;
}

/** Where the opcode at `at` ends with what it pushes; beyond the script where that is cut short. */
function afterPush(script: Uint8Array, at: number): number {
  const opcode = script[at] ?? 0;
  if (opcode < OP_PUSHDATA1) return at + 1 + opcode;
  if (opcode > OP_PUSHDATA4) return at + 1;
  const width = opcode === OP_PUSHDATA1 ? 1 : opcode === OP_PUSHDATA2 ? 2 : 4;
  let length = 0;
  for (let i = width; i > 0; i--) length = length * 256 + (script[at + i] ?? 0);
  return at + 1 + width + length;
}

/** Length of a public key by its first byte (`CPubKey::GetLen`); 0 for none. */
function keyLength(first: number | undefined): number {
  if (first === 2 || first === 3) return 33;
  return first === 4 || first === 6 || first === 7 ? 65 : 0;
}

function isPayToKey(script: Uint8Array): boolean {
  const size = script[0];
  return (
    size !== undefined &&
    script.length === size + 2 &&
    keyLength(script[1]) === size &&
    script.at(-1) === OP_CHECKSIG
  );
}

/** `m <keys> n OP_CHECKMULTISIG` (`MatchMultisig`). */
function isMultisig(script: Uint8Array): boolean {
  if (script.at(-1) !== OP_CHECKMULTISIG) return false;
  const required = readCount(script, 0);
  if (required === undefined) return false;
  let at = required.end;
  let keys = 0;
  for (; ; keys++) {
    const key = readPush(script, at);
    if (key === undefined || key.size !== keyLength(script[key.from])) break;
    at = key.from + key.size;
  }
  const total = readCount(script, at);
  return (
    total !== undefined &&
    total.end === script.length - 1 &&
    total.value === keys &&
    total.value >= required.value &&
    keys <= MAX_KEYS
  );
}

function readPush(
  script: Uint8Array,
  at: number,
): { readonly from: number; readonly size: number } | undefined {
  const opcode = script[at];
  if (opcode === undefined || opcode === 0 || opcode > OP_PUSHDATA4) return undefined;
  const end = afterPush(script, at);
  if (end > script.length) return undefined;
  const header = opcode < OP_PUSHDATA1 ? 1 : opcode === OP_PUSHDATA1 ? 2 : opcode === OP_PUSHDATA2 ? 3 : 5;
  return { from: at + header, size: end - at - header };
}

/** A number of keys from 1: a small-number opcode, or a push of one byte (above 16). */
function readCount(
  script: Uint8Array,
  at: number,
): { readonly value: number; readonly end: number } | undefined {
  const opcode = script[at] ?? 0;
  if (opcode >= OP_1 && opcode <= OP_16) return { value: opcode - OP_1 + 1, end: at + 1 };
  const value = script[at + 1] ?? 0;
  return opcode === 1 && value > 16 && value <= MAX_KEYS ? { value, end: at + 2 } : undefined;
}
