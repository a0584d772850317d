import { BlockProver } from '../../adapters/bitcoin/proofs/build.js';
import { buildPart } from '../../adapters/bitcoin/proofs/part.js';
import { foreignHeader } from '../../adapters/bitcoin/rules/header.js';
import { bitcoinNetwork } from '../../adapters/bitcoin/rules/networks.js';
import { segwitBlock } from '../../adapters/bitcoin/testing/segwit.js';
import { samples } from '../../adapters/ethereum/testing/kinds.js';
import { formatContext } from '../../adapters/registry.js';
import { toHex, utf8 } from '../../proofs/bytes.js';
import { CommitmentType, ReorgType } from '../../proofs/containers/commitment.js';
import { VoteDataType } from '../../proofs/containers/consensus.js';
import { type DomainName, DomainType, signingDomain, signingRoot } from '../../proofs/containers/domains.js';
import { GenesisType } from '../../proofs/containers/genesis.js';
import { MainHeaderType } from '../../proofs/containers/header.js';
import { Assurance, LeafType } from '../../proofs/containers/leaf.js';
import { ProofKind } from '../../proofs/containers/proof.js';
import { ChainSpecType } from '../../proofs/containers/spec.js';
import { TransactionType } from '../../proofs/containers/transaction.js';
import { encodeProof } from '../../proofs/format/file.js';
import { isAnchoredKind } from '../../proofs/format/proof.js';
import { sha256 } from '../../proofs/hash/hasher.js';
import { append, emptyHistory, historyRoot } from '../../proofs/history/history.js';
import { MemoryNodes } from '../../proofs/history/nodes.js';
import { leafPath } from '../../proofs/history/path.js';
import { anchoredFixture, fixtureContext } from '../fixtures/anchored.js';
import { testGenesis, testHeader, testSet } from '../fixtures/mainChain.js';

const filler = (label: string) => sha256(utf8(label));

/** Everything that another implementation must reproduce byte for byte. Deterministic. */
export function goldenVectors() {
  const set = testSet('golden', 4);
  const genesis = testGenesis(set, 50);
  const genesisRoot = GenesisType.hashTreeRoot(genesis);
  const header = testHeader(genesis, set, { height: 10 });
  const leaf = {
    specRoot: filler('spec'),
    height: 113,
    blockHash: filler('block'),
    transactionsRoot: filler('transactions'),
    receiptsRoot: filler('receipts'),
    stateRoot: filler('state'),
    time: 1_600_000_000,
    assurance: Assurance.work as number,
    policyVersion: 2,
    rulesVersion: 1,
    mainHeight: 9,
  };
  const commitment = {
    specRoot: filler('spec'),
    status: 1,
    epoch: 2,
    start: 100,
    size: 21,
    historyRoot: filler('history'),
    tipHeight: 124,
    tipHash: filler('tip'),
    reorgRoot: filler('reorgs'),
    reorgCount: 2,
    policyVersion: 2,
  };
  const reorg = {
    specRoot: filler('spec'),
    forkHeight: 110,
    epoch: 2,
    oldSize: 15,
    oldRoot: filler('old'),
    oldTipHeight: 116,
    oldTipHash: filler('old tip'),
    newTipHeight: 117,
    newTipHash: filler('new tip'),
    mainHeight: 8,
  };
  const spec = {
    kind: 1,
    name: utf8('fixture-chain'),
    parameters: utf8('rules'),
    genesisHash: filler('genesis'),
    checkpoint: { height: 100, hash: filler('checkpoint'), work: 5n, periodStartTime: 7, periodStartBits: 9 },
  };
  const vote = {
    genesisRoot,
    term: 0,
    setRoot: set.root,
    source: { height: 10, root: MainHeaderType.hashTreeRoot(header) },
    target: { height: 11, root: filler('child') },
  };
  const transaction = {
    sender: set.members[0]?.account ?? new Uint8Array(20),
    nonce: 3,
    fee: 12n,
    mark: filler('mark').subarray(0, 8),
    call: { method: 1, payload: utf8('payload') },
  };
  const pair = <T>(type: { serialize(v: T): Uint8Array; hashTreeRoot(v: T): Uint8Array }, value: T) => ({
    ssz: toHex(type.serialize(value)),
    root: toHex(type.hashTreeRoot(value)),
  });
  const nodes = new MemoryNodes();
  const histories = [0, 1, 2, 3, 7, 8, 21].map((size) => {
    const leaves = Array.from({ length: size }, (_, i) => filler(`leaf ${i}`));
    const history = append(emptyHistory(100), leaves, nodes);
    const index = Math.max(0, size - 2);
    const path = size > 0 ? leafPath(history, index, nodes).map(toHex) : [];
    return {
      start: 100,
      size,
      root: toHex(historyRoot(history)),
      peaks: history.peaks.map(toHex),
      index,
      path,
    };
  });
  return {
    note: 'Leaves of histories are sha256("leaf i"); fillers are sha256 of their label.',
    containers: {
      chainSpec: pair(ChainSpecType, spec),
      leaf: pair(LeafType, leaf),
      commitment: pair(CommitmentType, commitment),
      reorg: pair(ReorgType, reorg),
      mainHeader: pair(MainHeaderType, header),
      genesis: pair(GenesisType, genesis),
      voteData: pair(VoteDataType, vote),
      transaction: pair(TransactionType, transaction),
    },
    signing: {
      domains: Object.fromEntries(
        Object.keys(DomainType).map((name) => [name, toHex(signingDomain(name as DomainName, genesisRoot))]),
      ),
      voteRoot: toHex(signingRoot(VoteDataType, vote, 'vote', genesisRoot)),
    },
    histories,
    proofs: {
      plain: toHex(encodeProof(anchoredFixture().proof, 'ssz', fixtureContext)),
      handOverAndAncestry: toHex(
        encodeProof(anchoredFixture({ terms: 1, older: true }).proof, 'ssz', fixtureContext),
      ),
      plainJson: new TextDecoder().decode(encodeProof(anchoredFixture().proof, 'json', fixtureContext)),
    },
    bitcoinKinds: bitcoinKinds(),
    ethereumKinds: ethereumKinds(),
  };
}

