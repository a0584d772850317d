import { HeaderRuleError, HeaderTooEarlyError } from '../../../adapters/errors.js';
import type { ChainKind, ForeignHeader, NetworkInfo } from '../../../adapters/types.js';
import { uint64 } from '../../../indexers/keys.js';
import { bytesEqual, concatBytes, fromHex, toBareHex, ZERO32 } from '../../../proofs/bytes.js';
import { Assurance } from '../../../proofs/containers/leaf.js';
import type { Checkpoint } from '../../../proofs/containers/spec.js';
import { sha256 } from '../../../proofs/hash/hasher.js';

const network = (name: string, assurance: NetworkInfo['assurance']): NetworkInfo => ({
  name,
  parameters: new Uint8Array(),
  genesisHash: ZERO32,
  genesisHeader: undefined,
  window: 4032,
  assurance,
});

/** A test double of a chain kind: raw = height ‖ parent ‖ time ‖ salt ‖ work ‖ flaw; hash = SHA-256 of it. */
export const fakeKind: ChainKind = {
  code: 250,
  name: 'fake',
  rulesVersion: 1,
  networks: [network('fake-work', Assurance.work), network('fake-attested', Assurance.attested)],
  split: () => [],
  decode(raw, height): ForeignHeader {
    const hash = sha256(raw);
    return {
      height,
      hash,
      parentHash: raw.slice(8, 40),
      transactionsRoot: hash,
      receiptsRoot: ZERO32,
      stateRoot: ZERO32,
      time: new DataView(raw.buffer, raw.byteOffset).getUint32(40),
      raw,
    };
  },
  work: (header) => BigInt(header.raw[48] ?? 0),
  validate(name, header, ancestors, now) {
    const parent = ancestors.header(header.height - 1);
    const hash = toBareHex(header.hash);
    if (parent === undefined || !bytesEqual(parent.hash, header.parentHash))
      throw new HeaderRuleError('bad-prevblk', header.height, hash, 'no link');
    if (header.raw[49] !== 0) throw new HeaderRuleError('flawed', header.height, hash, name);
    if (header.time > now + 7200) throw new HeaderTooEarlyError('time-too-new', header.height, hash, name);
  },
  displayHash: toBareHex,
  parseHash: (text) => fromHex(text, 'hash', 32),
};

export function fakeHeader(
  parent: { readonly height: number; readonly hash: Uint8Array } | undefined,
  salt: number,
  options: { readonly work?: number; readonly flaw?: number; readonly time?: number } = {},
): ForeignHeader {
  const height = parent === undefined ? 100 : parent.height + 1;
  const tail = new Uint8Array(10);
  const view = new DataView(tail.buffer);
  view.setUint32(0, options.time ?? height * 10);
  view.setUint32(4, salt);
  tail[8] = options.work ?? 1;
  tail[9] = options.flaw ?? 0;
  return fakeKind.decode(concatBytes(uint64(height), parent?.hash ?? ZERO32, tail), height);
}

export const fakeGenesis = fakeHeader(undefined, 0);
export const fakeCheckpoint: Checkpoint = {
  height: fakeGenesis.height,
  hash: fakeGenesis.hash,
  work: 5n,
  periodStartTime: 0,
  periodStartBits: 0,
};
