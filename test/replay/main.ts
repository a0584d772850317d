import { parseArgs } from 'node:util';
import { useFastHasher } from '../../proofs/hash/fast.js';
import { serveBitcoinReplay } from './bitcoinServer.js';
import { serveEthereumReplay } from './ethereumServer.js';

/**
 * A replay server as a process of its own: `main bitcoin|ethereum --folder DIR [--port N] [--released N] [--rpcuser U --rpcpassword P]`.
 * Sends `{type: 'ready', url}`; a message `{type: 'step', count}` releases blocks and is answered by `{type: 'stepped', height}`.
 * Ends with its IPC channel.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    folder: { type: 'string', default: '../shared/data' },
    port: { type: 'string', default: '0' },
    released: { type: 'string', default: '1' },
    rpcuser: { type: 'string', default: 'replay' },
    rpcpassword: { type: 'string', default: 'replay' },
  },
});
useFastHasher();
const common = { dataFolder: values.folder, port: Number(values.port), released: Number(values.released) };
const credentials = { user: values.rpcuser, password: values.rpcpassword };

try {
  const server =
    positionals[0] === 'ethereum'
      ? await serveEthereumReplay(common)
      : await serveBitcoinReplay({ ...common, credentials });
  process.on('disconnect', () => process.exit(0));
  process.on('message', (message: { readonly type?: unknown; readonly count?: unknown }) => {
    if (message.type === 'step')
      process.send?.({
        type: 'stepped',
        height: server.step(typeof message.count === 'number' ? message.count : 1),
      });
  });
  const ready = { type: 'ready', url: server.url };
  if (process.send === undefined) console.log(JSON.stringify(ready));
  else process.send(ready);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
