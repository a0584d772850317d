import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { findProgram } from '../programs.js';
import { KAFKA_JARS, KAFKA_VERSION } from './jars.js';

/** Of Kafka 4. */
const MIN_JAVA = 17;
const CENTRAL = 'https://repo1.maven.org/maven2';

export interface KafkaInstallation {
  readonly java: string;
  /** Folder of jars. */
  readonly folder: string;
}

/**
 * Where Kafka is: the folder of jars that CROSSROOT_KAFKA names (`none`: there is none), else a cache folder, filled
 * from Maven Central once.
 * @returns why there is none, as text
 */
export function findKafka(): KafkaInstallation | string {
  const java = findProgram('java', [join(process.env.JAVA_HOME ?? '', 'bin')]);
  if (java === undefined) return 'java is not on PATH';
  const unfit = unfitness(java);
  if (unfit !== undefined) return unfit;
  const named = process.env.CROSSROOT_KAFKA;
  if (named === 'none') return 'CROSSROOT_KAFKA is none';
  if (named !== undefined && named !== '') {
    const found = existsSync(named) && readdirSync(named).some((name) => /^kafka_.*\.jar$/.test(name));
    return found ? { java, folder: named } : `CROSSROOT_KAFKA has no Kafka: ${named}`;
  }
  const folder = join(writableCache(), 'crossroot', `kafka-${KAFKA_VERSION}`);
  const problem = isWhole(folder) ? undefined : download(folder);
  return problem ?? { java, folder };
}

/** Why this Java does not run Kafka; `undefined` if it does. */
function unfitness(java: string): string | undefined {
  const { status, stderr, stdout } = spawnSync(java, ['-version'], { encoding: 'utf8', timeout: 30_000 });
  const version = /version "(\d+)/.exec(`${stderr}${stdout}`)?.[1];
  if (status !== 0 || version === undefined) return `${java} does not run`;
  return Number(version) < MIN_JAVA ? `java is of version ${version}; Kafka needs ${MIN_JAVA}` : undefined;
}

/** Whether every file is there: somebody may have cleared the cache in part. */
function isWhole(folder: string): boolean {
  return KAFKA_JARS.every(([path]) => existsSync(join(folder, basename(path))));
}

/** The user's cache folder, or the system's temporary one where there is none to write to. */
function writableCache(): string {
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
  try {
    mkdirSync(cache, { recursive: true });
    accessSync(cache, constants.W_OK);
    return cache;
  } catch {
    return tmpdir();
  }
}

/** All or nothing; every file is compared with its checksum. @returns what went wrong */
function download(folder: string): string | undefined {
  const part = `${folder}.part-${process.pid}`;
  try {
    mkdirSync(part, { recursive: true });
    const wanted = KAFKA_JARS.flatMap(([path]) => [
      ...['--output', join(part, basename(path))],
      `${CENTRAL}/${path}`,
    ]);
    execFileSync(
      'curl',
      [
        '--silent',
        '--show-error',
        '--fail',
        '--connect-timeout',
        '10',
        '--max-time',
        '300',
        '--parallel',
        ...wanted,
      ],
      {
        stdio: ['ignore', 'ignore', 'pipe'],
      },
    );
    for (const [path, checksum] of KAFKA_JARS) {
      const digest = createHash('sha256')
        .update(readFileSync(join(part, basename(path))))
        .digest('hex');
      if (digest !== checksum) return `${basename(path)} is not the expected file`;
    }
    // What is left of one that is not whole; another process may have been faster since.
    if (!isWhole(folder)) rmSync(folder, { recursive: true, force: true });
    renameSync(part, folder);
    return undefined;
  } catch (error) {
    if (isWhole(folder)) return undefined;
    return `it cannot be fetched from Maven Central: ${reason(error)}`;
  } finally {
    rmSync(part, { recursive: true, force: true });
  }
}

/** What the program said, in one short line: an error's own message has its whole command line. */
function reason(error: unknown): string {
  const said = error instanceof Error && 'stderr' in error ? String(error.stderr ?? '') : '';
  const lines = (said.trim() === '' ? String(error) : said).split('\n');
  return (lines.find((line) => line.startsWith('curl:')) ?? lines[0] ?? '').slice(0, 200);
}
