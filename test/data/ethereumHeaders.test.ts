import { describe, expect, it } from 'vitest';
import { rangeDigest } from '../../adapters/digest.js';
import { ethereumKind } from '../../adapters/ethereum/kind.js';
import { decodeEthereumHeader, foreignEthereumHeader } from '../../adapters/ethereum/rules/header.js';
import type { ForeignHeader } from '../../adapters/types.js';
import { fromHex, toHex } from '../../proofs/bytes.js';
import { era1Headers } from './ethereum/era1.js';
import { hasData, needsData, readBytes, readJson } from './folder.js';

/** Long after every header here. */
const NOW = 2_000_000_000;

/** Checks a run whose first header is the checkpoint. @returns its last header */
function follow(network: string, raws: readonly Uint8Array[], startHeight: number): ForeignHeader {
  const headers = raws.map((raw, i) => foreignEthereumHeader(raw, startHeight + i));
  const checkpoint = {
    height: startHeight,
    hash: headers[0]!.hash,
    work: 0n,
    periodStartTime: 0,
    periodStartBits: 0,
  };
  const ancestors = { checkpoint, header: (height: number) => headers[height - startHeight] };
  for (const header of headers.slice(1)) ethereumKind.validate(network, header, ancestors, NOW);
  return headers.at(-1)!;
}

describe.skipIf(!hasData)(needsData('Ethereum headers'), () => {
  it('mainnet from genesis: raw lines hash, link and keep the rules', () => {
    const lines = new TextDecoder()
      .decode(readBytes('eth-blocks/mainnet_era1_00000_0_8191.headers.hex'))
      .trim()
      .split('\n');
    expect(lines.length).toBe(2048);
    const raws = lines.map((line) => fromHex(line));
    follow('ethereum-mainnet', raws, 0);
    const mainnet = ethereumKind.networks.find(({ name }) => name === 'ethereum-mainnet')!;
    expect(foreignEthereumHeader(raws[0]!, 0).hash).toEqual(mainnet.genesisHash);
    const joined = Uint8Array.from(raws.slice(0, 50).flatMap((raw) => [...raw]));
    expect(ethereumKind.split(joined)).toEqual(raws.slice(0, 50));
    expect(rangeDigest(raws.slice(0, 50))).toEqual(rangeDigest([joined]));
  });

  it.each([
    ['ethereum-mainnet', 'mainnet_era1_00000_0_8191'],
    ['ethereum-sepolia', 'sepolia_era1_00000'],
  ])('%s: the whole first era file', (network, file) => {
    const { last, lastHash } = readJson<{ last: number; lastHash: string }>(
      `eth-blocks/${file}.headers.json`,
    );
    const raws = era1Headers(readBytes(`eth-blocks/${file}.era1`));
    expect(raws.length).toBe(last + 1);
    const known = ethereumKind.networks.find(({ name }) => name === network)!;
    expect(foreignEthereumHeader(raws[0]!, 0).hash).toEqual(known.genesisHash);
    expect(toHex(follow(network, raws, 0).hash)).toBe(lastHash);
  });

  it.each([
    [14764013, 16],
    [15537393, 16],
    [17034869, 16],
    [17034870, 17],
    [19426587, 20],
    [22431084, 21],
  ])('mainnet %i has %i fields and its hash', (height, fields) => {
    const { hash, headerRlp } = readJson<{ hash: string; headerRlp: string }>(
      `eth-blocks/mainnet_${height}.json`,
    );
    const header = foreignEthereumHeader(fromHex(headerRlp), height);
    expect(toHex(header.hash)).toBe(hash);
    expect(decodeEthereumHeader(header.raw).fields).toBe(fields);
  });

  it('the first Shanghai block follows the last Paris one, also in its base fee', () => {
    const raws = [17034869, 17034870].map((height) =>
      fromHex(readJson<{ headerRlp: string }>(`eth-blocks/mainnet_${height}.json`).headerRlp),
    );
    expect(follow('ethereum-mainnet', raws, 17034869).height).toBe(17034870);
  });

  it('a header of a run with any one bit changed does not fit in', () => {
    const raws = era1Headers(readBytes('eth-blocks/mainnet_era1_00000_0_8191.era1')).slice(1000, 1003);
    const middle = raws[1]!;
    for (let bit = 0; bit < middle.length * 8; bit++) {
      const changed = middle.slice();
      changed[bit >> 3]! ^= 1 << (bit & 7);
      expect(() => follow('ethereum-mainnet', raws.with(1, changed), 1000)).toThrow();
    }
  });
});
