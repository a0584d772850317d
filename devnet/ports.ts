import { createServer, type Server } from 'node:net';

/** Takes a port of this machine. */
export function hold(port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}

export function release(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}

/** Ports that the system gives to nobody by itself: a run of several, and single ones, out of each other's way. */
const RUNS = [10_000, 30_000] as const;
const SINGLE = [30_000, 32_500] as const;

/** First of `count` neighbouring ports that nothing listens on, below those that the system gives out by itself. */
export async function freePorts(count: number): Promise<number> {
  const [low, end] = count === 1 ? SINGLE : RUNS;
  for (;;) {
    const first = low + Math.floor(Math.random() * (end - low));
    const held: Server[] = [];
    try {
      for (let i = 0; i < count; i++) held.push(await hold(first + i));
      return first;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error;
    } finally {
      await Promise.all(held.map(release));
    }
  }
}
