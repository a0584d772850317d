import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { crossroot, ensureBuilt } from '../support/built.js';
import { compose, roles as crossrootServices, ROOT } from './files.js';

/** What containers are told to do, against the program itself. */
const commands = new Map(crossrootServices.map(([name, { command = [] }]) => [name, command] as const));
const roles = [...new Set([...commands.values()].map(([role = '']) => role))];

beforeAll(() => ensureBuilt());

describe.each(roles)('crossroot %s', (role) => {
  test('takes every option that the containers give it', async () => {
    const { code, stdout } = await crossroot([role, '--help']);
    expect(code).toBe(0);
    for (const [name, [first, ...rest]] of commands)
      if (first === role)
        for (const flag of rest.filter((word) => word.startsWith('--')))
          expect(stdout, `${name}: ${flag}`).toMatch(new RegExp(`^ +(-\\w, )?${flag}\\b`, 'm'));
  });

  test('refuses one that it does not know, which shows that it reads the others', async () => {
    const command = [...commands.values()].find(([first]) => first === role) ?? [];
    const { code, stderr } = await crossroot([...command, '--no-such-option']);
    expect(code).toBe(2);
    expect(stderr).toContain("unknown option '--no-such-option'");
  });
});

test('the beacon chain’s program takes every option that its container gives it', () => {
  const { entrypoint = [], command = [] } = compose.services.beacon ?? {};
  const program = entrypoint[1]?.replace(/^\/app\//, '') ?? '';
  const { stdout } = spawnSync(process.execPath, [join(ROOT, program), '--help'], { encoding: 'utf8' });
  for (const word of command) expect(stdout).toContain(`${word.split('=')[0]} <`);
  const more = [join(ROOT, program), ...command, '--no-such-option'];
  const { status, stderr } = spawnSync(process.execPath, more, { encoding: 'utf8' });
  expect([status, stderr]).toEqual([1, expect.stringContaining("unknown option '--no-such-option'")]);
});
