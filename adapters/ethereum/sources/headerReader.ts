import { bytesEqual, toHex } from '../../../proofs/bytes.js';
import { MalformedInputError } from '../../../proofs/errors/input.js';
import { SourceFaultError } from '../../errors.js';
import type { ForeignHeader } from '../../types.js';
import { foreignEthereumHeader } from '../rules/header.js';
import { encodeHeaderJson } from './encodeHeader.js';
import { rpcBytes, rpcHeight, rpcObject } from './fields.js';
import { isUnsupported } from './refusals.js';
import type { EthereumRpcClient } from './rpcClient.js';

/** Calls in which what cannot be read is the source's fault. */
export class Reading {
  constructor(readonly source: string) {}

  /**
   * @param height of the block that it is about, for the evidence
   * @throws SourceFaultError instead of MalformedInputError
   */
  run<T>(what: string, read: () => T, height?: number): T {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof MalformedInputError)) throw error;
      const problem = `answered a ${what} that cannot be: ${error.message}`;
      throw new SourceFaultError(this.source, problem, height === undefined ? {} : { height }, error);
    }
  }
}

/** Headers from a node's blocks in JSON: encoded again and hashed, or, where their fields are not all of it, read raw. */
export class HeaderReader {
  readonly #client: EthereumRpcClient;
  readonly #reading: Reading;
  /** Whether the node may have `debug_getRawHeader`. */
  #hasRaw = true;

  constructor(client: EthereumRpcClient, reading: Reading) {
    this.#client = client;
    this.#reading = reading;
  }

  /**
   * The header of a block from `eth_getBlockBy…`.
   * @param height as asked for; by default the block's own
   * @throws SourceFaultError for one that does not have the hash it claims; SourceUnavailableError
   */
  async read(block: unknown, height?: number): Promise<ForeignHeader> {
    const { hash, number, header } = this.#reading.run('header', () => decode(block, height), height);
    if (!(header instanceof MalformedInputError) && bytesEqual(header.hash, hash)) return header;
    const raw = await this.#raw(hash);
    const decide = (): ForeignHeader => {
      const given = raw === undefined ? undefined : foreignEthereumHeader(raw, number);
      if (given !== undefined && bytesEqual(given.hash, hash)) return given;
      if (header instanceof MalformedInputError) throw header;
      throw new MalformedInputError('block hash', `is not that of its fields, ${toHex(header.hash)}`);
    };
    return this.#reading.run('header', decide, number);
  }

  /** By hash, so that it cannot be another block's. `undefined` where the node does not offer it. */
  async #raw(hash: Uint8Array): Promise<Uint8Array | undefined> {
    if (!this.#hasRaw) return undefined;
    const answer = await this.#client.ask('debug_getRawHeader', [toHex(hash)]);
    if (!('result' in answer)) {
      if (isUnsupported(answer.refusal)) this.#hasRaw = false;
      return undefined;
    }
    const { result } = answer;
    return result === null ? undefined : this.#reading.run('header', () => rpcBytes(result, 'raw header'));
  }
}

/** What a block claims, and the header that its fields make, if they make one. */
function decode(block: unknown, height: number | undefined) {
  const fields = rpcObject(block, 'block');
  const number = rpcHeight(fields.number, 'block number');
  if (height !== undefined && number !== height)
    throw new MalformedInputError('block number', `is ${number}, asked for was ${height}`);
  const hash = rpcBytes(fields.hash, 'block hash', 32);
  return { hash, number, header: attempt(() => foreignEthereumHeader(encodeHeaderJson(fields), number)) };
}

function attempt<T>(read: () => T): T | MalformedInputError {
  try {
    return read();
  } catch (error) {
    if (error instanceof MalformedInputError) return error;
    throw error;
  }
}
