import { SourceFaultError, SourceUnavailableError } from '../../../adapters/errors.js';
import type { ForeignBlock, Source, SourceTip } from '../../../adapters/source.js';
import type { ForeignHeader } from '../../../adapters/types.js';
import { bytesEqual, toHex } from '../../../proofs/bytes.js';

/** What a light client knows to be final. */
export interface FinalityView {
  finalized(): { readonly execution: SourceTip | undefined } | undefined;
}

/**
 * An execution node under the eyes of a light client: headers and blocks come from the node, finality from the sync
 * committee's signatures alone. A node that has another block where one is final is at fault by name.
 */
export class SyncCommitteeSource implements Source {
  readonly name: string;
  readonly chain: string;
  readonly parallelRanges?: number;
  readonly subscribe?: (listener: () => void) => () => void;
  readonly proof?: NonNullable<Source['proof']>;
  readonly code?: NonNullable<Source['code']>;
  readonly #node: Source;
  readonly #view: FinalityView;
  /** The final block that the node was last seen to have. */
  #confirmed: Uint8Array | undefined;

  constructor(node: Source, view: FinalityView) {
    this.#node = node;
    this.#view = view;
    this.name = node.name;
    this.chain = node.chain;
    if (node.parallelRanges !== undefined) this.parallelRanges = node.parallelRanges;
    if (node.subscribe !== undefined) this.subscribe = node.subscribe.bind(node);
    if (node.proof !== undefined) this.proof = node.proof.bind(node);
    if (node.code !== undefined) this.code = node.code.bind(node);
  }

  get clockSkew(): number | undefined {
    return this.#node.clockSkew;
  }

  check(): Promise<void> {
    return this.#node.check();
  }

  /** The node's tip, once its chain is seen not to contradict the light client. @throws SourceFaultError */
  async tip(): Promise<SourceTip> {
    const tip = await this.#node.tip();
    const final = this.#final();
    if (final !== undefined && tip.height >= final.height) await this.#confirm(final, tip);
    return tip;
  }

  /**
   * The light client's newest finalized execution block, once the node is seen to have it.
   * @returns `undefined` while the light client has none
   * @throws SourceUnavailableError for a node that has not got so far; SourceFaultError for one that contradicts it
   */
  async finalized(): Promise<SourceTip | undefined> {
    const final = this.#final();
    if (final !== undefined) await this.#confirm(final);
    return final;
  }

  headers(from: number, count: number): Promise<ForeignHeader[]> {
    return this.#node.headers(from, count);
  }

  block(hash: Uint8Array): Promise<ForeignBlock> {
    return this.#node.block(hash);
  }

  findTransaction(hash: Uint8Array): Promise<SourceTip | undefined> {
    return this.#node.findTransaction(hash);
  }

  close(): Promise<void> {
    return this.#node.close();
  }

  #final(): SourceTip | undefined {
    return this.#view.finalized()?.execution;
  }

  /** A node may be on its way to the final branch: it is asked twice before it is blamed. */
  async #confirm(final: SourceTip, named?: SourceTip): Promise<void> {
    if (this.#confirmed !== undefined && bytesEqual(this.#confirmed, final.hash)) return;
    let tip = named ?? (await this.#node.tip());
    for (let again = true; ; again = false) {
      if (tip.height < final.height)
        throw new SourceUnavailableError(
          this.name,
          `is at ${tip.height}, below the finalized block ${final.height}`,
        );
      const [header] = await this.#node.headers(final.height, 1);
      if (header !== undefined && bytesEqual(header.hash, final.hash)) {
        this.#confirmed = final.hash;
        return;
      }
      if (!again) throw this.#contradiction(final, tip, header);
      tip = await this.#node.tip();
    }
  }

  #contradiction(final: SourceTip, tip: SourceTip, header: ForeignHeader | undefined): SourceFaultError {
    const details = { height: final.height, expected: toHex(final.hash) };
    if (header === undefined)
      return new SourceFaultError(
        this.name,
        `names ${tip.height} as its tip, but does not have the finalized block ${final.height}`,
        details,
      );
    return new SourceFaultError(
      this.name,
      `has ${toHex(header.hash)} at height ${final.height}, where the sync committee finalized ${toHex(final.hash)}`,
      { ...details, actual: toHex(header.hash) },
    );
  }
}
