import { z } from 'zod';
import { parseAddress } from '../adapters/bitcoin/p2p/address.js';
import { NetworkDefinitionError } from '../adapters/bitcoin/rules/errors.js';
import { addCustomSignet } from '../adapters/bitcoin/rules/signets.js';
import { hasBeaconChain } from '../adapters/ethereum/trustedBlock.js';
import { findNetwork } from '../adapters/registry.js';
import { Assurance } from '../proofs/containers/leaf.js';
import { CrossrootError } from '../proofs/errors/base.js';
import { MalformedInputError } from '../proofs/errors/input.js';
import { parsePolicy, validatePolicy } from '../timing/policy.js';
import { ApiSchema } from './api.js';
import { CheckpointSchema, TrustedBlockSchema } from './checkpoint.js';
import { IndexSchema } from './index.js';
import { LogSchema } from './log.js';
import { MainSchema, port } from './main.js';
import { addNetworkDefinition, NetworkSchema } from './network.js';

const url = z.url({ protocol: /^https?$/, error: 'is not an http or https URL' });

/** By which logs, metrics and the API call a source; where it is stays here. */
const name = z
  .string()
  .regex(
    /^[\p{L}\p{N}][\p{L}\p{N} ._-]{0,63}$/u,
    'is not a name of 1 to 64 letters, digits, spaces and . _ -',
  )
  .optional();

const BitcoinCoreSource = z.strictObject({
  type: z.literal('bitcoin-core'),
  name,
  url,
  user: z.string().optional(),
  password: z.string().optional(),
  /** Path of Bitcoin Core's `.cookie`, instead of user and password. */
  cookieFile: z.string().optional(),
});
const BitcoinP2pSource = z.strictObject({
  type: z.literal('bitcoin-p2p'),
  name,
  /** `host`, `host:port`, `[IPv6]:port`, or `seeds` for nodes that the network's DNS seeds name. */
  address: z.string().refine(isPeerAddress, 'is not host, host:port or [IPv6]:port'),
});
const BitcoinRestSource = z.strictObject({ type: z.literal('bitcoin-rest'), name, url });
const EsploraSource = z.strictObject({
  type: z.literal('esplora'),
  name,
  url,
  /** Default 10. */
  requestsPerSecond: z.number().min(0.1).max(1000).optional(),
});
const BitcoinHeadersFileSource = z.strictObject({
  type: z.literal('bitcoin-headers-file'),
  name,
  /** A file of raw 80-byte headers. */
  path: z.string().min(1),
});
const EthereumRpcSource = z.strictObject({
  type: z.literal('ethereum-rpc'),
  name,
  url: z.url({ protocol: /^(https?|wss?)$/, error: 'is not an http, https, ws or wss URL' }),
  /** Calls a second; by default as many as it takes. */
  requestsPerSecond: z.number().min(0.1).max(10_000).optional(),
});
const BeaconApiSource = z.strictObject({
  type: z.literal('beacon-api'),
  name,
  url,
  /** Default 10. */
  requestsPerSecond: z.number().min(0.1).max(1000).optional(),
});
const BeaconFileSource = z.strictObject({
  type: z.literal('beacon-file'),
  name,
  /** A JSON file of bootstraps and updates in the Beacon API's form. */
  path: z.string().min(1),
});
export const SourceSchema = z.discriminatedUnion('type', [
  BitcoinCoreSource,
  BitcoinP2pSource,
  BitcoinRestSource,
  EsploraSource,
  BitcoinHeadersFileSource,
  EthereumRpcSource,
  BeaconApiSource,
  BeaconFileSource,
]);
export type SourceConfig = z.output<typeof SourceSchema>;
/** A source of finality alone. */
export type BeaconSourceConfig = Extract<SourceConfig, { readonly type: `beacon-${string}` }>;

/** What a source is called: its `name`, or its type and its place in the list, such as `esplora 2`. Tells nothing of where it is. */
export function sourceName({ name, type }: SourceConfig, place: number): string {
  return name ?? `${type} ${place + 1}`;
}

export function isBeaconSource(source: SourceConfig): source is BeaconSourceConfig {
  return source.type === 'beacon-api' || source.type === 'beacon-file';
}

