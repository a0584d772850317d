import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { findProgram } from '../../devnet/programs.js';
import { ROOT } from './files.js';

/** Prometheus's own judgement of its files. */
const promtool = findProgram('promtool');
if (promtool === undefined) console.warn('Prometheus’s files are not checked by it: promtool is not on PATH');

test.skipIf(promtool === undefined).each([
  ['config', 'prometheus.yml', /prometheus\.yml is valid prometheus config file syntax/],
  ['rules', 'rules.yml', /SUCCESS: \d+ rules found/],
])('check %s %s', (what, file, answer) => {
  const words = ['check', what, `deploy/prometheus/${file}`];
  const { status, stdout, stderr } = spawnSync(promtool ?? '', words, { cwd: ROOT, encoding: 'utf8' });
  expect([status, `${stdout}${stderr}`]).toEqual([0, expect.stringMatching(answer)]);
});
