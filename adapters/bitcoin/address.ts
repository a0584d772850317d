import { fromBase58Check, fromBech32 } from 'bitcoinjs-lib/src/address';
import { concatBytes } from '../../proofs/bytes.js';
import { MalformedInputError } from '../../proofs/errors/input.js';
import { UnknownNetworkError } from '../errors.js';
import { type AddressFormat, addressFormat } from './proofs/output.js';
import { bitcoinNetworks } from './rules/networks.js';

/** Longest address: BIP173 allows 90 characters. */
const LONGEST = 90;

/** What addresses of other networks are told by. Base58 prefixes of the test networks are the same for all of them. */
const elsewhere: readonly { readonly network: string; readonly format: AddressFormat }[] = [
  { network: 'Bitcoin mainnet', format: { publicKeyHash: 0, scriptHash: 5, bech32: 'bc' } },
  {
    network: "Bitcoin's test networks",
    format: { publicKeyHash: 111, scriptHash: 196, bech32: 'tb' },
  },
  { network: 'Bitcoin regtest', format: { publicKeyHash: 111, scriptHash: 196, bech32: 'bcrt' } },
];

/**
 * The output script that an address stands for: P2PKH and P2SH (Base58Check, BIP13), every witness version (BIP173, BIP350).
 * @param chainName such as `bitcoin-regtest`: an address of another network is refused
 * @throws MalformedInputError, UnknownNetworkError
 */
export function parseBitcoinAddress(chainName: string, text: string): Uint8Array {
  const format = addressFormat(chainName);
  if (format === undefined) {
    throw new UnknownNetworkError(
      chainName,
      bitcoinNetworks.map((one) => one.name),
    );
  }
  if (text.length > LONGEST)
    throw new MalformedInputError('address', `is longer than ${LONGEST} characters: ${text.slice(0, 80)}…`);
  return readBase58(chainName, text, format) ?? readBech32(chainName, text, format);
}

function readBase58(chain: string, text: string, format: AddressFormat): Uint8Array | undefined {
  const read = attempt(() => fromBase58Check(text));
  if (read === undefined) return undefined;
  const { version, hash } = read;
  if (version === format.publicKeyHash) return script([0x76, 0xa9, 0x14], hash, [0x88, 0xac]);
  if (version === format.scriptHash) return script([0xa9, 0x14], hash, [0x87]);
  const owner = elsewhere.find((one) => [one.format.publicKeyHash, one.format.scriptHash].includes(version));
  throw wrongNetwork(chain, text, owner?.network);
}

function readBech32(chain: string, text: string, format: AddressFormat): Uint8Array {
  const read = attempt(() => fromBech32(text));
  if (read === undefined)
    throw new MalformedInputError('address', `is neither Base58Check nor Bech32, or has a typo: ${text}`);
  const { prefix, version, data } = read;
  if (prefix !== format.bech32)
    throw wrongNetwork(chain, text, elsewhere.find((one) => one.format.bech32 === prefix)?.network);
  const fits = version === 0 ? data.length === 20 || data.length === 32 : data.length >= 2;
  if (version > 16 || data.length > 40 || !fits)
    throw new MalformedInputError(
      'address',
      `is no witness program: version ${version}, ${data.length} bytes: ${text}`,
    );
  // BIP141: OP_0, or OP_1 to OP_16, and one push.
  return script([version === 0 ? 0 : 0x50 + version, data.length], data, []);
}

function wrongNetwork(chain: string, text: string, owner: string | undefined): MalformedInputError {
  const of = owner === undefined ? 'a network that is not known' : owner;
  return new MalformedInputError('address', `is of ${of}, not of ${chain}: ${text}`);
}

/** The libraries throw plain errors for what is not of their form. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof Error) return undefined;
    throw error;
  }
}

function script(before: readonly number[], data: Uint8Array, after: readonly number[]): Uint8Array {
  return concatBytes(Uint8Array.from(before), data, Uint8Array.from(after));
}
