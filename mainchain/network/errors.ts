import { CrossrootError } from '../../proofs/errors/base.js';

/** Bytes on a connection that are no frame, or a frame too long. */
export class FrameError extends CrossrootError {
  override readonly name = 'FrameError';
}

/** A peer broke the protocol and was disconnected. `reason` was sent to it. */
export class PeerFaultError extends CrossrootError {
  override readonly name = 'PeerFaultError';
  constructor(
    readonly reason: string,
    cause?: unknown,
  ) {
    super(`peer disconnected: ${reason}`, cause === undefined ? {} : { cause });
  }
}

/** The address to listen on is taken or not ours. */
export class ListenError extends CrossrootError {
  override readonly name = 'ListenError';
  constructor(address: string, cause: unknown) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'error';
    super(`cannot listen on ${address}: ${code === 'EADDRINUSE' ? 'the port is in use' : code}`, {
      cause,
      hint: 'Stop the other process, or give another port.',
    });
  }
}

/** No answer from a peer. */
export class PeerTimeoutError extends CrossrootError {
  override readonly name = 'PeerTimeoutError';
  override readonly retryable = true;
}
