import { bytesEqual, concatBytes, utf8 } from '../../proofs/bytes.js';
import {
  type Attest,
  AttestType,
  type GovernanceAction,
  GovernanceActionType,
} from '../../proofs/containers/calls.js';
import { DelegateSetType } from '../../proofs/containers/consensus.js';
import { signingRoot } from '../../proofs/containers/domains.js';
import { CrossrootError } from '../../proofs/errors/base.js';
import type { KeyValueStore } from '../../storage/keyValue.js';
import { countKey } from '../contracts/keys.js';
import type { BlsSigner } from '../crypto/signer.js';
import type { ChainState, DelegateSignature } from '../rpc/types.js';
import type { Attestor } from './attestor.js';
import type { Core } from './core.js';
import type { DelegateKeys } from './keys.js';
import { indexIn } from './voter.js';

/** This node does not sign: it is no delegate of the current term, or has no attestor. */
export class NotSigningError extends CrossrootError {
  override readonly name = 'NotSigningError';
}

/** This delegate has signed, or its source does not confirm, something else. */
export class AttestationRefusedError extends CrossrootError {
  override readonly name = 'AttestationRefusedError';
  constructor(
    readonly reason: string,
    override readonly retryable: boolean = false,
    cause?: unknown,
  ) {
    super(`attestation refused: ${reason}`, {
      details: { reason },
      ...(cause === undefined ? {} : { cause }),
    });
  }
}

/** This delegate's operator does not want the governance action. */
export class ApprovalRefusedError extends CrossrootError {
  override readonly name = 'ApprovalRefusedError';
  constructor(
    readonly reason: string,
    override readonly retryable: boolean = false,
    cause?: unknown,
  ) {
    super(`approval refused: ${reason}`, { details: { reason }, ...(cause === undefined ? {} : { cause }) });
  }
}

const PREFIX = utf8('~a:');

/** Signs attestations and approvals: never two digests for one (spec root, epoch, seq), on disk before it leaves. */
export class AttestationDesk {
  readonly #running = new Map<string, Promise<unknown>>();

  constructor(
    readonly core: Core,
    readonly keys: DelegateKeys | undefined,
    readonly attestor: Attestor | undefined,
    readonly store: KeyValueStore,
  ) {}

  /** @throws NotSigningError, AttestationRefusedError, and what the attestor throws */
  async attest(attest: Attest, chain: ChainState | undefined): Promise<DelegateSignature> {
    const attestor = this.#attestor();
    if (chain === undefined) throw new AttestationRefusedError('the chain is not registered', true);
    this.#self();
    if (attest.seq <= chain.lastSeq)
      throw new AttestationRefusedError(`seq ${attest.seq} is committed already`);
    if (attest.from > attest.to) throw new AttestationRefusedError('the range is empty');
    await attestor.check(attest, chain);
    const key = concatBytes(PREFIX, attest.specRoot, countKey(attest.epoch), countKey(attest.seq));
    return this.#serial(key.toString(), async () => {
      const value = AttestType.serialize(attest);
      const before = this.store.get(key);
      if (before === undefined) await this.store.batch([{ type: 'put', key, value }], { sync: true });
      else if (!bytesEqual(before, value)) {
        throw new AttestationRefusedError(
          `another range or digest was signed for epoch ${attest.epoch}, seq ${attest.seq}`,
        );
      }
      return this.#sign((genesisRoot) => signingRoot(AttestType, attest, 'attestation', genesisRoot));
    });
  }

  /** @throws NotSigningError, ApprovalRefusedError, and what the attestor throws */
  async approve(action: GovernanceAction): Promise<DelegateSignature> {
    const attestor = this.#attestor();
    this.#self();
    await attestor.approve(action);
    return this.#sign((genesisRoot) => signingRoot(GovernanceActionType, action, 'governance', genesisRoot));
  }

  #attestor(): Attestor {
    if (this.attestor === undefined) throw new NotSigningError('this node has no attestor');
    return this.attestor;
  }

  #sign(message: (genesisRoot: Uint8Array) => Uint8Array): DelegateSignature {
    const { index, setRoot, signer } = this.#self();
    return { index, setRoot, signature: signer.sign(message(this.core.chain.genesisRoot)) };
  }

  #self(): { readonly index: number; readonly setRoot: Uint8Array; readonly signer: BlsSigner } {
    const { chain } = this.core;
    if (this.keys === undefined) throw new NotSigningError('this node has no keys');
    const { current } = chain.setsAt(chain.head.root);
    const index = indexIn(current, this.keys.account.account);
    const member = index === undefined ? undefined : current[index];
    const signer = member === undefined ? undefined : this.keys.bls(member.blsKey);
    if (index === undefined || signer === undefined)
      throw new NotSigningError('this node is no delegate of the term');
    return { index, setRoot: DelegateSetType.hashTreeRoot(current), signer };
  }

  /** One at a time for each key, so that two requests cannot both find the journal empty. */
  async #serial<T>(id: string, task: () => Promise<T>): Promise<T> {
    const before = this.#running.get(id) ?? Promise.resolve();
    const run = before.then(task, task);
    this.#running.set(id, run);
    try {
      return await run;
    } finally {
      if (this.#running.get(id) === run) this.#running.delete(id);
    }
  }
}
