import type * as z from 'zod';
import { trustedBlockRoot } from '../../adapters/ethereum/trustedBlock.js';
import { assuranceFor } from '../../adapters/mode.js';
import type { ForeignHeader } from '../../adapters/types.js';
import type { ChainState, MainChainClient } from '../../mainchain/rpc/types.js';
import { toHex, ZERO32 } from '../../proofs/bytes.js';
import { ChainStatus, type Reorg } from '../../proofs/containers/commitment.js';
import type { BlockRef } from '../../proofs/containers/consensus.js';
import type { Genesis } from '../../proofs/containers/genesis.js';
import type { MainHeader } from '../../proofs/containers/header.js';
import { Assurance } from '../../proofs/containers/leaf.js';
import { formatPolicy } from '../../timing/policy.js';
import type { RelayChain } from '../ports.js';
import { publicText } from '../publicText.js';
import type { ApiContext, LastStep } from './context.js';
import type * as s from './schemas.js';

/** Newest leaf of each chain under the finalised main-chain header, by spec root. */
export interface FinalizedLeaves {
  readonly mainHeight: number;
  readonly bySpec: ReadonlyMap<string, { readonly height: number; readonly epoch: number }>;
}

export async function finalizedLeaves(
  client: Pick<MainChainClient, 'commitments'>,
): Promise<FinalizedLeaves> {
  const at = await client.commitments('finalized');
  const entries = (at?.commitments ?? []).map(
    (c) => [toHex(c.specRoot), { height: c.start + c.size - 1, epoch: c.epoch }] as const,
  );
  return { mainHeight: at?.header.height ?? 0, bySpec: new Map(entries) };
}

const ASSURANCE_NAMES = new Map<number, string>([
  [Assurance.work, 'work'],
  [Assurance.syncCommittee, 'sync-committee'],
  [Assurance.attested, 'attested'],
  [Assurance.native, 'native'],
]);

export function statusName(status: number): 'active' | 'paused' {
  return status === ChainStatus.paused ? 'paused' : 'active';
}

export async function chainView(
  context: Pick<ApiContext, 'operating' | 'client'>,
  chain: RelayChain,
  state: ChainState | undefined,
  finalized: FinalizedLeaves,
): Promise<z.output<typeof s.Chain>> {
  const { kind, local, registration } = chain;
  const [health, localTip] = await Promise.all([local.health(), local.tip()]);
  const tip = (at: { readonly height: number; readonly hash: Uint8Array }) => ({
    height: String(at.height),
    hash: kind.displayHash(at.hash),
  });
  const leaf = state && finalized.bySpec.get(toHex(state.specRoot));
  const network = kind.networks.find((one) => one.name === chain.name);
  const assurance = network && assuranceFor(kind, network, registration.spec.checkpoint);
  return {
    name: chain.name,
    kind: kind.name,
    assurance: ASSURANCE_NAMES.get(assurance ?? 0) ?? 'unknown',
    status: state ? statusName(state.status) : 'unregistered',
    source: {
      name: publicText(health.source),
      healthy: health.healthy,
      ...(health.problem ? { problem: publicText(health.problem) } : {}),
    },
    local: localTip ? tip(localTip) : null,
    specRoot: state ? toHex(state.specRoot) : null,
    policy: formatPolicy(state?.policy ?? registration.policy),
    policyVersion: state?.policyVersion ?? null,
    rulesVersion: state?.rulesVersion ?? kind.rulesVersion,
    start: String(state?.start ?? registration.spec.checkpoint.height),
    size: state ? String(state.size) : null,
    epoch: state ? String(state.epoch) : null,
    historyRoot: state ? toHex(state.historyRoot) : null,
    accepted: state ? { ...tip(state.tip), work: state.tip.work.toString() } : null,
    committed: state ? tip(state.committed) : null,
    finalized: leaf ? { height: String(leaf.height), mainHeight: String(finalized.mainHeight) } : null,
    reorganisations: state?.reorgCount ?? 0,
    lightClient: assurance === Assurance.syncCommittee ? await lightClientView(context, chain, state) : null,
    submission: context.operating ? submissionView(context.operating.lastStep(chain.name)) : null,
  };
}