/** A foreign node that `up` starts itself. */
export const DevnetSchema = z.strictObject({
  port: port.optional(),
  /** Bitcoin: program to run; by default `bitcoind` on PATH, else Crossroot's own regtest node. */
  bitcoind: z.string().optional(),
  /** Milliseconds between blocks; of a beacon chain: of a slot. */
  blockMilliseconds: z.number().int().min(100).max(600_000).optional(),
  /** Ethereum: a beacon chain beside the node, so that finality is a sync committee's; default true. */
  consensus: z.boolean().optional(),
  /** Port of the beacon chain's API. */
  beaconPort: port.optional(),
});
export type DevnetConfig = z.output<typeof DevnetSchema>;

const ChainSchema = z
  .strictObject({
    name: z.string(),
    /** Hex of the block challenge where `name` is a custom signet, `bitcoin-signet-…` (BIP325). */
    signetChallenge: z.string().optional(),
    /** The network itself where `name` is not built in; in the file the path of a file with it too. */
    network: NetworkSchema.optional(),
    /** `confirmations(k)`, `age(minutes)`, `safe`, `finalized` or `realtime`. */
    policy: z.string(),
    /** A file, or the checkpoint itself; by default the network's genesis. */
    checkpoint: z.union([z.string(), CheckpointSchema, TrustedBlockSchema]).optional(),
    /** Beacon API servers that are asked for a finalized block at which to begin, instead of `checkpoint`. */
    checkpointProviders: z.array(url).min(2).max(8).optional(),
    /** How many of them must agree; by default more than half, two at least. */
    checkpointQuorum: z.number().int().min(2).max(8).optional(),
    sources: z.array(SourceSchema).min(1).max(8).optional(),
    devnet: DevnetSchema.optional(),
    /** Ask the delegates to pause or to resume the chain; by default its status is left as it is. */
    status: z.enum(['active', 'paused']).optional(),
    pollMilliseconds: z.number().int().min(50).max(600_000).optional(),
    /** Blocks below the tip whose transactions, outputs, receipts and logs are indexed, besides those that come. */
    contentsDepth: z.number().int().min(0).max(2_000_000_000).default(10_000),
  })
  .superRefine((chain, context) => {
    const problem = (path: string, message: string) =>
      context.addIssue({ code: 'custom', path: [path], message });
    if ((chain.sources === undefined) === (chain.devnet === undefined)) {
      problem('sources', 'give either sources or devnet');
    }
    if (chain.devnet !== undefined && !DEVNET_CHAINS.includes(chain.name)) {
      problem('devnet', `only ${DEVNET_CHAINS.join(' and ')} can be started here`);
    }
    try {
      if (chain.signetChallenge !== undefined) addCustomSignet(chain.name, chain.signetChallenge);
      if (chain.network !== undefined) {
        if (chain.network.name !== chain.name)
          return problem('network', `is of ${chain.network.name.slice(0, 80)}, not of ${chain.name}`);
        addNetworkDefinition(chain.network);
      }
      const { kind, network } = findNetwork(chain.name);
      const names = (chain.sources ?? []).map(sourceName);
      const twice = names.find((one, i) => names.indexOf(one) !== i);
      if (twice !== undefined) problem('sources', `two are called ${twice}`);
      for (const source of chain.sources ?? []) {
        if (SOURCE_KINDS[source.type] !== kind.name)
          problem('sources', `${source.type} cannot read ${chain.name}`);
      }
      const byCommittee = checkBeacon(chain, problem);
      if (chain.name !== 'ethereum-local' && chain.devnet?.consensus !== undefined)
        problem('devnet', `consensus is not for ${chain.name}`);
      validatePolicy(parsePolicy(chain.policy), byCommittee ? Assurance.syncCommittee : network.assurance);
    } catch (error) {
      if (!(error instanceof CrossrootError)) throw error;
      const path =
        error.name === 'UnknownNetworkError'
          ? 'name'
          : chain.network !== undefined && NETWORK_ERRORS.has(error.name)
            ? 'network'
            : error instanceof NetworkDefinitionError || error instanceof MalformedInputError
              ? 'signetChallenge'
              : 'policy';
      const way = path === 'policy' && hasLocalBeacon(chain) ? ' (without one: devnet.consensus false)' : '';
      problem(path, error.message + way);
    }
  });
export type ChainConfig = z.output<typeof ChainSchema>;

/** Whether `up` starts a beacon chain for the chain. */
export function hasLocalBeacon({ name, devnet }: Pick<BeaconFields, 'name' | 'devnet'>): boolean {
  return name === 'ethereum-local' && devnet !== undefined && devnet.consensus !== false;
}

