import { rangeDigest } from '../adapters/digest.js';
import { SourceFaultError, SourceUnavailableError } from '../adapters/errors.js';
import { assuranceFor } from '../adapters/mode.js';
import { findNetwork } from '../adapters/registry.js';
import type { Source } from '../adapters/source.js';
import { ApprovalRefusedError, AttestationRefusedError } from '../mainchain/node/attestation.js';
import type { Attestor } from '../mainchain/node/attestor.js';
import type { ChainState } from '../mainchain/rpc/types.js';
import { bytesEqual } from '../proofs/bytes.js';
import {
  type Attest,
  type GovernanceAction,
  GovernanceActionType,
  GovernanceKind,
  PolicyType,
  type Registration,
  RegistrationType,
} from '../proofs/containers/calls.js';
import { Assurance } from '../proofs/containers/leaf.js';
import { type ChainSpec, ChainSpecType } from '../proofs/containers/spec.js';
import { CrossrootError } from '../proofs/errors/base.js';
import { satisfied } from '../timing/policy.js';

/** Most headers of one attestation: more than a relay asks for, few enough to read in one go. */
const MAX_RANGE = 2048;

/** A source that does not have the range yet, or not final enough. */
class BehindError extends CrossrootError {
  override readonly name = 'BehindError';
  override readonly retryable = true;
}

function cannotTell(error: unknown): error is CrossrootError {
  return (
    error instanceof SourceUnavailableError ||
    error instanceof SourceFaultError ||
    error instanceof BehindError
  );
}

/** A chain as this delegate's own configuration has it. */
export interface AttestedChain {
  readonly registration: Registration;
  /** Status that this operator wants the chain to have; by default it approves neither pausing nor resuming. */
  readonly wanted?: 'active' | 'paused' | undefined;
  readonly sources: readonly Source[];
}

/** Compares what a relay asks to attest with this delegate's own sources and configuration. */
export class SourceAttestor implements Attestor {
  readonly #chains: readonly (AttestedChain & { readonly specRoot: Uint8Array })[];

  constructor(chains: readonly AttestedChain[]) {
    this.#chains = chains.map((chain) => ({
      ...chain,
      specRoot: ChainSpecType.hashTreeRoot(chain.registration.spec),
    }));
  }

  async check(attest: Attest, chain: ChainState): Promise<void> {
    const own = this.#chains.find((one) => bytesEqual(one.specRoot, attest.specRoot));
    if (own === undefined)
      throw new AttestationRefusedError('this delegate does not follow that chain', false);
    if (isSigned(own.registration.spec))
      throw new AttestationRefusedError(
        'nobody attests a chain that is followed by its own committees',
        false,
      );
    if (attest.to - attest.from >= MAX_RANGE)
      throw new AttestationRefusedError(`more than ${MAX_RANGE} headers at once`);
    let trouble: CrossrootError | undefined;
    // In order of preference: the first source that can tell decides. One that is down, behind or faulty cannot.
    for (const source of own.sources) {
      try {
        return await compare(source, attest, chain);
      } catch (error) {
        if (!cannotTell(error)) throw error;
        trouble ??= error;
      }
    }
    if (trouble instanceof BehindError) throw new AttestationRefusedError(trouble.message, true, trouble);
    throw new AttestationRefusedError(
      `no source answers: ${trouble?.message ?? 'none is configured'}`,
      true,
      trouble,
    );
  }

  async approve(action: GovernanceAction): Promise<void> {
    const own = this.#chains.find((one) => bytesEqual(one.specRoot, action.specRoot));
    if (own === undefined)
      throw new ApprovalRefusedError('the chain is not in this delegate’s configuration');
    const wanted = payloadOf(action.kind, own);
    if (wanted === undefined || !bytesEqual(wanted, action.payload)) {
      throw new ApprovalRefusedError('this delegate’s configuration wants something else for the chain');
    }
    // The action itself must be one valid encoding.
    GovernanceActionType.serialize(action);
  }
}

/** Whether the chain's own committees sign its finality: then the main chain's state transition decides, not a delegate. */
function isSigned({ name, checkpoint }: ChainSpec): boolean {
  const { kind, network } = findNetwork(new TextDecoder().decode(name));
  return assuranceFor(kind, network, checkpoint) === Assurance.syncCommittee;
}

/** The payload with which this delegate approves an action of that kind, if it does. */
function payloadOf(kind: number, { registration, wanted }: AttestedChain): Uint8Array | undefined {
  const none = new Uint8Array(0);
  if (kind === GovernanceKind.register) return RegistrationType.serialize(registration);
  if (kind === GovernanceKind.setPolicy) return PolicyType.serialize(registration.policy);
  if (kind === GovernanceKind.pause && wanted === 'paused') return none;
  if (kind === GovernanceKind.resume && wanted === 'active') return none;
  return undefined;
}

/** @throws AttestationRefusedError if the source has other headers; BehindError; whatever the source throws */
async function compare(source: Source, attest: Attest, chain: ChainState): Promise<void> {
  const [tip, finalized, safe] = await Promise.all([source.tip(), source.finalized(), source.safe?.()]);
  if (tip.height < attest.to)
    throw new BehindError(`own source is at height ${tip.height}, below ${attest.to}`);
  const headers = await source.headers(attest.from, attest.to - attest.from + 1);
  if (headers[0]?.height !== attest.from || headers.at(-1)?.height !== attest.to)
    throw new BehindError('own source does not have the whole range yet');
  for (const block of [tip, finalized, safe]) {
    const own = block && headers[block.height - attest.from];
    if (block && own && !bytesEqual(own.hash, block.hash))
      throw new BehindError('own source changed its best chain while it was read');
  }
  const timing = {
    tipHeight: tip.height,
    finalizedHeight: finalized?.height,
    safeHeight: safe?.height,
    now: Math.floor(Date.now() / 1000),
  };
  const early = headers.find((header) => !satisfied(chain.policy, header, timing));
  if (early !== undefined)
    throw new BehindError(`height ${early.height} is not yet final for the chain’s policy`);
  const digest = rangeDigest(headers.map((header) => header.raw));
  if (!bytesEqual(digest, attest.digest)) {
    // Retryable: either side may be on a branch that it is about to leave.
    const range = `${attest.from} to ${attest.to}`;
    throw new AttestationRefusedError(`own source has other headers for ${range}`, true);
  }
}
