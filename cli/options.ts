import { InvalidArgumentError, Option } from 'commander';

/** Every option of the command line with its type, default and help, in one place. */
export const DEFAULT_API = 'http://127.0.0.1:4700';
export const DEFAULT_DATA = './data';

function whole(text: string): number {
  if (!/^[0-9]{1,15}$/.test(text)) throw new InvalidArgumentError('Not a whole number.');
  return Number(text);
}

function tcpPort(text: string): number {
  const port = whole(text);
  if (port < 1 || port > 65_535) throw new InvalidArgumentError('Not a port.');
  return port;
}

function collect(text: string, before: readonly string[] | undefined): string[] {
  return [...(before ?? []), text];
}

export const options = {
  json: () => new Option('--json', 'machine-readable output').default(false),
  config: () => new Option('--config <file>', 'configuration file (docs/formats.md)'),
  data: () => new Option('--data <dir>', 'data folder').default(DEFAULT_DATA),
  passphraseFile: () =>
    new Option(
      '--passphrase-file <file>',
      'passphrase of the keys, instead of the one beside each of them (or CROSSROOT_PASSPHRASE_FILE, CROSSROOT_PASSPHRASE)',
    ),
  once: () => new Option('--once', 'end after the proofs').default(false),
  rebuildIndex: () =>
    new Option(
      '--rebuild-index <contents>',
      'make the index anew from the log beside the one in use; contents of blocks are copied from it, or fetched from the sources',
    ).choices(['copy', 'fetch'] as const),
  delegate: () => new Option('--index <i>', 'which delegate, from 0').argParser(whole).makeOptionMandatory(),
  place: () =>
    new Option('--index <i>', 'which one of several, from 0: each has a folder of its own')
      .argParser(whole)
      .default(0),
  operator: () =>
    new Option('--index <i>', 'which one of several, from 0: each has an account and a folder of its own')
      .argParser(whole)
      .default(0),
  listenHost: () => new Option('--host <address>', 'where to listen, instead of what the configuration says'),
  listenPort: () =>
    new Option('--port <n>', 'port to listen on, instead of what the configuration says').argParser(tcpPort),
  logFile: () => new Option('--log-file <file>', 'write the log, JSON lines, here instead of standard error'),
  api: () => new Option('--api <url>', 'address of the API').default(DEFAULT_API),
  chain: () => new Option('--chain <name>', 'foreign chain, such as bitcoin-mainnet'),
  startHeight: () =>
    new Option(
      '--start-height <n>',
      'height of the first header; without it the file begins at genesis',
    ).argParser(whole),
  checkpoint: () => new Option('--checkpoint <file>', 'trusted block: the first header is it, or follows it'),
  now: () =>
    new Option(
      '--now <unix>',
      'clock for the two-hour rule, Unix seconds (default: this machine’s)',
    ).argParser(whole),
  signetChallenge: () =>
    new Option('--signet-challenge <hex>', 'block challenge of a custom signet, --chain bitcoin-signet-NAME'),
  signetChallenges: () =>
    new Option(
      '--signet-challenge <name=hex>',
      'block challenge of a custom signet, such as bitcoin-signet-mine=51; may be repeated',
    ).argParser(collect),
  networkFiles: () =>
    new Option(
      '--network-file <file>',
      'a network that is not built in (docs/formats.md); may be repeated',
    ).argParser(collect),
  blockHeight: () =>
    new Option(
      '--height <n>',
      'height of the block, for --warn, where its coinbase does not tell it (BIP34)',
    ).argParser(whole),
  warn: () =>
    new Option(
      '--warn <rules>',
      'also tell what these rules, no consensus yet, would forbid; refuses nothing',
    ).choices(['bip54']),
  tx: () =>
    new Option(
      '--tx <hash>',
      'transaction; several with --kind txs or --offline. Ethereum: among several also HASH:receipt, HASH:log:N',
    ).argParser(collect),
  kind: () =>
    new Option(
      '--kind <kind>',
      'what to prove. Bitcoin: tx, txs, witness, output, spend, data; Ethereum: tx, txs, receipt, log, block-log, and about a block: account, storage, code, withdrawal, count, logs',
    ).default('tx'),
  outputIndex: () =>
    new Option('--output-index <n>', 'output to prove, from 0, for --kind output and data').argParser(whole),
  address: () =>
    new Option(
      '--address <address>',
      'for --kind output, instead of --output-index: who it pays to. For account, storage, code: the account. For logs: the contract. Both may be repeated for account and logs',
    ).argParser(collect),
  slot: () =>
    new Option('--slot <n>', 'storage slot for --kind storage, decimal or hex; may be repeated').argParser(
      collect,
    ),
  topic: () =>
    new Option(
      '--topic <hex>',
      'for --kind logs: topic at the first place, alternatives joined by commas, or any; again for the next place',
    ).argParser(collect),
  withdrawal: () =>
    new Option('--withdrawal <n>', 'for --kind withdrawal: its place in the block, from 0').argParser(whole),
  list: () => new Option('--list <list>', 'for --kind count').choices(['transactions', 'withdrawals']),
  fromBlock: () =>
    new Option('--from-block <height>', 'for --kind logs: first block of a range').argParser(whole),
  toBlock: () =>
    new Option('--to-block <block>', 'for --kind logs: last block of a range, by height or hash'),
  input: () => new Option('--input <n>', 'input to prove, from 0, for --kind spend').argParser(whole),
  outpoint: () => new Option('--outpoint <txid:n>', 'instead of --input: the output that is spent'),
  log: () =>
    new Option(
      '--log <n>',
      'index of the log within the transaction, for --kind log and block-log',
    ).argParser(whole),
  reorg: () =>
    new Option('--reorg <n>', 'prove reorganisation number n of the chain (from 0)').argParser(whole),
  format: () =>
    new Option(
      '--format <format>',
      'json, ssz: a proof. txoutproof, esplora, electrum: a Merkle branch as Bitcoin Core, Esplora and Electrum write it. eip1186: an account and slots as eth_getProof answers them',
    )
      .choices(['json', 'ssz', 'txoutproof', 'esplora', 'electrum', 'eip1186'])
      .default('json'),
  height: () =>
    new Option('--height <n>', 'height of the block, for branches of blocks that do not say it').argParser(
      whole,
    ),
  importFormat: () =>
    new Option('--format <format>', 'form of the files')
      .choices(['txoutproof', 'esplora', 'electrum', 'eip1186'])
      .makeOptionMandatory(),
  header: () =>
    new Option(
      '--header <hex>',
      "the block's raw header in hex, or @ and a file (for eip1186 also the JSON of a node's block); txoutproof holds it",
    ),
  raw: () =>
    new Option('--raw <hex>', 'raw Bitcoin transaction in hex, or @ and a file; the coinbase too').argParser(
      collect,
    ),
  as: () => new Option('--as <format>', 'format of the proof').choices(['json', 'ssz']).default('json'),
  output: () => new Option('-o, --output <file>', 'write here instead of standard output'),
  offline: () => new Option('--offline <kind>', 'prove from a block file alone').choices(['bitcoin']),
  block: () =>
    new Option(
      '--block <block>',
      'block that is asked about, by height or hash (default: the newest provable). With --offline: file of the raw block',
    ),
  evidenceNumber: () => new Option('--number <n>', 'number of the record').argParser(whole),
  fromTerm: () =>
    new Option(
      '--from-term <n>',
      'first hand-over to include: the term of the trust that will be used',
    ).argParser(whole),
  trust: () =>
    new Option(
      '--trust <file>',
      'genesis or certified header to trust (default: genesis.json in the data folder)',
    ),
  blockHash: () => new Option('--block-hash <hash>', 'block that you trust, for proofs without an anchor'),
  asOf: () =>
    new Option('--as-of', 'accept an older header through the main chain’s own history').default(false),
  minMainHeight: () =>
    new Option('--min-main-height <n>', 'refuse proofs as of a lower main height').argParser(whole),
  maxAge: () => new Option('--max-age <seconds>', 'refuse proofs older than this').argParser(whole),
  acceptStaleAnchor: () =>
    new Option('--accept-stale-anchor', 'accept a trust more than three terms old').default(false),
} as const;
