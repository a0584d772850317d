import { z } from 'zod';

/** A TCP port. */
export const port = z.number().int().min(1).max(65535);

/** Where something can be reached. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}

const HOST_PORT = /^(\[[0-9a-fA-F:]+\]|[^\s:/[\]]{1,253}):(\d{1,5})$/;

const hostPort = z.string().transform((text, context): HostPort => {
  const [, host, digits] = HOST_PORT.exec(text) ?? [];
  const number = Number(digits);
  if (host === undefined || number < 1 || number > 65_535) {
    context.addIssue({ code: 'custom', message: 'is not host:port' });
    return z.NEVER;
  }
  return { host: host.replace(/^\[(.*)\]$/, '$1'), port: number };
});

const NodeSchema = z.strictObject({
  /** Where the other delegates reach it. */
  p2p: hostPort,
  /** Where relays and API servers reach its JSON-RPC. */
  rpc: hostPort,
});

const DELEGATES = 4;
const LOOPBACK = '127.0.0.1';

/** The main chain and its delegates' nodes. Documented in docs/formats.md. */
export const MainSchema = z
  .strictObject({
    name: z
      .string()
      .regex(/^[a-z0-9-]{1,64}$/)
      .default('crossroot-local'),
    slotMilliseconds: z.number().int().min(100).max(60_000).default(500),
    delegates: z.number().int().min(1).max(16).optional(),
    termBlocks: z.number().int().min(8).default(1_209_600),
    /** Accounts that pay for submitting, one a relay. */
    operators: z.number().int().min(1).max(16).default(1),
    p2pPort: port.default(4710),
    rpcPort: port.default(4720),
    /** Where a node listens when it is a process of its own. */
    host: z.string().min(1).default(LOOPBACK),
    /** Every delegate's node, in the order of the delegates; instead of `p2pPort` and `rpcPort`. */
    nodes: z.array(NodeSchema).min(1).max(16).optional(),
  })
  .superRefine(({ delegates, nodes }, context) => {
    if (nodes === undefined || delegates === undefined || delegates === nodes.length) return;
    const message = `are ${nodes.length}, main.delegates is ${delegates}`;
    context.addIssue({ code: 'custom', path: ['nodes'], message });
  })
  .transform((main) => ({ ...main, delegates: main.delegates ?? main.nodes?.length ?? DELEGATES }));
export type MainConfig = z.output<typeof MainSchema>;

/** Where every delegate's node is; on loopback, port by port, where the configuration does not say. */
export function mainNodes(main: MainConfig): readonly { readonly p2p: HostPort; readonly rpc: HostPort }[] {
  if (main.nodes !== undefined) return main.nodes;
  return Array.from({ length: main.delegates }, (_, i) => ({
    p2p: { host: LOOPBACK, port: main.p2pPort + i },
    rpc: { host: LOOPBACK, port: main.rpcPort + i },
  }));
}

/** As in a URL: an IPv6 address in brackets. */
export function formatHostPort({ host, port: number }: HostPort): string {
  return `${host.includes(':') ? `[${host}]` : host}:${number}`;
}
