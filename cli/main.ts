import { Command, CommanderError } from 'commander';
import { UsageError } from './errors.js';
import { options } from './options.js';
import { reportError } from './output.js';
import { version } from './version.js';

/** Runs one command line. @returns the exit code: 0 good, 1 refused or failed, 2 usage */
export async function main(argv: readonly string[]): Promise<number> {
  const json = argv.includes('--json');
  try {
    await program(json).parseAsync([...argv], { from: 'user' });
    return process.exitCode === undefined ? 0 : Number(process.exitCode);
  } catch (error) {
    if (!(error instanceof CommanderError)) return reportError(error, json);
    // Commander's own success is --help and --version; its failures it has told people, but not programs.
    if (error.exitCode === 0) return 0;
    if (json) reportError(new UsageError(error.message.replace(/^error: /, '')), json);
    return 2;
  }
}

function program(json: boolean): Command {
  const root = new Command('crossroot')
    .description('Prove on one chain what happened on another.')
    .version(version)
    .exitOverride();
  if (json) root.configureOutput({ writeErr: () => undefined });
  add(root, 'up', 'run everything on this machine and prove a payment on each foreign chain')
    .addOption(options.config())
    .addOption(options.data())
    .addOption(options.once())
    .addOption(options.rebuildIndex())
    .addOption(options.passphraseFile())
    .action(async (flags) => {
      const { upCommand } = await load(() => import('./up/command.js'));
      process.exitCode = await upCommand(flags);
    });
  addRoles(root);
  const headers = root.command('headers').description('header files').copyInheritedSettings(root);
  add(headers, 'verify', 'check raw 80-byte headers by all rules of their chain')
    .argument('<file>', 'raw headers, one after another')
    .addOption(options.chain().makeOptionMandatory())
    .addOption(options.startHeight())
    .addOption(options.checkpoint())
    .addOption(options.now())
    .addOption(options.signetChallenge())
    .addOption(options.warn())
    .action(async (file, flags) =>
      (await load(() => import('./commands/headers.js'))).headersVerifyCommand(file, flags),
    );
  const block = root.command('block').description('whole blocks').copyInheritedSettings(root);
  add(block, 'verify', 'check a raw Bitcoin block by all that it shows of itself, and a signet’s signature')
    .argument('<file>', 'raw block')
    .addOption(options.chain().makeOptionMandatory())
    .addOption(options.blockHeight())
    .addOption(options.signetChallenge())
    .addOption(options.warn())
    .action(async (file, flags) =>
      (await load(() => import('./commands/block.js'))).blockVerifyCommand(file, flags),
    );
  add(
    root,
    'prove',
    'make a proof of a foreign transaction, a part of it, a block, its state, or a reorganisation',
  )
    .addOption(options.chain())
    .addOption(options.tx())
    .addOption(options.kind())
    .addOption(options.log())
    .addOption(options.outputIndex())
    .addOption(options.address())
    .addOption(options.input())
    .addOption(options.outpoint())
    .addOption(options.slot())
    .addOption(options.topic())
    .addOption(options.withdrawal())
    .addOption(options.list())
    .addOption(options.fromBlock())
    .addOption(options.toBlock())
    .addOption(options.reorg())
    .addOption(options.format())
    .addOption(options.api())
    .addOption(options.output())
    .addOption(options.offline())
    .addOption(options.block())
    .addOption(options.height())
    .addOption(options.fromTerm())
    .addOption(options.signetChallenges())
    .addOption(options.networkFiles())
    .action(async (flags) => (await load(() => import('./commands/prove.js'))).proveCommand(flags));
  add(
    root,
    'import',
    'make a proof of Merkle branches or state proofs that other programs wrote; opens no socket',
  )
    .argument('<file...>', 'their files: one a transaction, and one of the coinbase; eip1186: one answer')
    .addOption(options.importFormat())
    .addOption(options.chain().makeOptionMandatory())
    .addOption(options.header())
    .addOption(options.raw())
    .addOption(options.kind())
    .addOption(options.outputIndex())
    .addOption(options.address())
    .addOption(options.input())
    .addOption(options.outpoint())
    .addOption(options.as())
    .addOption(options.output())
    .addOption(options.signetChallenges())
    .addOption(options.networkFiles())
    .action(async (files, flags) =>
      (await load(() => import('./commands/import.js'))).importCommand(files, flags),
    );
  add(root, 'verify', 'check proofs offline; opens no socket')
    .argument('<file...>', 'proof files, JSON or SSZ')
    .addOption(options.trust())
    .addOption(options.data())
    .addOption(options.blockHash())
    .addOption(options.asOf())
    .addOption(options.minMainHeight())
    .addOption(options.maxAge())
    .addOption(options.acceptStaleAnchor())
    .addOption(options.signetChallenges())
    .addOption(options.networkFiles())
    .action(async (files, flags) =>
      (await load(() => import('./commands/verify.js'))).verifyCommand(files, flags),
    );
  add(
    root,
    'trust',
    'write the newest final main-chain header as a trust file; whether to trust it is up to you',
  )
    .addOption(options.api())
    .addOption(options.output())
    .action(async (flags) => (await load(() => import('./commands/trust.js'))).trustCommand(flags));
  const evidence = root.command('evidence').description('what sources did wrong').copyInheritedSettings(root);
  add(evidence, 'export', 'write both branches of a deep fork, as headers')
    .addOption(options.chain().makeOptionMandatory())
    .addOption(options.evidenceNumber().makeOptionMandatory())
    .addOption(options.api())
    .addOption(options.output())
    .action(async (flags) =>
      (await load(() => import('./commands/evidence.js'))).evidenceExportCommand(flags),
    );
  add(evidence, 'verify', 'check both branches by all header rules; opens no socket')
    .argument('<file>', 'what evidence export wrote')
    .addOption(options.now())
    .action(async (file, flags) =>
      (await load(() => import('./commands/evidence.js'))).evidenceVerifyCommand(file, flags),
    );
  add(root, 'status', 'what a running Crossroot says of itself')
    .addOption(options.api())
    .action(async (flags) => (await load(() => import('./commands/status.js'))).statusCommand(flags));
  return root;
}

