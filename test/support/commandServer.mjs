// Runs command lines one after another in one process: the program is loaded once. Asked over IPC; see commandServer.ts.
const [main] = process.argv.splice(2);
const write = { stdout: process.stdout.write, stderr: process.stderr.write };
let said = { stdout: '', stderr: '' };
for (const name of ['stdout', 'stderr'])
  process[name].write = (text) => {
    said[name] += typeof text === 'string' ? text : Buffer.from(text).toString('latin1');
    return true;
  };
// The program runs what it was started with, once, when it is loaded.
process.argv.push('--version');
const program = await import(main);
process.on('disconnect', () => process.exit(0));
process.on('uncaughtException', (error) => {
  write.stderr.call(process.stderr, `${error.stack}\n`);
  process.exit(1);
});
process.on('message', async (args) => {
  said = { stdout: '', stderr: '' };
  process.exitCode = undefined;
  const code = await program.main(args);
  process.send({ code, ...said });
});
process.send('ready');
