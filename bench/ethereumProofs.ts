import { readFileSync } from 'node:fs';
import { encodeEip1186, parseEip1186 } from '../adapters/ethereum/proofs/eip1186.js';
import {
  buildAccount,
  buildBlockLog,
  buildCode,
  buildCount,
  buildLogs,
  buildSeveral,
  buildStorage,
  buildWithdrawal,
  CountedList,
  decodeReceipt,
  EthereumBlockProver,
  ethereumPayloadVerifiers,
  ItemPart,
  logFilter,
  readEthereumHeader,
} from '../adapters/ethereum/proofs/index.js';
import { encodeHeaderJson } from '../adapters/ethereum/sources/encodeHeader.js';
import type { RpcObject } from '../adapters/ethereum/sources/fields.js';
import { addressOf, leafOfHeader } from '../adapters/ethereum/testing/chain.js';
import { CODE, nodesOf, block as sample, TOKEN } from '../adapters/ethereum/testing/kinds.js';
import { indexTrie } from '../adapters/ethereum/trie/build.js';
import type { ForeignHeader } from '../adapters/types.js';
import { bytesEqual } from '../proofs/bytes.js';
import { ProofKind, type ProofKindCode } from '../proofs/containers/proof.js';
import { useFastHasher } from '../proofs/hash/fast.js';
import { realBlock } from '../test/data/ethereum/blocks.js';
import { dataPath, hasData } from '../test/data/folder.js';
import { type Rate, race, report } from './measure.js';

/** What each kind of Ethereum payload costs on a real block: bytes, builds and checks a second. */
useFastHasher();

interface Subject {
  readonly name: string;
  readonly kind: ProofKindCode;
  readonly header: ForeignHeader;
  readonly build: () => Uint8Array;
}

const block = hasData ? realBlock(19_433_902) : sample;
const { header, withdrawals = [] } = block;
const transactions = block.transactions ?? [];
const receipts = block.receipts ?? [];
const prover = new EthereumBlockProver({ transactions, receipts });
const withdrawalTrie = indexTrie(withdrawals);
const logs = receipts.map((raw) => decodeReceipt(raw).logs);
/** The last transaction with a log: the dearest for its place in the block. */
const late = logs.findLastIndex((list) => list.length > 0);
const middle = logs.findIndex((list, i) => i >= logs.length / 2 && list.length > 0);
const contract = logs[middle]?.[0]?.address ?? TOKEN;
const every = transactions.map((_, index) => ({ index, part: ItemPart.receipt, log: 0 }));
const whole = [{ header: header.raw, receipts }];
const matching = logs.flat().filter(({ address }) => bytesEqual(address, contract)).length;

/** A real account and slot of mainnet; else a made one. */
function state(): { header: ForeignHeader; answer: string } {
  if (!hasData) {
    const { accountNodes } = nodesOf(TOKEN);
    return { header: sample.header, answer: encodeEip1186(sample.header.stateRoot, TOKEN, accountNodes) };
  }
  const file = readFileSync(dataPath('eth-proofs/mainnet_getProof_deposit_contract.json'), 'utf8');
  const { block: json, proof } = JSON.parse(file) as { block: RpcObject; proof: object };
  return { header: readEthereumHeader(encodeHeaderJson(json)), answer: JSON.stringify(proof) };
}
const { header: stateHeader, answer } = state();
const { address, accountNodes, slots } = parseEip1186(answer);

