import { beforeAll, describe, expect, test } from 'vitest';
import { crossroot, ensureBuilt } from '../support/built.js';
import { services } from './files.js';

/** What containers are told to do, against the program itself. */
const commands = new Map(
  services.flatMap(([name, { build, command = [] }]) =>
    build === undefined ? [] : [[name, command] as const],
  ),
);
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