interface BeaconFields {
  readonly name: string;
  readonly devnet?: DevnetConfig | undefined;
  readonly checkpoint?: string | object | undefined;
  readonly checkpointProviders?: readonly string[] | undefined;
  readonly checkpointQuorum?: number | undefined;
  readonly sources?: readonly SourceConfig[] | undefined;
}

/**
 * Checks what belongs together where a chain is followed by its sync committees.
 * @returns whether it is
 */
function checkBeacon(chain: BeaconFields, problem: (path: string, message: string) => void): boolean {
  const { name, checkpoint, checkpointProviders: providers, checkpointQuorum: quorum, sources } = chain;
  if (hasLocalBeacon(chain)) return true;
  const hasRoot = typeof checkpoint === 'object' && 'trustedBlockRoot' in checkpoint;
  const hasBeacon = sources?.some(isBeaconSource) ?? false;
  if (
    quorum !== undefined &&
    (providers === undefined || quorum > providers.length || quorum * 2 <= providers.length)
  )
    problem('checkpointQuorum', 'is not more than half of the checkpointProviders, and at most all of them');
  if (!hasBeacon && !hasRoot && providers === undefined) return false;
  if (!hasBeaconChain(name)) problem('sources', `no beacon chain is known for ${name}`);
  if (checkpoint !== undefined && providers !== undefined)
    problem('checkpointProviders', 'give either checkpoint or checkpointProviders');
  if (sources === undefined) return true;
  if (!hasBeacon) problem('sources', 'a trusted beacon block needs a beacon-api or beacon-file source');
  if (sources.every(isBeaconSource))
    problem('sources', 'an ethereum-rpc source is needed too: beacon sources give no blocks');
  if (
    hasBeacon &&
    providers === undefined &&
    (checkpoint === undefined || (typeof checkpoint === 'object' && !hasRoot))
  )
    problem('checkpoint', 'beacon sources need checkpoint.trustedBlockRoot or checkpointProviders');
  return true;
}

const NETWORK_ERRORS = new Set(['NetworkDefinitionError', 'ConsensusNetworkError']);
export const DEVNET_CHAINS = ['bitcoin-regtest', 'ethereum-local'];
const SOURCE_KINDS: Record<SourceConfig['type'], string> = {
  'bitcoin-core': 'bitcoin',
  'bitcoin-p2p': 'bitcoin',
  'bitcoin-rest': 'bitcoin',
  esplora: 'bitcoin',
  'bitcoin-headers-file': 'bitcoin',
  'ethereum-rpc': 'ethereum',
  'beacon-api': 'ethereum',
  'beacon-file': 'ethereum',
};

const defaultChains: z.input<typeof ChainSchema>[] = [
  { name: 'bitcoin-regtest', policy: 'confirmations(2)', devnet: {} },
  { name: 'ethereum-local', policy: 'finalized', devnet: {} },
];

function listenSchema(number: number) {
  return z.strictObject({ host: z.string().default('127.0.0.1'), port: port.default(number) }).prefault({});
}

/** The whole configuration, of `crossroot up` and of every role. Documented in docs/formats.md. */
export const ConfigSchema = z.strictObject({
  logLevel: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
  main: MainSchema.prefault({}),
  chains: z
    .array(ChainSchema)
    .min(1)
    .max(16)
    .default(() => defaultChains.map((chain) => ChainSchema.parse(chain))),
  log: LogSchema.default({ type: 'embedded' }),
  index: IndexSchema.default({ type: 'chdb' }),
  api: ApiSchema.prefault({}),
  /** Where an indexer in a process of its own shows how it is. */
  indexer: listenSchema(4740),
  /** Where a relay in a process of its own shows how it is, and answers like an API server. */
  relay: listenSchema(4741),
  /** Pay and prove once at the start, on each chain whose node `up` runs. */
  demo: z.boolean().default(true),
});
export type Config = z.output<typeof ConfigSchema>;

export const DEFAULT_PORTS = { bitcoin: 4730, ethereum: 4731, beacon: 4732 } as const;

function isPeerAddress(text: string): boolean {
  try {
    parseAddress(text, 1);
    return true;
  } catch (error) {
    if (error instanceof CrossrootError) return false;
    throw error;
  }
}
