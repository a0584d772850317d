import { describe, expect, it, vi } from 'vitest';
import { BlockProver } from '../../adapters/bitcoin/proofs/build.js';
import { bitsAt, foreignHeader } from '../../adapters/bitcoin/rules/header.js';
import { bitcoinNetwork } from '../../adapters/bitcoin/rules/networks.js';
import { segwitHeight } from '../../adapters/bitcoin/rules/segwit.js';
import { workOfBits } from '../../adapters/bitcoin/rules/target.js';
import { segwitBlock } from '../../adapters/bitcoin/testing/segwit.js';
import { networkData, payloadVerifiers, specFor } from '../../adapters/registry.js';
import { utf8 } from '../../proofs/bytes.js';
import { GenesisType } from '../../proofs/containers/genesis.js';
import { Assurance } from '../../proofs/containers/leaf.js';
import { ProofKind } from '../../proofs/containers/proof.js';
import { ChainSpecType } from '../../proofs/containers/spec.js';
import { ProofError } from '../../proofs/errors/proof.js';
import { decodeProof, encodeProof } from '../../proofs/format/file.js';
import type { AnchoredProof } from '../../proofs/format/proof.js';
import { sha256 } from '../../proofs/hash/hasher.js';
import { append, emptyHistory } from '../../proofs/history/history.js';
import { MemoryNodes } from '../../proofs/history/nodes.js';
import { trustFromGenesis } from '../../proofs/verify/trust.js';
import { type VerifyOptions, verifyProof } from '../../proofs/verify/verify.js';
import { anchorLeaf, leafRoot } from '../fixtures/anchor.js';
import { registryContext } from '../fixtures/bitcoinProof.js';
import { quickBls } from '../fixtures/bls.js';
import { testGenesis, testSet } from '../fixtures/mainChain.js';

const set = testSet('delegates', 4);
const mainGenesis = testGenesis(set, 50);
const LEAVES = 8;

/** A witness proof under a leaf that the main chain did commit to: only its height and assurance are as given. */
function anchored(chain: string, height: number, assurance: number): AnchoredProof {
  const first = foreignHeader(bitcoinNetwork(chain).genesisHeader, 0);
  const { raw } = segwitBlock(first, 6);
  const prover = new BlockProver(raw);
  const start = Math.max(0, height - 3);
  const header = foreignHeader(prover.header, height);
  const checkpoint = {
    height: start,
    hash: start === 0 ? first.hash : sha256(utf8(`block ${start}`)),
    work: workOfBits(bitsAt(first.raw)),
    periodStartTime: first.time,
    periodStartBits: bitsAt(first.raw),
  };
  const specRoot = ChainSpecType.hashTreeRoot(specFor(chain, checkpoint));
  const leaf = {
    height,
    blockHash: header.hash,
    transactionsRoot: header.transactionsRoot,
    receiptsRoot: header.receiptsRoot,
    stateRoot: header.stateRoot,
    time: header.time,
    assurance,
    policyVersion: 1,
    rulesVersion: 1,
    mainHeight: 5,
  };
  const nodes = new MemoryNodes();
  const leaves = Array.from({ length: LEAVES }, (_, i) =>
    start + i === height ? leafRoot(specRoot, leaf) : sha256(utf8(`leaf ${i}`)),
  );
  const history = append(emptyHistory(start), leaves, nodes);
  const reference = { name: utf8(chain), checkpoint };
  const proof: AnchoredProof = {
    kind: ProofKind.bitcoinWitness,
    genesisRoot: GenesisType.hashTreeRoot(mainGenesis),
    leafAnchor: anchorLeaf(mainGenesis, [set], { chain: reference, specRoot, leaf, history, nodes }),
    payload: prover.proveWitness(prover.txids[4]!),
  };
  return decodeProof(encodeProof(proof, 'ssz', registryContext), registryContext).proof as AnchoredProof;
}

/** What the verifier says: the flaw and its message, or the claim's summary. */
function check(proof: AnchoredProof, over: Partial<VerifyOptions> = {}): string {
  try {
    const verdict = verifyProof(proof, {
      networks: networkData,
      payloads: payloadVerifiers,
      bls: quickBls,
      trust: trustFromGenesis(mainGenesis),
      ...over,
    });
    return 'claims' in verdict ? (verdict.claims[0]?.summary ?? '') : '';
  } catch (error) {
    if (!(error instanceof ProofError)) throw error;
    return `${error.flaw}: ${error.message}`;
  }
}

const networks = ['bitcoin-mainnet', 'bitcoin-testnet3', 'bitcoin-testnet4', 'bitcoin-signet'];

describe.each(networks)('an anchored witness proof of %s', (chain) => {
  const from = segwitHeight(chain);

  it('holds from the activation of segwit on, and not one block earlier', () => {
    expect(check(anchored(chain, from, Assurance.work))).toContain('with its witness');
    expect(check(anchored(chain, from - 1, Assurance.work))).toMatch(
      new RegExp(`^transaction-mismatch: .*${chain} has no segwit at height ${from - 1}, only from ${from}`),
    );
  });

  it('cannot pass for one without an anchor: another assurance is refused before the payload is read', () => {
    const verify = vi.fn(() => ({ summary: 'read', facts: {} }));
    const payloads = payloadVerifiers.map((one) => ({ ...one, verify }));
    for (const height of [from - 1, from]) {
      for (const assurance of [0, 2, 3, 4, 5, 255])
        expect(check(anchored(chain, height, assurance), { payloads })).toBe(
          `wrong-assurance: assurance ${assurance} is not one that ${chain} has`,
        );
    }
    expect(verify).not.toHaveBeenCalled();
    // That it would be read otherwise.
    expect(check(anchored(chain, from, Assurance.work), { payloads })).toBe('read');
  });

  it('not even where the verifier’s own data of networks allows the assurance 0', () => {
    const lax = { ...networkData, assurances: () => [0, Assurance.work] };
    expect(check(anchored(chain, from - 1, 0), { networks: lax })).toMatch(/^wrong-assurance/);
  });
});
