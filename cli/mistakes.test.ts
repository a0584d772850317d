import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { loadConfig } from '../config/load.js';
import { getFromApi } from './api.js';
import { UsageError } from './errors.js';
import { readBytes, writeResult } from './files.js';
import { loadRoleConfig } from './roles/setup.js';
import { loadTrust } from './trust.js';

const folder = mkdtempSync(join(tmpdir(), 'crossroot-mistakes-'));
const at = (name: string) => join(folder, name);
const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const bound = server.address();
  return `http://127.0.0.1:${typeof bound === 'object' ? bound?.port : ''}`;
}

describe('an address of the API', () => {
  test.each(['localhost:4700', 'ftp://127.0.0.1', 'nonsense', ''])('that is none: %s', async (api) => {
    const asked = getFromApi(api, '/v1/status');
    await expect(asked).rejects.toBeInstanceOf(UsageError);
    await expect(asked).rejects.toThrow(
      `--api ${api}: is no http or https URL, such as http://127.0.0.1:4700`,
    );
  });

  test('at which nothing listens', async () => {
    await expect(getFromApi('http://127.0.0.1:9', '/')).rejects.toMatchObject({
      message: 'nothing answers at http://127.0.0.1:9',
      hint: expect.stringContaining('npx crossroot up'),
    });
  });

  test.each<[string, number, string]>([
    ["a delegate's RPC", 405, '{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"POST only"}}'],
    ['a web server', 404, '<html>404</html>'],
    ['something else', 400, 'null'],
  ])('at which %s listens', async (_, status, text) => {
    const api = await serve((_request, response) => void response.writeHead(status).end(text));
    await expect(getFromApi(api, '/')).rejects.toMatchObject({
      message: `${api} answers HTTP ${status}, and not as Crossroot's API does`,
      hint: expect.stringContaining('http://127.0.0.1:4700'),
    });
  });

  test('whose answer has no end', async () => {
    let sent = 0;
    const api = await serve((_request, response) => {
      const more = () => {
        while (!response.destroyed && response.write('x'.repeat(2 ** 16))) sent += 2 ** 16;
      };
      response.on('drain', more);
      more();
    });
    await expect(getFromApi(api, '/')).rejects.toThrow(/is larger than 33554432 bytes/);
    expect(sent).toBeLessThan(2 ** 27);
  });
});

describe('a file', () => {
  test('that is not there, or is a folder', async () => {
    await expect(readBytes(at('none'))).rejects.toThrow(
      `${at('none')}: cannot be read (there is no such file)`,
    );
    await expect(readBytes(folder)).rejects.toThrow(`${folder}: cannot be read (it is a folder)`);
    await expect(writeResult(at('none/x'), new Uint8Array())).rejects.toThrow(
      'cannot be written (there is no such file)',
    );
    await expect(loadConfig(at('none.json'))).rejects.toThrow(
      `${at('none.json')}: cannot be read (there is no such file)`,
    );
  });

  test('to trust, that is something else', async () => {
    writeFileSync(at('proof.json'), '{"format":"crossroot-proof"}');
    await expect(loadTrust(at('proof.json'), folder)).rejects.toThrow(
      `${at('proof.json')} is neither a genesis nor a trust file: its format is "crossroot-proof"`,
    );
    writeFileSync(at('list.json'), '[]');
    await expect(loadTrust(at('list.json'), folder)).rejects.toThrow('its format is not told');
  });
});

test('a role without a configuration is told to name one', async () => {
  await expect(loadRoleConfig(undefined)).rejects.toThrow(/give sources, in a file that --config names/);
});
