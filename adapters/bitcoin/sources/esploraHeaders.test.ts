import { expect, it } from 'vitest';
import { toBareHex, utf8 } from '../../../proofs/bytes.js';
import type { ForeignHeader } from '../../types.js';
import { displayHash } from '../rules/checks.js';
import { decodeHeader, foreignHeader } from '../rules/header.js';
import { bitcoinNetwork } from '../rules/networks.js';
import { mineAfter } from '../testing/samples.js';
import { Answers } from './answers.js';
import type { EsploraClient } from './esploraClient.js';
import { EsploraHeaders } from './esploraHeaders.js';

const chain: ForeignHeader[] = [foreignHeader(bitcoinNetwork('bitcoin-regtest').genesisHeader, 0)];
for (let i = 0; i < 25; i++) chain.push(mineAfter(chain.at(-1)!));

/** A server that knows only the paths which `offers` names; pages of ten, from `newestPage` down. */
function server(offers: RegExp, newestPage = chain.length): { reader: EsploraHeaders; asked: string[] } {
  const asked: string[] = [];
  const get = async (path: string): Promise<Uint8Array | undefined> => {
    asked.push(path);
    if (!offers.test(path)) return undefined;
    const single = /^block\/([0-9a-f]{64})\/header$/.exec(path);
    if (single !== null) {
      const found = chain.find(({ hash }) => displayHash(hash) === single[1]);
      return found && utf8(toBareHex(found.raw));
    }
    const top = Math.min(newestPage, Number(path.split('/').at(-1)));
    const page = chain.slice(Math.max(0, top - 9), top + 1).reverse();
    return utf8(JSON.stringify(page.map(described)));
  };
  const client: Pick<EsploraClient, 'get'> = { get };
  const hashAt = async (height: number) => chain[height]?.hash;
  return { reader: new EsploraHeaders(client as EsploraClient, new Answers('the server'), hashAt), asked };
}

function described({ raw, hash, height }: ForeignHeader) {
  const { version, parentHash, merkleRoot, time, bits, nonce } = decodeHeader(raw);
  return {
    id: displayHash(hash),
    height,
    version,
    timestamp: time,
    bits,
    nonce,
    merkle_root: displayHash(merkleRoot),
    previousblockhash: height === 0 ? null : displayHash(parentHash),
  };
}

it('falls back from blocks to v1/blocks, and asks for the first no more', async () => {
  const { reader, asked } = server(/^v1\/blocks\//);
  expect(await reader.read(2, 23)).toEqual(chain.slice(2, 25));
  expect(asked.filter((path) => path.startsWith('blocks/'))).toEqual(['blocks/24']);
});

it('falls back to one header after another where there are no pages', async () => {
  const { reader, asked } = server(/header$/);
  expect(await reader.read(0, 26)).toEqual(chain);
  expect(asked.slice(0, 2)).toEqual(['blocks/25', 'v1/blocks/25']);
  expect(asked.slice(2).every((path) => path.endsWith('/header'))).toBe(true);
});

it('keeps its pages where only the block is not there', async () => {
  const { reader, asked } = server(/^blocks\/(?!30$)/);
  expect(await reader.read(20, 11)).toBeUndefined();
  expect(await reader.read(20, 6)).toEqual(chain.slice(20, 26));
  expect(asked).toEqual(['blocks/30', 'blocks/25']);
});

it('takes pages that are behind the tip for what comes later, not for a lie', async () => {
  const { reader, asked } = server(/^blocks\//, 24);
  expect(await reader.read(20, 6)).toBeUndefined();
  expect(await reader.read(20, 5)).toEqual(chain.slice(20, 25));
  expect(asked).toEqual(['blocks/25', 'blocks/24']);
});

it('names a page that begins above what was asked for, or leaves one out', async () => {
  const page = (heights: number[]) => utf8(JSON.stringify(heights.map((at) => described(chain[at]!))));
  for (const heights of [
    [21, 20],
    [20, 18],
  ]) {
    const client: Pick<EsploraClient, 'get'> = { get: async () => page(heights) };
    const reader = new EsploraHeaders(
      client as EsploraClient,
      new Answers('the server'),
      async () => undefined,
    );
    await expect(reader.read(18, 3)).rejects.toThrow(/not of consecutive heights/);
  }
});
