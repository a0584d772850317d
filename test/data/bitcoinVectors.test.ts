import { describe, expect, it } from 'vitest';
import { bitcoinKind } from '../../adapters/bitcoin/kind.js';
import { bitsAt, timeAt } from '../../adapters/bitcoin/rules/header.js';
import { bitcoinNetwork } from '../../adapters/bitcoin/rules/networks.js';
import { HeaderChainValidator } from '../../adapters/bitcoin/rules/validator.js';
import { HeaderRuleError } from '../../adapters/errors.js';
import { HeaderTree } from '../../adapters/tree.js';
import type { ForeignHeader } from '../../adapters/types.js';
import { fromHex, toBareHex } from '../../proofs/bytes.js';
import { hasData, needsData, readBytes, readJson } from './folder.js';

const NOW = 1_800_000_000;

interface VectorHeader {
  raw?: string;
  hex?: string;
  hash?: string;
  height: number;
  prevhash?: string;
  merkle_root?: string;
}
interface Vector {
  comment: string;
  headers: VectorHeader[];
  prevEpochStart?: VectorHeader;
  anchor: VectorHeader;
  isMainnet?: boolean;
  output: number;
}

const decode = (header: VectorHeader): ForeignHeader =>
  bitcoinKind.decode(fromHex(header.raw ?? header.hex ?? ''), header.height);

/** Whether the raw bytes say what the vector's own fields say. */
function fieldsAgree(header: VectorHeader): boolean {
  const { hash, parentHash, transactionsRoot } = decode(header);
  const same = (claimed: string | undefined, actual: Uint8Array) =>
    claimed === undefined || toBareHex(fromHex(claimed)) === toBareHex(actual);
  return (
    same(header.hash, hash) && same(header.prevhash, parentHash) && same(header.merkle_root, transactionsRoot)
  );
}

/** Adds headers on the anchor; `ok`, or the rule that refuses one. */
function judge(anchor: VectorHeader, headers: VectorHeader[], periodStart?: VectorHeader): string {
  const trusted = decode(anchor);
  const known = new Map([[trusted.height, trusted]]);
  if (periodStart !== undefined) known.set(periodStart.height, decode(periodStart));
  const checkpoint = {
    height: trusted.height,
    hash: trusted.hash,
    work: 0n,
    periodStartTime: 0,
    periodStartBits: bitsAt(trusted.raw),
  };
  try {
    for (const one of headers) {
      const header = decode(one);
      bitcoinKind.validate('bitcoin-mainnet', header, { checkpoint, header: (h) => known.get(h) }, NOW);
      known.set(header.height, header);
    }
    return 'ok';
  } catch (error) {
    if (!(error instanceof HeaderRuleError)) throw error;
    return error.rule;
  }
}

