import { expect, test } from 'vitest';
import { ended } from './closing.js';

test('what fails while a client is ended is told, and hinders nobody', async () => {
  const told: string[] = [];
  const tell = (message: string) => told.push(message);
  await ended('one', async () => undefined, tell);
  await ended('a connection', () => Promise.reject(new Error('broken pipe')), tell);
  await ended(
    'another',
    () => {
      throw new Error('not connected');
    },
    tell,
  );
  expect(told).toEqual([
    'a connection did not end in order: broken pipe',
    'another did not end in order: not connected',
  ]);
});
