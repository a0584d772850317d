/** A proof that was built lately, without its bytes: the path makes it again. */
export interface RecentProof {
  readonly chain: string;
  readonly kind: string;
  /** Transaction hash as users write it, or the number of a reorganisation. */
  readonly subject: string;
  readonly height: number;
  readonly mainHeight: number;
  readonly bytes: number;
  readonly milliseconds: number;
  /** Unix milliseconds. */
  readonly time: number;
  readonly path: string;
}

/** The newest proofs, one entry a path. */
export class RecentProofs {
  readonly #byPath = new Map<string, RecentProof>();

  constructor(private readonly keep = 20) {}

  add(proof: RecentProof): void {
    this.#byPath.delete(proof.path);
    this.#byPath.set(proof.path, proof);
    for (const oldest of this.#byPath.keys()) {
      if (this.#byPath.size <= this.keep) break;
      this.#byPath.delete(oldest);
    }
  }

  /** Newest first. */
  list(): readonly RecentProof[] {
    return [...this.#byPath.values()].reverse();
  }
}
