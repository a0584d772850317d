import { resolve } from 'node:path';
import { z } from 'zod';

const IndexTlsSchema = z
  .strictObject({
    /** PEM files, relative to the configuration's folder. The server's authority, instead of the system's. */
    caFile: z.string().min(1),
    /** The client's certificate and its key: it shows who asks, instead of a password. */
    certFile: z.string().min(1).optional(),
    keyFile: z.string().min(1).optional(),
  })
  .refine(({ certFile, keyFile }) => (certFile === undefined) === (keyFile === undefined), {
    path: ['certFile'],
    error: 'give certFile and keyFile, or neither',
  });

const ClickHouseIndexSchema = z
  .strictObject({
    type: z.literal('clickhouse'),
    /** Of its HTTP interface. */
    url: z.url({ protocol: /^https?$/, error: 'is not an http or https URL' }).refine(isBare, {
      error: 'has a user, a password, a query or a fragment; username and password have fields of their own',
    }),
    /** First part of the names of its databases. */
    database: z
      .string()
      .regex(/^[a-z][a-z0-9_]{0,47}$/, 'is not lower-case letters, digits and _, at most 48')
      .default('crossroot'),
    username: z.string().min(1).default('default'),
    password: z.string().optional(),
    /** A file with the password, relative to the configuration's folder; its last line's end does not count. */
    passwordFile: z.string().min(1).optional(),
    tls: IndexTlsSchema.optional(),
    /** Most time of a question or a write, from first byte to last; statements on whole tables may take ten times as long. */
    requestTimeoutMilliseconds: z.number().int().min(1000).max(600_000).default(30_000),
    /** Of requests and answers. */
    compression: z.enum(['none', 'gzip']).default('none'),
    maxConnections: z.number().int().min(1).max(256).default(10),
  })
  .superRefine(({ url, tls, password, passwordFile }, context) => {
    const problem = (path: string, message: string) =>
      context.addIssue({ code: 'custom', path: [path], message });
    if (password !== undefined && passwordFile !== undefined)
      problem('passwordFile', 'give either password or passwordFile');
    if (tls?.certFile !== undefined && (password !== undefined || passwordFile !== undefined))
      problem('tls', "certFile takes the password's place: give one of them");
    if (tls !== undefined && !url.startsWith('https:')) problem('tls', 'needs an https URL');
  });
export type ClickHouseIndexConfig = z.output<typeof ClickHouseIndexSchema>;

/** Where the index is. Documented in docs/formats.md. */
export const IndexSchema = z.discriminatedUnion('type', [
  /** In the process that fills it, in its data folder. */
  z.strictObject({ type: z.literal('chdb') }),
  ClickHouseIndexSchema,
  z.strictObject({ type: z.literal('none') }),
]);
export type IndexConfig = z.output<typeof IndexSchema>;

/** With the paths of its files from `folder`. */
export function indexInFolder(index: IndexConfig, folder: string): IndexConfig {
  if (index.type !== 'clickhouse') return index;
  const { passwordFile, tls, ...rest } = index;
  const at = (file: string) => resolve(folder, file);
  return {
    ...rest,
    ...(passwordFile === undefined ? {} : { passwordFile: at(passwordFile) }),
    ...(tls === undefined
      ? {}
      : {
          tls: {
            caFile: at(tls.caFile),
            ...(tls.certFile === undefined ? {} : { certFile: at(tls.certFile) }),
            ...(tls.keyFile === undefined ? {} : { keyFile: at(tls.keyFile) }),
          },
        }),
  };
}

function isBare(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { username, password, search, hash } = new URL(text);
  return username === '' && password === '' && search === '' && hash === '';
}
