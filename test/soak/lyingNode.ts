import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { displayHash } from '../../adapters/bitcoin/rules/checks.js';
import { decodeHeader, encodeHeader, foreignHeader } from '../../adapters/bitcoin/rules/header.js';
import { mineAfter } from '../../adapters/bitcoin/testing/samples.js';
import type { ForeignHeader } from '../../adapters/types.js';
import { callNode, type RpcEndpoint } from '../../devnet/rpcClient.js';
import { fromHex, toBareHex } from '../../proofs/bytes.js';
import type { Random } from '../fuzz/harness.js';

/** Everything that it does wrong, a few requests each. */
export const MOODS = [
  'honest',
  /** One header more than the chain has, without proof of work. */
  'forged',
  /** A block of its own, with proof of work, two below the tip. */
  'minority',
  /** The tip of some blocks ago. */
  'withheld',
  'wrong-network',
  /** Headers of the heights beside. */
  'shifted',
  /** Another header than the one asked for. */
  'swapped',
  'truncated',
  'huge',
  'trickling',
  'silent',
  'html',
  'unavailable',
] as const;
export type Mood = (typeof MOODS)[number];

export interface LyingNode {
  readonly url: string;
  /** How many requests it answered in each mood. */
  readonly told: ReadonlyMap<Mood, number>;
  close(): Promise<void>;
}

const SLOW: ReadonlySet<Mood> = new Set(['huge', 'trickling', 'silent']);

interface Call {
  readonly id: unknown;
  readonly method: string;
  readonly params: readonly unknown[];
}

/** A node's RPC that tells the truth of `node` at times only. */
export async function startLyingNode(node: RpcEndpoint, random: Random): Promise<LyingNode> {
  const told = new Map<Mood, number>();
  let mood: Mood = 'honest';
  let left = 0;
  let invented: ForeignHeader | undefined;

  const invent = async (base: number): Promise<ForeignHeader> => {
    const id = await callNode(node, 'getblockhash', [base]);
    const parent = foreignHeader(
      fromHex(String(await callNode(node, 'getblockheader', [id, false])), 'header'),
      base,
    );
    const honest = mineAfter(parent, random.next());
    if (mood !== 'forged') return honest;
    for (let nonce = 0; ; nonce++) {
      const forged = foreignHeader(encodeHeader({ ...decodeHeader(honest.raw), nonce }), base + 1);
      // Above half of all hashes: regtest's easiest target is missed.
      if ((forged.hash[31] ?? 0) > 0x7f) return forged;
    }
  };

  const change = async (): Promise<void> => {
    if (left-- > 0) return;
    mood = MOODS[random.below(MOODS.length)] ?? 'honest';
    // What costs the other side seconds is done once.
    left = SLOW.has(mood) ? 0 : 2 + random.below(8);
    invented = undefined;
    const tip = Number(await callNode(node, 'getblockcount'));
    if (mood === 'forged') invented = await invent(tip);
    if (mood === 'minority' && tip > 3) invented = await invent(tip - 3);
  };

  const answer = async ({ method, params }: Call): Promise<unknown> => {
    if (invented !== undefined) {
      const id = displayHash(invented.hash);
      if (method === 'getblockhash' && params[0] === invented.height) return id;
      if (method === 'getblockheader' && params[0] === id)
        return params[1] === false ? toBareHex(invented.raw) : { height: invented.height, hash: id };
      if (method === 'getblockcount') return invented.height;
    }
    const asked =
      mood === 'shifted' && method === 'getblockhash' ? [Math.max(0, Number(params[0]) - 1)] : params;
    const truth = await callNode(node, method, asked);
    if (method === 'getblockchaininfo') {
      const info = truth as { blocks: number };
      if (mood === 'wrong-network') return { ...info, chain: 'main' };
      if (invented !== undefined)
        return { ...info, blocks: invented.height, bestblockhash: displayHash(invented.hash) };
      if (mood === 'withheld') {
        const blocks = Math.max(0, info.blocks - 7);
        return {
          ...info,
          blocks,
          headers: blocks,
          bestblockhash: await callNode(node, 'getblockhash', [blocks]),
        };
      }
    }
    if (method === 'getblockcount' && mood === 'withheld') return Math.max(0, Number(truth) - 7);
    if (method === 'getblockheader' && mood === 'swapped' && typeof truth === 'string')
      return `${truth.slice(0, 152)}${random.next().toString(16).padStart(8, '0')}`;
    return truth;
  };

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body: unknown = JSON.parse(Buffer.concat(chunks).toString());
    await change();
    told.set(mood, (told.get(mood) ?? 0) + 1);
    if (mood === 'html')
      return void response.writeHead(200, { 'content-type': 'text/html' }).end('<html>hello</html>');
    if (mood === 'unavailable') return void response.writeHead(503).end('Work queue depth exceeded');
    if (mood === 'silent') await sleep(3000);
    const replies: unknown[] = [];
    for (const call of (Array.isArray(body) ? body : [body]) as Call[]) {
      try {
        replies.push({ id: call.id, result: await answer(call), error: null });
      } catch (error) {
        const code = (error as { code?: number }).code ?? -1;
        replies.push({ id: call.id, result: null, error: { code, message: String(error) } });
      }
    }
    const text = JSON.stringify(Array.isArray(body) ? replies : replies[0]);
    if (mood === 'truncated') return void response.end(text.slice(0, text.length >> 1));
    if (mood === 'huge') return flood(response);
    if (mood === 'trickling') return trickle(response, text);
    response.end(text);
  };

  const server = createServer((request, response) => {
    // Whoever asked has gone, or the node is down: this is a liar's server, nobody is owed an answer.
    serve(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    told,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Spaces without end, until the other side has enough. */
async function flood(response: ServerResponse): Promise<void> {
  const spaces = Buffer.alloc(1 << 20, 0x20);
  for (let sent = 0; sent < 256 && !response.destroyed; sent++) {
    if (!response.write(spaces))
      await Promise.race([new Promise((r) => response.once('drain', r)), sleep(2000)]);
  }
  response.destroy();
}

/** A byte every tenth of a second. */
async function trickle(response: ServerResponse, text: string): Promise<void> {
  for (const letter of text) {
    if (response.destroyed) return;
    response.write(letter);
    await sleep(100);
  }
  response.end();
}
