import { bytesEqual, fromHex, toHex } from '../../../proofs/bytes.js';
import { MalformedInputError } from '../../../proofs/errors/input.js';
import { BeaconBlockHeaderType, CheckpointType, ForkType } from '../containers/common.js';
import { forkEntry, versionAtEpoch } from '../forks.js';
import { forkOf, type LightRecord } from '../light/record.js';
import type { BeaconNode } from '../node.js';
import { TYPES } from '../types.js';
import { notFound, type Reply, type Request } from './reply.js';

interface Found {
  readonly root: Uint8Array;
  readonly record: LightRecord;
}

/** A block by `head`, `genesis`, `finalized`, `justified`, slot, block root or, for states, state root. */
function find(node: BeaconNode, id: string | undefined): Found | undefined {
  const { chain } = node;
  if (id === 'head') return chain.head;
  if (id === 'finalized') return chain.finalized;
  if (id === 'genesis') return at(node, 0);
  if (id === 'justified') {
    const { root } = chain.head.record.justified;
    return byRoot(node, root) ?? at(node, 0);
  }
  if (id !== undefined && /^\d{1,15}$/.test(id)) return at(node, Number(id));
  try {
    return byRoot(node, fromHex(id ?? '', 'block', 32));
  } catch (error) {
    if (error instanceof MalformedInputError) return undefined;
    throw error;
  }
}

function at(node: BeaconNode, slot: number): Found | undefined {
  const root = node.chain.store.canonical(slot);
  return root && byRoot(node, root);
}
function byRoot(node: BeaconNode, root: Uint8Array): Found | undefined {
  const record = node.chain.store.record(root);
  return record && { root, record };
}

function isCanonical(node: BeaconNode, { root, record }: Found): boolean {
  const known = node.chain.store.canonical(record.header.slot);
  return known !== undefined && bytesEqual(known, root);
}

/** What the Beacon API puts around data of a block. */
function framed(node: BeaconNode, found: Found, data: unknown): { json: unknown } {
  const finalized =
    isCanonical(node, found) && found.record.header.slot <= node.chain.finalized.record.header.slot;
  return { json: { execution_optimistic: false, finalized, data } };
}

function headerJson(node: BeaconNode, found: Found): unknown {
  const message = BeaconBlockHeaderType.toJson(found.record.header);
  return {
    root: toHex(found.root),
    canonical: isCanonical(node, found),
    header: { message, signature: toHex(found.record.signature) },
  };
}

/** Answers below `eth/v1/beacon/headers`. */
export async function headersRoute(
  node: BeaconNode,
  id: string | undefined,
  request: Request,
): Promise<Reply> {
  if (id !== undefined) {
    const found = find(node, id);
    return found === undefined ? notFound('block') : framed(node, found, headerJson(node, found));
  }
  const slot = Number(request.query.get('slot') ?? node.chain.head.slot);
  const parent = request.query.get('parent_root');
  const roots = Number.isSafeInteger(slot) && slot >= 0 ? await node.chain.store.blocks(slot, slot + 1) : [];
  const found = roots
    .map(({ root }) => byRoot(node, root))
    .filter((one) => one !== undefined)
    .filter(({ record }) => parent === null || toHex(record.header.parentRoot) === parent.toLowerCase());
  const data = found.map((one) => headerJson(node, one));
  return { json: { execution_optimistic: false, finalized: false, data } };
}

/** Answers below `eth/v1/beacon/blocks` and `eth/v2/beacon/blocks`. */
export function blocksRoute(node: BeaconNode, [id, what]: readonly string[], { ssz }: Request): Reply {
  const found = find(node, id);
  if (found === undefined) return notFound('block');
  if (what === 'root') return framed(node, found, { root: toHex(found.root) });
  const stored = what === undefined ? node.chain.store.block(found.root) : undefined;
  if (stored === undefined) return notFound('block');
  const version = stored.fork;
  if (ssz) return { ssz: stored.bytes, version };
  const type = TYPES[version].signedBlock;
  const { json } = framed(node, found, type.toJson(type.deserialize(stored.bytes) as never));
  return { json: { version, ...(json as object) }, version };
}

/** Answers below `eth/v1/beacon/states`. */
export function statesRoute(node: BeaconNode, [id, what]: readonly string[]): Reply {
  const found = find(node, id);
  if (found === undefined) return notFound('state');
  const { header, previousJustified, justified, finalized } = found.record;
  switch (what) {
    case 'root':
      return framed(node, found, { root: toHex(header.stateRoot) });
    case 'fork': {
      const { epoch, version } = forkEntry(forkOf(found.record));
      const previousVersion = versionAtEpoch(Math.max(0, epoch - 1));
      return framed(node, found, ForkType.toJson({ previousVersion, currentVersion: version, epoch }));
    }
    case 'finality_checkpoints':
      return framed(node, found, {
        previous_justified: CheckpointType.toJson(previousJustified),
        current_justified: CheckpointType.toJson(justified),
        finalized: CheckpointType.toJson(finalized),
      });
    default:
      return notFound('route');
  }
}