async function lightClientView(
  { client }: Pick<ApiContext, 'client'>,
  { name, kind, registration }: RelayChain,
  state: ChainState | undefined,
): Promise<z.output<typeof s.LightClient>> {
  const finality = state && (await client.finality(name));
  const { checkpoint } = registration.spec;
  const tip = (at: { readonly height: number; readonly hash: Uint8Array }) => ({
    height: String(at.height),
    hash: kind.displayHash(at.hash),
  });
  return {
    trustedBlockRoot: toHex(trustedBlockRoot(checkpoint) ?? ZERO32),
    slot: finality ? String(finality.final.slot) : null,
    period: finality ? String(finality.final.period) : null,
    final: finality ? tip(finality.final) : null,
    pending: finality?.pending ? tip(finality.pending) : null,
  };
}

function submissionView(last: LastStep | undefined): z.output<typeof s.Submission> {
  if (!last) return { state: 'starting', message: 'not looked at yet' };
  const time = new Date(last.time).toISOString();
  if (last.error !== undefined) return { state: 'error', message: publicText(last.error), time };
  const result = last.result;
  if (result?.kind === 'submitted')
    return { state: 'submitted', message: `${result.what} ${result.from}..${result.to}`, time };
  if (result?.kind === 'paused') return { state: 'paused', message: 'paused on the main chain', time };
  return { state: 'idle', message: result?.reason ?? '', time };
}

export function headerView(chain: RelayChain, header: ForeignHeader): z.output<typeof s.Header> {
  return {
    height: String(header.height),
    hash: chain.kind.displayHash(header.hash),
    parentHash: chain.kind.displayHash(header.parentHash),
    transactionsRoot: toHex(header.transactionsRoot),
    receiptsRoot: toHex(header.receiptsRoot),
    stateRoot: toHex(header.stateRoot),
    time: String(header.time),
    raw: toHex(header.raw),
  };
}

export function reorgView(chain: RelayChain, reorg: Reorg, index: number): z.output<typeof s.Reorganisation> {
  const tip = (height: number, hash: Uint8Array) => ({
    height: String(height),
    hash: chain.kind.displayHash(hash),
  });
  return {
    index,
    forkHeight: String(reorg.forkHeight),
    epoch: String(reorg.epoch),
    oldSize: String(reorg.oldSize),
    oldRoot: toHex(reorg.oldRoot),
    oldTip: tip(reorg.oldTipHeight, reorg.oldTipHash),
    newTip: tip(reorg.newTipHeight, reorg.newTipHash),
    mainHeight: String(reorg.mainHeight),
    proof: `/v1/chains/${chain.name}/reorgs/${index}/proof`,
  };
}

export function mainHeaderView(
  header: MainHeader,
  root: Uint8Array,
  genesis: Genesis,
  finalizedHeight: number,
): z.output<typeof s.MainHeader> {
  return {
    root: toHex(root),
    height: String(header.height),
    slot: String(header.slot),
    time: new Date(genesis.time + header.slot * genesis.slotMilliseconds).toISOString(),
    term: String(header.term),
    round: String(header.round),
    position: header.position,
    producer: header.producer,
    parentRoot: toHex(header.parentRoot),
    transactionsRoot: toHex(header.transactionsRoot),
    receiptsRoot: toHex(header.receiptsRoot),
    stateRoot: toHex(header.stateRoot),
    indexRoot: toHex(header.indexRoot),
    historyRoot: toHex(header.historyRoot),
    setRoot: toHex(header.setRoot),
    nextSetRoot: toHex(header.nextSetRoot),
    certificateRoot: toHex(header.certificateRoot),
    extra: toHex(header.extra),
    finalized: header.height <= finalizedHeight,
  };
}

export function referenceView(block: BlockRef): z.output<typeof s.BlockReference> {
  return { height: String(block.height), root: toHex(block.root) };
}

export async function finalityView(client: MainChainClient): Promise<z.output<typeof s.Finality>> {
  const status = await client.status();
  const certificate = await client.certificate(status.finalized.height);
  return {
    genesisRoot: toHex(status.genesisRoot),
    head: { ...referenceView(status.head), slot: String(status.head.slot) },
    justified: referenceView(status.justified),
    finalized: referenceView(status.finalized),
    term: String(status.term),
    setRoot: toHex(status.setRoot),
    delegates: status.delegates,
    peers: status.peers,
    pool: status.pool,
    certificate: certificate
      ? {
          term: String(certificate.vote.term),
          target: referenceView(certificate.vote.target),
          signers: certificate.bits.getTrueBitIndexes().length,
          signature: toHex(certificate.signature),
        }
      : null,
  };
}
