import { connect, createServer, type Socket } from 'node:net';
import { listen } from '../../devnet/bitcoin/rpc/server.js';

/** A TCP connection in between that can be cut. */
export interface Cuttable {
  readonly port: number;
  readonly connections: number;
  /** Refuses connections until it is mended. */
  down: boolean;
  cut(): void;
  close(): Promise<void>;
}

/** Passes everything on to a port of this machine. */
export async function startCuttable(target: number): Promise<Cuttable> {
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    if (self.down) return void near.destroy();
    self.connections++;
    const far = connect(target, '127.0.0.1');
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on('error', () => to.destroy());
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
      from.pipe(to);
    }
  });
  await listen(server as never, '127.0.0.1', 0);
  const address = server.address();
  const self = {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    connections: 0,
    down: false,
    cut: () => {
      for (const socket of sockets) socket.destroy();
    },
    close: () =>
      new Promise<void>((resolve) => {
        self.cut();
        server.close(() => resolve());
      }),
  };
  return self;
}