/** The payload of every kind about Bitcoin, of the same transaction of one block; as proofs without an anchor, in both forms. */
function bitcoinKinds() {
  const genesis = foreignHeader(bitcoinNetwork('bitcoin-regtest').genesisHeader, 0);
  const { raw } = segwitBlock(genesis, 7);
  const prover = new BlockProver(raw);
  const [first, , , fourth = first] = prover.txids;
  if (first === undefined || fourth === undefined) throw new RangeError('the block has seven transactions');
  const one = prover.prove([fourth]);
  const payloads = [
    [ProofKind.bitcoinTransaction, one],
    [ProofKind.bitcoinTransactions, prover.prove([first, fourth])],
    [ProofKind.bitcoinWitness, prover.proveWitness(fourth)],
    [ProofKind.bitcoinOutput, buildPart(ProofKind.bitcoinOutput, one, 2)],
    [ProofKind.bitcoinSpend, buildPart(ProofKind.bitcoinSpend, one, 1)],
    [ProofKind.bitcoinData, buildPart(ProofKind.bitcoinData, one, 1)],
  ] as const;
  const about = { kind: ProofKind.unanchored, chain: utf8('bitcoin-regtest'), header: prover.header };
  return {
    block: toHex(raw),
    proofs: payloads.map(([payloadKind, payload]) => {
      const proof = { ...about, payloadKind, payload };
      return {
        payloadKind,
        ssz: toHex(encodeProof(proof, 'ssz', formatContext)),
        json: new TextDecoder().decode(encodeProof(proof, 'json', formatContext)),
      };
    }),
  };
}

/** Payloads of the kinds about Ethereum from 13 on, as proofs without an anchor; those whose JSON has lists of lists in both forms. */
function ethereumKinds() {
  const inBoth = ['several', 'slots', 'logs'];
  return Object.entries(samples).map(([name, [payloadKind, payload, header]]) => {
    if (!isAnchoredKind(payloadKind)) throw new RangeError(`${payloadKind} has no payload`);
    const about = { kind: ProofKind.unanchored, chain: utf8('ethereum-local'), header: header.raw };
    const proof = { ...about, payloadKind, payload };
    const json = () => new TextDecoder().decode(encodeProof(proof, 'json', formatContext));
    return {
      name,
      payloadKind,
      blockHash: toHex(header.hash),
      ssz: toHex(encodeProof(proof, 'ssz', formatContext)),
      ...(inBoth.includes(name) ? { json: json() } : {}),
    };
  });
}
