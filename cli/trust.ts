import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { blstBls } from '../mainchain/crypto/blst.js';
import { parseGenesisFile } from '../mainchain/genesis/file.js';
import { MalformedInputError } from '../proofs/errors/input.js';
import { decodeTrust, TRUST_FORMAT } from '../proofs/format/trust.js';
import type { Json } from '../proofs/verify/payload.js';
import { type Trust, trustFromGenesis } from '../proofs/verify/trust.js';
import { readBytes } from './files.js';

export const GENESIS_FILE = 'genesis.json';
/** `format` of a genesis file. */
const GENESIS_FORMAT = 'crossroot-genesis';

/**
 * What to trust: the file given, else the genesis in the data folder, else nothing.
 * @throws FileError, MalformedInputError, GenesisError, ProofError
 */
export async function loadTrust(file: string | undefined, data: string): Promise<Trust | undefined> {
  if (file !== undefined) return readTrust(file);
  const genesis = join(data, GENESIS_FILE);
  return existsSync(genesis) ? readTrust(genesis) : undefined;
}

async function readTrust(path: string): Promise<Trust> {
  const text = new TextDecoder().decode(await readBytes(path));
  let json: Json;
  try {
    json = JSON.parse(text) as Json;
  } catch (error) {
    throw new MalformedInputError(path, 'is not JSON', error);
  }
  const format = typeof json === 'object' && json !== null && 'format' in json ? json.format : undefined;
  if (format === TRUST_FORMAT) return decodeTrust(json, blstBls);
  if (format !== GENESIS_FORMAT)
    throw new MalformedInputError(
      path,
      `is neither a genesis nor a trust file: its format is ${format === undefined ? 'not told' : JSON.stringify(format).slice(0, 40)}`,
    );
  return trustFromGenesis(parseGenesisFile(text));
}
