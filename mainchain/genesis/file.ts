import { z } from 'zod';
import { fromHex, toHex, utf8 } from '../../proofs/bytes.js';
import { type Genesis, GenesisType } from '../../proofs/containers/genesis.js';
import { GenesisError } from './errors.js';

const decimal = z.string().regex(/^(0|[1-9][0-9]{0,19})$/, 'must be a decimal string of a 64-bit number');
const hex = (bytes: number) =>
  z
    .string()
    .regex(new RegExp(`^0x[0-9a-f]{${bytes * 2}}$`), `must be 0x and ${bytes * 2} lower-case hex digits`);
const count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

/** The genesis file: JSON. Times in milliseconds; amounts as decimal strings; keys and accounts as lower-case hex. */
export const GenesisFileSchema = z.strictObject({
  format: z.literal('crossroot-genesis'),
  version: z
    .number()
    .int()
    .min(1)
    .max(2 ** 32 - 1),
  /** 1 to 64 lower-case letters, digits and dashes. */
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'must be 1 to 64 lower-case letters, digits and dashes'),
  /** Unix milliseconds at which slot 0 begins. */
  time: count,
  slotMilliseconds: z
    .number()
    .int()
    .min(1)
    .max(2 ** 32 - 1),
  /** Nominal length of a term, in blocks. */
  termBlocks: count,
  baseFee: decimal,
  byteFee: decimal,
  /** In turn order. */
  delegates: z
    .array(z.strictObject({ account: hex(20), blsKey: hex(48), proofOfPossession: hex(96) }))
    .min(1)
    .max(256),
  balances: z.array(z.strictObject({ account: hex(20), balance: decimal })).max(65_536),
  /** Genesis root: checked if given, so that a file cannot be changed unnoticed. */
  root: hex(32).optional(),
});
export type GenesisFile = z.infer<typeof GenesisFileSchema>;

const MAX_AMOUNT = 2n ** 64n;

/** @throws GenesisError naming the field */
export function parseGenesisFile(text: string): Genesis {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new GenesisError('file', 'is not JSON', error);
  }
  const parsed = GenesisFileSchema.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new GenesisError(pathText(issue?.path ?? []), issue?.message ?? 'is not valid', parsed.error);
  }
  const genesis = fromFile(parsed.data);
  const root = toHex(GenesisType.hashTreeRoot(genesis));
  if (parsed.data.root !== undefined && parsed.data.root !== root) {
    throw new GenesisError('root', `is ${parsed.data.root}, but the file's content has ${root}`);
  }
  return genesis;
}

/** The genesis as its file's text. `parseGenesisFile` gives it back. */
export function formatGenesisFile(genesis: Genesis): string {
  const file: GenesisFile = {
    format: 'crossroot-genesis',
    version: genesis.version,
    name: String.fromCharCode(...genesis.name),
    time: genesis.time,
    slotMilliseconds: genesis.slotMilliseconds,
    termBlocks: genesis.termBlocks,
    baseFee: genesis.baseFee.toString(),
    byteFee: genesis.byteFee.toString(),
    delegates: genesis.delegates.map(({ delegate, proofOfPossession }) => ({
      account: toHex(delegate.account),
      blsKey: toHex(delegate.blsKey),
      proofOfPossession: toHex(proofOfPossession),
    })),
    balances: genesis.balances.map((b) => ({ account: toHex(b.account), balance: b.balance.toString() })),
    root: toHex(GenesisType.hashTreeRoot(genesis)),
  };
  return `${JSON.stringify(file, null, 2)}\n`;
}

function fromFile(file: GenesisFile): Genesis {
  return {
    version: file.version,
    name: utf8(file.name),
    time: file.time,
    slotMilliseconds: file.slotMilliseconds,
    termBlocks: file.termBlocks,
    baseFee: amount('baseFee', file.baseFee),
    byteFee: amount('byteFee', file.byteFee),
    delegates: file.delegates.map((d) => ({
      delegate: { account: fromHex(d.account), blsKey: fromHex(d.blsKey) },
      proofOfPossession: fromHex(d.proofOfPossession),
    })),
    balances: file.balances.map((b, i) => ({
      account: fromHex(b.account),
      balance: amount(`balances[${i}].balance`, b.balance),
    })),
  };
}

function amount(path: string, text: string): bigint {
  const value = BigInt(text);
  if (value >= MAX_AMOUNT) throw new GenesisError(path, 'is more than 64 bits hold');
  return value;
}

/** `delegates[2].blsKey` and the like. */
function pathText(path: readonly PropertyKey[]): string {
  const text = path.map((p) => (typeof p === 'number' ? `[${p}]` : `.${String(p)}`)).join('');
  return text.replace(/^\./, '') || 'file';
}
