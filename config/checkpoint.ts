import { z } from 'zod';
import { bitcoinNetwork } from '../adapters/bitcoin/rules/networks.js';
import { hasBeaconChain, trustedBlockCheckpoint } from '../adapters/ethereum/trustedBlock.js';
import { findNetwork, networkData } from '../adapters/registry.js';
import { fromHex } from '../proofs/bytes.js';
import { ChainKindCode, type Checkpoint } from '../proofs/containers/spec.js';
import { CrossrootError } from '../proofs/errors/base.js';
import { ConfigError } from './errors.js';
import { parseWith, readJsonFile } from './json.js';

const integer = z.union([
  z.string().regex(/^(0x[0-9a-fA-F]{1,64}|[0-9]{1,78})$/, 'is not an integer (decimal, or hex with 0x)'),
  z.number().int().nonnegative(),
]);

const blockRoot = z
  .string()
  .regex(/^0x[0-9a-fA-F]{64}$/, 'is not 32 bytes of hex with 0x')
  .refine((text) => !/^0x0*$/.test(text), 'is zero');

/** A beacon block taken on trust; the execution block in it is read from a beacon source. Documented in docs/formats.md. */
export const TrustedBlockSchema = z.strictObject({ trustedBlockRoot: blockRoot });

/** A block taken on trust. Documented in docs/formats.md. */
export const CheckpointSchema = z.strictObject({
  height: z.number().int().nonnegative(),
  /** As the chain's users write it. */
  hash: z.string(),
  /** Total work up to and including the block; default 0. */
  work: integer.optional(),
  /** Root of the beacon block that contains this block, for a chain that is followed by sync committee. */
  trustedBlockRoot: blockRoot.optional(),
  /** Bitcoin: time and compact target (hex) of the first block of its retarget period. */
  periodStartTime: z.number().int().nonnegative().optional(),
  periodStartBits: z
    .string()
    .regex(/^[0-9a-fA-F]{8}$/, 'is not 8 hex digits')
    .optional(),
  /** The raw header, hex; read from the chain's source where it is left out. */
  header: z.string().optional(),
});
export type CheckpointFile = z.output<typeof CheckpointSchema>;

export interface ReadCheckpoint {
  readonly checkpoint: Checkpoint;
  readonly header: Uint8Array | undefined;
}

/** @throws ConfigError */
export function toCheckpoint(chain: string, file: CheckpointFile, where: string): ReadCheckpoint {
  const { kind } = findNetwork(chain);
  try {
    const hash = networkData.parseHash(kind.code, file.hash);
    const header = file.header === undefined ? undefined : fromHex(file.header, 'header');
    const { trustedBlockRoot: root, work, periodStartTime, periodStartBits } = file;
    if (root !== undefined) {
      if (!hasBeaconChain(chain))
        throw new ConfigError(where, `trustedBlockRoot: no beacon chain is known for ${chain}`);
      if (work !== undefined || periodStartTime !== undefined || periodStartBits !== undefined)
        throw new ConfigError(where, 'trustedBlockRoot: such a chain has no work and no retarget period');
      return { checkpoint: trustedBlockCheckpoint(fromHex(root), file.height, hash), header };
    }
    if (kind.code === ChainKindCode.ethereum && BigInt(work ?? 0) !== 0n)
      throw new ConfigError(where, `work: ${chain} has none`);
    return {
      checkpoint: {
        height: file.height,
        hash,
        work: BigInt(work ?? 0),
        periodStartTime: periodStartTime ?? 0,
        periodStartBits: periodStartBits === undefined ? 0 : Number.parseInt(periodStartBits, 16),
      },
      header,
    };
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    if (error instanceof CrossrootError) throw new ConfigError(where, error.message, error);
    throw error;
  }
}

/**
 * Checks that a chain can be followed from the checkpoint, not only verified in a file: without the period's start, the
 * next target of a Bitcoin network could not be known.
 * @throws ConfigError
 */
export function checkFollowable(chain: string, checkpoint: Checkpoint, where: string): void {
  const { kind } = findNetwork(chain);
  if (kind.code !== ChainKindCode.bitcoin) return;
  if (checkpoint.work === 0n) throw new ConfigError(where, 'work: is needed to follow a Bitcoin chain');
  if (!bitcoinNetwork(chain).rules.retargets) return;
  if (checkpoint.periodStartTime === 0)
    throw new ConfigError(where, `periodStartTime: is needed for ${chain}`);
  if (checkpoint.periodStartBits === 0)
    throw new ConfigError(where, `periodStartBits: is needed for ${chain}`);
}

/** @throws ConfigError */
export async function readCheckpointFile(chain: string, path: string): Promise<ReadCheckpoint> {
  return toCheckpoint(chain, parseWith(CheckpointSchema, await readJsonFile(path), path), path);
}