/** The parts of `up` as processes of their own; docs/formats.md says what each does. */
function addRoles(root: Command): void {
  add(root, 'init', 'make genesis, keys and checkpoints for the roles below')
    .addOption(options.config())
    .addOption(options.data())
    .addOption(options.passphraseFile())
    .action(async (flags) => {
      const { initCommand } = await load(() => import('./commands/init.js'));
      await initCommand(flags);
    });
  const role = (name: string, description: string) =>
    add(root, name, description)
      .addOption(options.config())
      .addOption(options.data())
      .addOption(options.logFile())
      .addOption(options.listenHost());
  const roles = () => load(() => import('./commands/roles.js'));
  role('node', 'run one delegate of the main chain')
    .addOption(options.delegate())
    .addOption(options.passphraseFile())
    .action(async (flags) => (await roles()).nodeCommand(flags));
  role('index', 'follow the chains into the log and fill the index; several share the work')
    .addOption(options.place())
    .addOption(options.listenPort())
    .addOption(options.rebuildIndex())
    .action(async (flags) => (await roles()).indexCommand(flags));
  role('relay', 'submit to the main chain what is in the log; several share the work')
    .addOption(options.operator())
    .addOption(options.passphraseFile())
    .addOption(options.listenPort())
    .action(async (flags) => (await roles()).relayCommand(flags));
  role('api', 'answer: proofs, the index, the page; any number behind one address')
    .addOption(options.listenPort())
    .action(async (flags) => (await roles()).apiCommand(flags));
}

/** Loads a command once it is to run: loading is most of the time of a short one. Before, hashing is made fast. */
async function load<T>(command: () => Promise<T>): Promise<T> {
  const { useFastHasher } = await import('../proofs/hash/fast.js');
  useFastHasher();
  return command();
}

function add(parent: Command, name: string, description: string): Command {
  return parent
    .command(name)
    .description(description)
    .copyInheritedSettings(parent)
    .showHelpAfterError(
      `See: crossroot ${[parent.name(), name].filter((part) => part !== 'crossroot').join(' ')} --help`,
    )
    .addOption(options.json());
}

// Whoever reads our output may stop early, as `head` does.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
process.exitCode = await main(process.argv.slice(2));
