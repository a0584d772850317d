import type { MainChainClient } from '../../mainchain/rpc/types.js';
import type { Proof } from '../../proofs/format/proof.js';
import { LightClient } from '../../proofs/verify/lightClient.js';
import type { Trust } from '../../proofs/verify/trust.js';
import { type VerifyOptions, verifyProof } from '../../proofs/verify/verify.js';

/**
 * Checks every proof before it leaves, from the relay's own genesis: what a node answered is not believed. How old a trust may
 * be is for the reader of the proof to decide, so age is not looked at.
 */
export class OutgoingCheck {
  readonly #client: Pick<MainChainClient, 'handovers'>;
  readonly #options: VerifyOptions;
  readonly #trusts: Trust[];

  constructor(client: Pick<MainChainClient, 'handovers'>, genesis: Trust, options: VerifyOptions) {
    this.#client = client;
    this.#options = options;
    this.#trusts = [genesis];
  }

  /** @param fromTerm first term whose hand-over the proof holds @throws ProofError */
  async check(proof: Proof, fromTerm: number): Promise<void> {
    const trust = await this.#trustOf(fromTerm);
    verifyProof(proof, { ...this.#options, trust, asOf: true, acceptStaleAnchor: true });
  }

  /** The set of a term, by hand-overs from the genesis. @throws ProofError if a node's hand-overs do not hold */
  async #trustOf(term: number): Promise<Trust> {
    let newest = this.#trusts.at(-1) as Trust;
    if (newest.term < term) {
      const light = new LightClient(newest, this.#options.bls);
      for (const handover of await this.#client.handovers(newest.term)) {
        light.applyHandover(handover);
        newest = { ...newest, term: light.term, members: handover.members, height: handover.header.height };
        this.#trusts.push(newest);
      }
    }
    return this.#trusts.find((trust) => trust.term === term) ?? newest;
  }
}
