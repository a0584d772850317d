import { z } from 'zod';
import {
  addConsensusNetwork,
  type ConsensusNetworkDefinition,
  consensusNetwork,
  defineConsensusNetwork,
} from '../adapters/ethereum/consensus/networks.js';
import { beaconForksRoot, customEthereumNetwork } from '../adapters/ethereum/rules/customNetworks.js';
import { NetworkDefinitionError } from '../adapters/ethereum/rules/errors.js';
import { addEthereumNetwork, type EthereumNetwork } from '../adapters/ethereum/rules/networks.js';
import { fromHex } from '../proofs/bytes.js';
import { parseWith, readJsonFile } from './json.js';

const count = z.number().int().nonnegative();
const bytes32 = z.string().regex(/^0x[0-9a-fA-F]{64}$/, 'is not 32 bytes of hex with 0x');

const ForkSchema = z.union([
  /** Number of header fields from a height on. */
  z.strictObject({ fields: count, height: count }),
  /** … from a time on, Unix seconds. */
  z.strictObject({ fields: count, time: count }),
]);

const BeaconForkSchema = z.strictObject({
  fork: z.enum(['altair', 'bellatrix', 'capella', 'deneb', 'electra', 'fulu']),
  epoch: count,
  version: z.string().regex(/^0x[0-9a-fA-F]{8}$/, 'is not 4 bytes of hex with 0x'),
});

/** A network of the user's own, in a file or in the configuration. Documented in docs/formats.md. */
export const NetworkSchema = z.strictObject({
  name: z.string(),
  chainId: z.number().int().positive(),
  checksTime: z.boolean().default(true),
  /** Zero where the checkpoint stands for it. */
  genesisHash: bytes32.default(`0x${'00'.repeat(32)}`),
  forks: z.array(ForkSchema).max(32).default([]),
  /** Which rules headers are checked by: `ethereum`, all that Ethereum's own networks keep; `evm`, links, times and gas alone. */
  rules: z.enum(['ethereum', 'evm']).default('evm'),
  /** Its beacon chain, where it has one: then it may be followed by sync committee. */
  consensus: z
    .strictObject({
      preset: z.enum(['mainnet', 'minimal', 'gnosis']),
      /** Unix seconds; 0 where the clock is not checked. */
      genesisTime: count,
      genesisValidatorsRoot: bytes32,
      slotMilliseconds: z.number().int().positive(),
      forks: z.array(BeaconForkSchema).min(1).max(16),
      /** First epoch of a fork that is not known here. */
      unsupportedFrom: count.optional(),
    })
    .optional(),
});
export type NetworkFile = z.output<typeof NetworkSchema>;

/**
 * Makes a network known to this process. Adding the same one again does nothing; a name, chain id or genesis of a built-in
 * network is refused.
 * @throws NetworkDefinitionError, ConsensusNetworkError
 */
export function addNetworkDefinition(file: NetworkFile): EthereumNetwork {
  const beacon = beaconOf(file);
  if (beacon !== undefined) defineConsensusNetwork(beacon);
  const network = customEthereumNetwork({
    name: file.name,
    chainId: file.chainId,
    checksTime: file.checksTime,
    genesisHash: fromHex(file.genesisHash, 'genesisHash', 32),
    forks: file.forks.map((fork) =>
      'time' in fork
        ? { fields: fork.fields, from: { time: fork.time } }
        : { fields: fork.fields, from: { height: fork.height } },
    ),
    rules: file.rules,
    ...(beacon === undefined ? {} : { beaconForks: beaconForksRoot(beacon.forks, beacon.unsupportedFrom) }),
  });
  const added = addEthereumNetwork(network);
  if (beacon !== undefined) addConsensusNetwork(beacon);
  else if (consensusNetwork(file.name) !== undefined)
    throw new NetworkDefinitionError(file.name, 'is known already, with a beacon chain');
  return added;
}

/**
 * Reads a network's file.
 * @throws ConfigError
 */
export async function readNetworkFile(path: string): Promise<NetworkFile> {
  return parseWith(NetworkSchema, await readJsonFile(path), path);
}

function beaconOf({ name, consensus }: NetworkFile): ConsensusNetworkDefinition | undefined {
  if (consensus === undefined) return undefined;
  const { preset, genesisTime, slotMilliseconds, unsupportedFrom } = consensus;
  return {
    name,
    preset,
    genesisTime,
    slotMilliseconds,
    genesisValidatorsRoot: fromHex(consensus.genesisValidatorsRoot, 'genesisValidatorsRoot', 32),
    forks: consensus.forks.map(({ fork, epoch, version }) => ({
      fork,
      epoch,
      version: fromHex(version, 'version', 4),
    })),
    ...(unsupportedFrom === undefined ? {} : { unsupportedFrom }),
  };
}
