import { spawn } from 'node:child_process';
import { endWithUs } from '../../devnet/endWithUs.js';

/** Starts a process that ends with this one, says its number, and waits for a kill; or, where that ends soon, for nothing. */
const [how = '', signal = '', folder = ''] = process.argv.slice(2);
const note = (name: string) => `require('node:fs').writeFileSync(${JSON.stringify(`${folder}/${name}`)}, '')`;
const programs: Record<string, string> = {
  obedient: `for (const s of ['SIGINT', 'SIGTERM']) process.on(s, () => { ${note('SIGINT')}; process.exit(0); }); setInterval(() => {}, 1000)`,
  deaf: `process.on('SIGTERM', () => setTimeout(() => { ${note('later')} }, 10)); setInterval(() => {}, 1000)`,
  shortLived: 'setTimeout(() => {}, 300)',
};
const child = spawn(process.execPath, ['-e', `${programs[how]}; console.log('up')`, '--', how], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
endWithUs(child, { signal: signal as 'SIGINT', graceSeconds: 2 });
child.stdout.once('data', () => process.stdout.write(`${child.pid}\n`));
if (how !== 'shortLived') setInterval(() => undefined, 1000);
