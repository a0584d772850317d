import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { Duplex } from 'node:stream';
import { listen } from '../../devnet/bitcoin/rpc/server.js';

/** One client of a `WebSocketServer`. */
export interface WebSocketPeer {
  /** A text frame (RFC 6455, 5.2), whatever is in it. */
  send(text: string): void;
  /** Raw bytes where a frame should be. */
  raw(bytes: Uint8Array): void;
  end(): void;
}

export interface WebSocketServer {
  readonly url: string;
  /** Sockets opened so far. */
  readonly opened: number;
  onMessage: (text: string, peer: WebSocketPeer) => void;
  /** HTTP status with which the next handshakes are refused. */
  refuse: number | undefined;
  close(): Promise<void>;
}

/** Fixed by RFC 6455, 1.3. */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** The smallest WebSocket server that can misbehave: whole text frames of less than 64 KiB. */
export async function startWebSocketServer(): Promise<WebSocketServer> {
  const sockets = new Set<Duplex>();
  const server = createServer();
  server.on('upgrade', (request, socket) => {
    if (self.refuse !== undefined) {
      socket.end(`HTTP/1.1 ${self.refuse} No\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    self.opened++;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    const key = String(request.headers['sec-websocket-key']);
    const accept = createHash('sha1').update(`${key}${GUID}`).digest('base64');
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
    const peer: WebSocketPeer = {
      send: (text) => void socket.write(frame(text)),
      raw: (bytes) => void socket.write(bytes),
      end: () => void socket.destroy(),
    };
    let buffered: Buffer = Buffer.alloc(0);
    socket.on('data', (part: Buffer) => {
      buffered = Buffer.concat([buffered, part]);
      for (let next = unframe(buffered); next !== undefined; next = unframe(buffered)) {
        buffered = buffered.subarray(next.size);
        if (next.opcode === 1) self.onMessage(next.text, peer);
      }
    });
  });
  await listen(server, '127.0.0.1', 0);
  const address = server.address();
  const self = {
    url: `ws://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    opened: 0,
    onMessage: (() => undefined) as WebSocketServer['onMessage'],
    refuse: undefined as number | undefined,
    close: () =>
      new Promise<void>((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
  return self;
}

function frame(text: string): Buffer {
  const body = Buffer.from(text);
  const head = body.length < 126 ? [0x81, body.length] : [0x81, 126, body.length >> 8, body.length & 0xff];
  return Buffer.concat([Buffer.from(head), body]);
}

/** The first frame; clients mask theirs. */
function unframe(bytes: Buffer): { opcode: number; text: string; size: number } | undefined {
  if (bytes.length < 2) return undefined;
  const short = bytes[1]! & 0x7f;
  const start = short === 126 ? 4 : 2;
  if (bytes.length < start + 4) return undefined;
  const length = short === 126 ? bytes.readUInt16BE(2) : short;
  if (bytes.length < start + 4 + length) return undefined;
  const mask = bytes.subarray(start, start + 4);
  const body = bytes.subarray(start + 4, start + 4 + length).map((byte, i) => byte ^ mask[i % 4]!);
  return { opcode: bytes[0]! & 0x0f, text: body.toString(), size: start + 4 + length };
}
