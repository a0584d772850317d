import { bytesEqual } from '../../proofs/bytes.js';
import { type Certificate, CertificateType } from '../../proofs/containers/consensus.js';
import type { SignedBlock } from '../../proofs/containers/transaction.js';
import { InvalidBlockError } from '../chain/errors.js';
import type { Schedule } from '../chain/schedule.js';
import type { VoteJournal } from '../consensus/journal.js';
import { transactionRoot } from '../transactions.js';
import type { Core } from './core.js';
import type { DelegateKeys } from './keys.js';
import type { Logger } from './logger.js';
import type { NodeMetrics } from './metrics.js';
import type { TransactionPool } from './pool.js';

/** Makes this delegate's blocks in its own slots. */
export class Producer {
  constructor(
    readonly core: Core,
    readonly keys: DelegateKeys,
    readonly journal: VoteJournal,
    readonly pool: TransactionPool,
    readonly schedule: Schedule,
    readonly send: (block: SignedBlock) => void,
    readonly logger: Logger,
    readonly metrics: NodeMetrics,
  ) {}

  /** Produces in `slot` if it is this delegate's. @returns whether it did */
  async produce(slot: number): Promise<boolean> {
    const { chain } = this.core;
    const { head } = chain;
    if (slot <= head.header.slot || slot < this.journal.state.nextSlot) return false;
    const certificate = this.#certificate(head.root);
    const term = chain.termOnTop(head.root, certificate);
    const { producer } = this.schedule.producerAt(slot, term);
    const member = term.members[producer];
    if (member === undefined || !bytesEqual(member.account, this.keys.account.account)) return false;
    const signer = this.keys.bls(member.blsKey);
    if (signer === undefined) {
      this.logger.error({ slot }, 'the secret of this term’s key is missing: this turn is skipped');
      return false;
    }
    // On disk before the block exists: a restart within the slot must not make another one.
    await this.journal.recordSlot(slot);
    const built = await chain.build(
      {
        parentRoot: head.root,
        slot,
        producer,
        transactions: this.pool.candidates(),
        ...(certificate === undefined ? {} : { certificate }),
      },
      (message) => signer.sign(message),
    );
    for (const { transaction, reason, retryable } of built.dropped) {
      if (retryable) continue;
      this.pool.remove(transactionRoot(transaction.transaction));
      this.logger.info({ reason }, 'transaction dropped');
    }
    this.send(built.block);
    this.metrics.count('blocks_produced');
    await this.core.importBlock(built.block);
    return true;
  }

  /** The newest certificate that the branch does not carry yet and that is valid on it. */
  #certificate(parentRoot: Uint8Array): Certificate | undefined {
    const { chain, engine } = this.core;
    const certificate = engine.bestCertificate(parentRoot);
    if (certificate === undefined) return undefined;
    const root = CertificateType.hashTreeRoot(certificate);
    for (
      let header = chain.header(parentRoot);
      header !== undefined;
      header = chain.header(header.parentRoot)
    ) {
      if (header.height <= certificate.vote.target.height) break;
      if (bytesEqual(header.certificateRoot, root)) return undefined;
    }
    try {
      chain.checkCertificate(parentRoot, certificate);
      return certificate;
    } catch (error) {
      if (!(error instanceof InvalidBlockError)) throw error;
      this.logger.debug({ reason: error.message }, 'certificate left out');
      return undefined;
    }
  }
}
