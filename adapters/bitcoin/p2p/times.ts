/** How long a peer may take, in milliseconds. */
export interface PeerTimes {
  /** To accept the TCP connection. Default 5 s. */
  readonly connectMs: number;
  /** From there to the end of the handshake. Default 10 s. */
  readonly handshakeMs: number;
  /** To answer with headers. Default 20 s. */
  readonly requestMs: number;
  /** To answer with a block. Default 60 s. */
  readonly blockMs: number;
  /** To answer after the pong of a ping that was sent behind the question. Default 2 s. */
  readonly graceMs: number;
  /** From a message's first byte to its last, without what its length adds. Default 10 s. */
  readonly messageMs: number;
  /** What its length adds: the least rate of a long message, in bytes a second. Default 32 KiB. */
  readonly minBytesPerSecond: number;
  /** Between pings. Default 30 s. */
  readonly pingMs: number;
  /** To answer a ping. Default 20 s. */
  readonly pongMs: number;
}

export const PEER_TIMES: PeerTimes = {
  connectMs: 5_000,
  handshakeMs: 10_000,
  requestMs: 20_000,
  blockMs: 60_000,
  graceMs: 2_000,
  messageMs: 10_000,
  minBytesPerSecond: 32_768,
  pingMs: 30_000,
  pongMs: 20_000,
};