describe.skipIf(!hasData)(needsData('relay vectors (summa, tBTC)'), () => {
  const vectors = () =>
    readJson<{ header: { validateDifficultyChange: Vector[]; validateHeaderChain: Vector[] } }>(
      'btc-headers/summa_relays_testVectors.json',
    ).header;

  it('retargets come out as labelled', () => {
    const rules: Record<string, string> = {};
    for (const { comment, anchor, headers, prevEpochStart, output } of vectors().validateDifficultyChange) {
      rules[comment] = judge(anchor, headers, prevEpochStart);
      expect(rules[comment] === 'ok', comment).toBe(output === 0);
    }
    expect(Object.values(rules)).toEqual(['ok', 'bad-prevblk', 'bad-diffbits', 'bad-diffbits', 'high-hash']);
  });

  it('header chains come out as labelled', () => {
    for (const { comment, anchor, headers, isMainnet, output } of vectors().validateHeaderChain) {
      const consistent = headers.every(fieldsAgree);
      // Off mainnet the vectors allow a retarget whose period is not known: a run taken on trust does so too.
      const verdict = isMainnet === true ? judge(anchor, headers) : judgeOnTrust([anchor, ...headers]);
      expect(consistent && verdict === 'ok', `${comment}: ${verdict}`).toBe(output === 0);
    }
  });

  it.each(['summa_headersWithRetarget_552384', 'tbtc_headersWithRetarget'])(
    '%s: a run over a retarget',
    (name) => {
      const data = readJson<{ oldPeriodStart: VectorHeader; genesis: VectorHeader; chain: VectorHeader[] }>(
        `btc-headers/${name}.json`,
      );
      expect(judge(data.genesis, data.chain, data.oldPeriodStart)).toBe('ok');
      expect(judge(data.genesis, data.chain)).toBe('bad-diffbits');
      const earlier = { ...data.oldPeriodStart, height: data.oldPeriodStart.height };
      const raw = fromHex(earlier.hex ?? '');
      raw[68]! ^= 0xff;
      expect(judge(data.genesis, data.chain, { ...earlier, hex: toBareHex(raw) })).toBe('bad-diffbits');
    },
  );

  it('reorganisation vectors: both branches valid, the bad header refused', () => {
    const { chain } = readJson<{
      chain: Record<
        string,
        Record<'orphan' | 'oldPeriodStart' | 'genesis' | 'badHeader', VectorHeader> &
          Record<'preRetargetChain' | 'postRetargetChain' | 'headers', VectorHeader[]>
      >;
    }>('btc-headers/summa_relays_testVectors.json');
    const ancestor = chain.isMostRecentCommonAncestor!;
    const main = [...ancestor.preRetargetChain, ...ancestor.postRetargetChain];
    expect(judge(ancestor.genesis, main, ancestor.oldPeriodStart)).toBe('ok');
    const before = main.filter((one) => one.height < ancestor.orphan.height);
    expect(judge(ancestor.genesis, [...before, ancestor.orphan], ancestor.oldPeriodStart)).toBe('ok');

    const heaviest = chain.heaviestFromAncestor!;
    expect(judge(heaviest.genesis, heaviest.headers)).toBe('ok');
    const lower = heaviest.headers.filter((one) => one.height < heaviest.badHeader.height);
    expect(judge(heaviest.genesis, [...lower, heaviest.orphan])).toBe('ok');
    expect(judge(heaviest.genesis, [...lower, heaviest.badHeader])).not.toBe('ok');
  });

  it('headers whose fields are not those of their bytes', () => {
    const { validHeader, badHeaders } = readJson<{ validHeader: string[]; badHeaders: unknown[] }>(
      'btc-spv/summa_testProofs.json',
    );
    for (const one of validHeader) expect(fieldsAgree(JSON.parse(one) as VectorHeader)).toBe(true);
    for (const one of badHeaders) {
      const { header } = (typeof one === 'string' ? JSON.parse(one) : one) as { header: VectorHeader };
      expect(fieldsAgree(header)).toBe(false);
    }
  });
});

function judgeOnTrust(headers: VectorHeader[]): string {
  const validator = new HeaderChainValidator(bitcoinNetwork('bitcoin-mainnet'), {
    kind: 'trusted',
    height: headers[0]!.height,
  });
  try {
    for (const one of headers) validator.push(decode(one).raw, 0, NOW);
    return 'ok';
  } catch (error) {
    if (!(error instanceof HeaderRuleError)) throw error;
    return error.rule;
  }
}

