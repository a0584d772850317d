import { CrossrootError } from '../proofs/errors/base.js';

/** Something else already listens on the port. */
export class PortInUseError extends CrossrootError {
  override readonly name = 'PortInUseError';
  constructor(
    readonly port: number,
    cause?: unknown,
  ) {
    super(`port ${port} is in use`, {
      hint: 'Stop the other program, or choose another port.',
      details: { port },
      ...(cause === undefined ? {} : { cause }),
    });
  }
}

/** A program that a local foreign chain needs is not installed. */
export class MissingBinaryError extends CrossrootError {
  override readonly name = 'MissingBinaryError';
  constructor(
    readonly binary: string,
    hint: string,
    cause?: unknown,
  ) {
    super(`${binary} was not found`, {
      hint,
      details: { binary },
      ...(cause === undefined ? {} : { cause }),
    });
  }
}

/** A local node that ended, or did not answer, while it was being started. */
export class NodeStartError extends CrossrootError {
  override readonly name = 'NodeStartError';
  constructor(
    readonly node: string,
    problem: string,
    cause?: unknown,
  ) {
    super(`${node}: ${problem}`, { details: { node }, ...(cause === undefined ? {} : { cause }) });
  }
}

/** A call to a local node that it refused or could not answer. */
export class NodeCallError extends CrossrootError {
  override readonly name = 'NodeCallError';
  constructor(
    readonly node: string,
    readonly method: string,
    /** JSON-RPC error code; `undefined` where the node did not answer at all. */
    readonly code: number | undefined,
    problem: string,
    cause?: unknown,
  ) {
    super(`${node}: ${method}: ${problem}`, {
      details: { node, method, code },
      ...(cause === undefined ? {} : { cause }),
    });
  }
}
