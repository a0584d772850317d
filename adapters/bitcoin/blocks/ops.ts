import { concatBytes } from '../../../proofs/bytes.js';

/** One operation of a script. */
export interface ScriptOp {
  readonly code: number;
  /** What it pushes, if it carries data. */
  readonly data: Uint8Array;
}

const NOTHING = new Uint8Array(0);

/** Operations up to the first that is cut short, and whether there was such a one (Bitcoin Core `CScript::GetOp`). */
export function readOpsUntilCut(script: Uint8Array): { ops: ScriptOp[]; cut: boolean } {
  const ops: ScriptOp[] = [];
  for (let at = 0; at < script.length; ) {
    const code = script[at++] ?? 0;
    const width = code === 0x4c ? 1 : code === 0x4d ? 2 : code === 0x4e ? 4 : 0;
    if (at + width > script.length) return { ops, cut: true };
    let length = code < 0x4c ? code : 0;
    for (let i = width - 1; i >= 0; i--) length = length * 256 + (script[at + i] ?? 0);
    at += width;
    if (at + length > script.length) return { ops, cut: true };
    ops.push({ code, data: length === 0 ? NOTHING : script.subarray(at, at + length) });
    at += length;
  }
  return { ops, cut: false };
}

/** All operations of a script; `undefined` if the last is cut short. */
export function readOps(script: Uint8Array): ScriptOp[] | undefined {
  const { ops, cut } = readOpsUntilCut(script);
  return cut ? undefined : ops;
}

/** A push in the shortest form that keeps it a data push (Bitcoin Core `CScript::operator<<`). */
export function push(data: Uint8Array): Uint8Array {
  const { length } = data;
  if (length < 0x4c) return concatBytes(Uint8Array.of(length), data);
  if (length <= 0xff) return concatBytes(Uint8Array.of(0x4c, length), data);
  if (length <= 0xffff) return concatBytes(Uint8Array.of(0x4d, length & 0xff, length >> 8), data);
  return concatBytes(
    Uint8Array.of(0x4e, length & 0xff, (length >> 8) & 0xff, (length >> 16) & 0xff, length >>> 24),
    data,
  );
}
