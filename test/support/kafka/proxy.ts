import { connect, createServer, type Server, type Socket } from 'node:net';

/** Stands in front of a broker and can swallow what it answers, while connections stay open. */
export class SilentProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #silenced = new Set<Socket>();
  #target = 0;

  constructor() {
    this.#server = createServer((client) => {
      const broker = connect(this.#target, '127.0.0.1');
      this.#sockets.add(client).add(broker);
      client.on('data', (data) => broker.write(data));
      broker.on('data', (data) => {
        if (!this.#silenced.has(broker)) client.write(data);
      });
      const end = (): void => {
        this.#sockets.delete(client);
        this.#sockets.delete(broker);
        client.destroy();
        broker.destroy();
      };
      for (const socket of [client, broker]) socket.on('close', end).on('error', end);
    });
  }

  listen(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.listen(0, '127.0.0.1', () => {
        const address = this.#server.address();
        if (address === null || typeof address === 'string') reject(new Error('no port'));
        else resolve(address.port);
      });
    });
  }

  /** The broker's port. */
  set target(port: number) {
    this.#target = port;
  }

  /** From now on the connections that are open now get no answer any more; new ones do. */
  silence(): number {
    for (const socket of this.#sockets) this.#silenced.add(socket);
    return this.#sockets.size;
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }
}