describe.skipIf(!hasData)(needsData('real headers that must not pass'), () => {
  /** Rule that refuses the run, and the height it says. */
  function refusal(
    chain: string,
    data: Uint8Array,
    height: number,
  ): { rule: string; height: number } | undefined {
    const start = height === 0 ? ({ kind: 'genesis' } as const) : ({ kind: 'trusted', height } as const);
    const validator = new HeaderChainValidator(bitcoinNetwork(chain), start);
    try {
      for (let at = 0; at < data.length; at += 80) validator.push(data, at, NOW);
      return undefined;
    } catch (error) {
      if (!(error instanceof HeaderRuleError)) throw error;
      return { rule: error.rule, height: error.height };
    }
  }

  it.each([
    ['bitcoin-mainnet', 'mainnet_0_10236.bin', 0],
    ['bitcoin-mainnet', 'mainnet_822528_826560.bin', 822528],
    ['bitcoin-testnet3', 'testnet3_0_5999.bin', 0],
    ['bitcoin-testnet4', 'testnet4_0_100.bin', 0],
    ['bitcoin-signet', 'signet_0_2015.bin', 0],
  ])('%s %s: any bit changed is refused for want of work', (chain, file, start) => {
    const data = readBytes(`btc-headers/${file}`).slice(0, 80 * 40);
    for (let place = 1; place < 38; place += 3) {
      for (let bit = place % 5; bit < 640; bit += 5) {
        const bad = data.slice(0, 80 * (place + 2));
        bad[80 * place + (bit >> 3)]! ^= 1 << (bit & 7);
        expect(refusal(chain, bad, start)).toEqual({ rule: 'high-hash', height: start + place });
      }
    }
  });

  it('bitcoin-mainnet: a bit changed in the genesis block', () => {
    const data = readBytes('btc-headers/mainnet_0_10236.bin').slice(0, 800);
    data[5]! ^= 1;
    expect(refusal('bitcoin-mainnet', data, 0)).toEqual({ rule: 'bad-genesis', height: 0 });
  });

  it('bitcoin-regtest: a bit changed breaks the work, the link, or the rule of the changed field', () => {
    const data = readBytes('btc-headers/regtest_0_100.bin');
    const seen = new Set<string>();
    for (let bit = 0; bit < 640; bit++) {
      const bad = data.slice();
      bad[80 * 50 + (bit >> 3)]! ^= 1 << (bit & 7);
      const found = refusal('bitcoin-regtest', bad, 0);
      expect(found === undefined).toBe(false);
      const { rule, height } = found!;
      seen.add(rule);
      const field = bit >> 3;
      if (rule === 'bad-prevblk') expect(height === 51 || (field >= 4 && field < 36)).toBe(true);
      else expect(height).toBe(50);
    }
    expect(seen.has('high-hash') && seen.has('bad-prevblk')).toBe(true);
  });

  it('BSV headers are refused', () => {
    const data = readBytes('btc-headers/bsv_900000_900299_NEGATIVE.bin');
    expect(refusal('bitcoin-mainnet', data, 900000)).toBeDefined();
    expect(refusal('bitcoin-mainnet', data, 0)).toEqual({ rule: 'bad-genesis', height: 0 });
  });

  it('other networks are refused at genesis', () => {
    const signet = readBytes('btc-headers/signet_0_2015.bin');
    for (const chain of ['mainnet', 'testnet3', 'testnet4', 'regtest']) {
      expect(refusal(`bitcoin-${chain}`, signet, 0)).toEqual({ rule: 'bad-genesis', height: 0 });
    }
  });

  it('a real stale header is valid and loses to the branch that goes on', () => {
    const run = readBytes('btc-headers/mainnet_822528_826560.bin');
    const headers = bitcoinKind.split(run).map((raw, i) => bitcoinKind.decode(raw, 822528 + i));
    const [stale] = readJson<{ height: number; header: string }[]>('btc-headers/mainnet_stale_823226.json');
    const [root, ...rest] = headers;
    const checkpoint = {
      height: root!.height,
      hash: root!.hash,
      work: 1n,
      periodStartTime: timeAt(root!.raw),
      periodStartBits: bitsAt(root!.raw),
    };
    const tree = new HeaderTree(bitcoinKind, checkpoint, { header: root!, work: 1n });
    const add = (part: ForeignHeader[]) =>
      tree.add(part, (header, ancestors) => bitcoinKind.validate('bitcoin-mainnet', header, ancestors, NOW));
    const at = stale!.height - 822528;
    add(rest.slice(0, at - 1));
    const orphan = bitcoinKind.decode(fromHex(stale!.header), stale!.height);
    expect(add([orphan])).toEqual({ disconnected: [], connected: [orphan] });
    expect(add(rest.slice(at - 1, at)).connected).toEqual([]);
    expect(add(rest.slice(at, at + 1))).toEqual({
      disconnected: [orphan],
      connected: rest.slice(at - 1, at + 1),
    });
    expect(add(rest.slice(at + 1)).connected.length).toBe(rest.length - at - 1);
    expect(tree.tip).toEqual(headers.at(-1));
  });
});