const subjects: Subject[] = [
  {
    name: 'transaction',
    kind: ProofKind.ethereumTransaction,
    header,
    build: () => prover.prove('tx', middle),
  },
  { name: 'receipt', kind: ProofKind.ethereumReceipt, header, build: () => prover.prove('receipt', middle) },
  { name: 'log', kind: ProofKind.ethereumLog, header, build: () => prover.prove('log', middle, 0) },
  {
    name: `log in its block, of transaction ${middle}`,
    kind: ProofKind.ethereumBlockLog,
    header,
    build: () => buildBlockLog(prover, middle, 0),
  },
  {
    name: `log in its block, of transaction ${late}`,
    kind: ProofKind.ethereumBlockLog,
    header,
    build: () => buildBlockLog(prover, late, 0),
  },
  {
    name: 'three transactions and a receipt',
    kind: ProofKind.ethereumSeveral,
    header,
    build: () =>
      buildSeveral(prover, [
        ...[1, 2, 3].map((index) => ({ index, part: ItemPart.transaction, log: 0 })),
        { index: 2, part: ItemPart.receipt, log: 0 },
      ]),
  },
  {
    name: `all ${every.length} transactions and receipts`,
    kind: ProofKind.ethereumSeveral,
    header,
    build: () => buildSeveral(prover, every),
  },
  {
    name: 'number of transactions',
    kind: ProofKind.ethereumCount,
    header,
    build: () => buildCount(CountedList.transactions, prover.transactionTrie, transactions.length),
  },
  {
    name: 'withdrawal',
    kind: ProofKind.ethereumWithdrawal,
    header,
    build: () => buildWithdrawal(header.raw, withdrawalTrie, 3),
  },
  {
    name: `all logs of a contract (${matching} of ${logs.flat().length})`,
    kind: ProofKind.ethereumLogs,
    header,
    build: () => buildLogs(logFilter([contract], []), whole),
  },
  {
    name: 'no logs of a contract, by the header',
    kind: ProofKind.ethereumLogs,
    header,
    build: () => buildLogs(quietFilter(), whole),
  },
  {
    name: 'account',
    kind: ProofKind.ethereumAccount,
    header: stateHeader,
    build: () => buildAccount(address, accountNodes),
  },
  ...(slots.length > 0
    ? [
        {
          name: 'storage slot',
          kind: ProofKind.ethereumStorage,
          header: stateHeader,
          build: () => buildStorage(stateHeader.stateRoot, address, accountNodes, slots),
        },
      ]
    : []),
  {
    name: `code of ${CODE.length} bytes, made`,
    kind: ProofKind.ethereumCode,
    header: sample.header,
    build: () => buildCode(TOKEN, nodesOf(TOKEN).accountNodes, CODE),
  },
];

/** Of a contract that the header's bloom excludes. */
function quietFilter() {
  for (let i = 0; ; i++) {
    const filter = logFilter([addressOf(`nobody ${i}`)], []);
    if (buildLogs(filter, whole).length < 2000) return filter;
  }
}

console.log(
  `${hasData ? 'A mainnet' : 'A made'} block of ${transactions.length} transactions and ${logs.flat().length} logs`,
);
console.log('\nBytes of the payload, SSZ');
const built = subjects.map(({ name, kind, header: of, build }) => {
  const payload = build();
  const verifier = ethereumPayloadVerifiers.find((one) => one.kind === kind);
  if (verifier === undefined) throw new RangeError(`no verifier of kind ${kind}`);
  const leaf = leafOfHeader(of);
  const check = () => verifier.verify(payload, leaf, 'ethereum-mainnet');
  check();
  console.log(`  ${name.padEnd(58)} ${payload.length.toLocaleString('en').padStart(14)}`);
  return { name, build, check };
});

/** Each subject alone: a tenth of a second of it a round. */
async function rates(which: 'build' | 'check'): Promise<Rate[]> {
  return race(
    built.map((subject) => {
      const run = subject[which];
      const began = performance.now();
      run();
      const count = Math.max(1, Math.min(500, Math.round(100 / (performance.now() - began))));
      return {
        name: subject.name,
        count,
        run: () => {
          for (let i = 0; i < count; i++) run();
        },
      };
    }),
    5,
  );
}
report('Payloads built, the block read before', await rates('build'));
report('Payloads checked', await rates('check'));
const [tries] = await race([
  {
    name: 'both tries of the block',
    count: 1,
    run: () => new EthereumBlockProver({ transactions: [...transactions], receipts: [...receipts] }),
  },
]);
if (tries !== undefined) report('Once a block', [tries]);
