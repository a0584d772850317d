import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { CheckpointSchema, toCheckpoint } from './checkpoint.js';
import { ConfigError } from './errors.js';
import { parseWith } from './json.js';
import { ConfigSchema } from './schema.js';

const page = readFileSync(fileURLToPath(new URL('../docs/formats.md', import.meta.url)), 'utf8');

function examples(kind: string): unknown[] {
  return [...page.matchAll(new RegExp(`\`\`\`json ${kind}\\n([\\s\\S]*?)\`\`\``, 'g'))].map(([, text]) =>
    JSON.parse(text ?? ''),
  );
}

describe('examples in docs/formats.md', () => {
  it('are valid configurations', () => {
    expect(examples('config').length).toBeGreaterThan(1);
    for (const example of examples('config'))
      expect(() => parseWith(ConfigSchema, example, 'example')).not.toThrow();
  });

  it('give the defaults', () => {
    const [first] = examples('config') as [{ demo?: boolean }];
    const { demo, ...rest } = first;
    expect(demo).toBe(true);
    const defaults = ConfigSchema.parse({});
    expect({ ...ConfigSchema.parse(rest), chains: [] }).toEqual({ ...defaults, chains: [] });
  });

  it('are valid checkpoints', () => {
    for (const example of examples('checkpoint')) {
      expect(
        toCheckpoint('bitcoin-mainnet', CheckpointSchema.parse(example), 'example').checkpoint.work,
      ).toBe(0x100010001n);
    }
  });
});

describe('configuration errors', () => {
  const attempt = (value: unknown) => () => parseWith(ConfigSchema, value, 'my.json');
  it.each([
    [
      { chains: [{ name: 'bitcoin-regtest', policy: 'confirmations(2)' }] },
      /chains\[0\]\.sources: give either sources or devnet/,
    ],
    [{ chains: [{ name: 'dogecoin', policy: 'realtime', devnet: {} }] }, /my\.json: chains\[0\]/],
    [{ chains: [{ name: 'bitcoin-regtest', policy: 'confirmation(2)', devnet: {} }] }, /chains\[0\]\.policy/],
    [{ chains: [{ name: 'bitcoin-regtest', policy: 'finalized', devnet: {} }] }, /chains\[0\]\.policy/],
    [
      { chains: [{ name: 'bitcoin-mainnet', policy: 'confirmations(6)', devnet: {} }] },
      /chains\[0\]\.devnet/,
    ],
    [
      {
        chains: [
          {
            name: 'bitcoin-mainnet',
            policy: 'confirmations(6)',
            sources: [{ type: 'ethereum-rpc', url: 'http://a' }],
          },
        ],
      },
      /cannot read/,
    ],
    [{ api: { port: 70000 } }, /api\.port/],
    [{ ports: {} }, /ports/],
    [[], /my\.json/],
  ])('name the place: %j', (value, message) => {
    expect(attempt(value)).toThrow(ConfigError);
    expect(attempt(value)).toThrow(message);
  });
});
