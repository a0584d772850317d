import { chownSync, cpSync, existsSync, mkdirSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { mounts, ROOT, readText, type Service } from '../files.js';

/** User of the image's programs: `node` of the official image. */
const USER = 1000;

/** Folders of the image, by the Dockerfile, and volumes, which begin as what the image has at their place. */
export class Storage {
  readonly #folder: string;

  /** @param folder `deploy/` of the project is copied into it */
  constructor(folder: string) {
    this.#folder = folder;
    const [, made = ''] = /RUN mkdir -p ([^&]*)/.exec(readText('Dockerfile').replaceAll('\\\n', ' ')) ?? [];
    for (const path of ['/data', ...made.trim().split(/\s+/)])
      mkdirSync(join(this.image, path), { recursive: true });
    own(this.image);
    cpSync(join(ROOT, 'deploy'), join(folder, 'deploy'), { recursive: true });
  }

  get image(): string {
    return join(this.#folder, 'image');
  }
  /** A file of the project's `deploy/`, in the copy. */
  deployed(path: string): string {
    return join(this.#folder, path);
  }
  volume(name: string): string {
    return join(this.#folder, 'volumes', name);
  }

  /** Makes the volumes of a service that are not there yet, as the engine does when it makes a container. */
  create(service: Service): void {
    for (const { source, target } of mounts(service)) {
      if (source.startsWith('./') || existsSync(this.volume(source))) continue;
      mkdirSync(this.volume(source), { recursive: true });
      const begins = join(this.image, target);
      if (service.build === undefined || !existsSync(begins)) continue;
      cpSync(begins, this.volume(source), { recursive: true });
      own(this.volume(source));
    }
  }
}

function own(folder: string): void {
  chownSync(folder, USER, USER);
  for (const entry of readdirSync(folder, { withFileTypes: true }))
    if (entry.isDirectory()) own(join(folder, entry.name));
}

export interface Program {
  readonly words: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Folders of this machine that it needs besides the system's. */
  readonly folders?: readonly string[];
}

/**
 * A script that makes a container's file system of this machine's programs and the service's mounts, and runs its program there without
 * rights: as the user, with the mounts, and as unable to write as docker-compose.yml says.
 * @param hosts file of everybody's names
 */
export function containerScript(
  name: string,
  service: Service,
  program: Program,
  storage: Storage,
  hosts: string,
): string {
  const root = join(dirname(storage.image), 'roots', name);
  const at = (path: string) => join(root, path);
  const isOurs = service.build !== undefined;
  const lines = [`mkdir -p ${root}`, `mount -t tmpfs -o mode=755 none ${root}`];
  const bind = (source: string, target: string, mode = '') => {
    const isFile = !statSync(source).isDirectory();
    lines.push(
      isFile
        ? `mkdir -p ${at(dirname(target))}; touch ${at(target)}`
        : `[ -d ${at(target)} ] || mkdir -p ${at(target)}`,
    );
    lines.push(`mount --rbind ${source} ${at(target)}`);
    if (mode === 'ro') lines.push(`mount -o remount,bind,ro ${at(target)}`);
  };
  for (const path of ['/usr', '/lib', '/lib64', '/bin', '/sbin', '/proc', '/dev', '/sys'])
    if (existsSync(path)) bind(path, path);
  // What is mounted below these must not be made on this machine's own disk.
  lines.push(`cp -a /etc ${at('/etc')}`, `mount -t tmpfs none ${at('/usr/local/etc')}`);
  for (const folder of service.tmpfs ?? ['/tmp'])
    lines.push(`mkdir -p ${at(folder)}; mount -t tmpfs -o mode=1777 none ${at(folder)}`);
  bind(hosts, '/etc/hosts');
  for (const folder of program.folders ?? []) bind(folder, folder);
  if (isOurs) {
    lines.push(`cp -a ${storage.image}/. ${root}/`);
    bind(join(ROOT, 'dist'), '/app/dist');
    bind(realpathSync(join(ROOT, 'node_modules')), '/app/node_modules');
    bind(join(ROOT, 'deploy/healthcheck.mjs'), '/app/deploy/healthcheck.mjs');
    bind(join(ROOT, 'package.json'), '/app/package.json');
  }
  const byDepth = [...mounts(service)].sort(
    (a, b) => a.target.split('/').length - b.target.split('/').length,
  );
  for (const { source, target, mode } of byDepth)
    bind(source.startsWith('./') ? storage.deployed(source) : storage.volume(source), target, mode);
  for (const secret of service.secrets ?? [])
    bind(storage.deployed(`deploy/secrets/${secret}`), `/run/secrets/${secret}`, 'ro');
  if (service.read_only === true) lines.push(`mount -o remount,ro ${root}`);
  const user = isOurs ? USER : 0;
  const rights = `--reuid ${user} --regid ${user} --clear-groups --bounding-set=-all --inh-caps=-all --no-new-privs`;
  const environment = {
    PATH: '/usr/local/bin:/usr/bin:/bin:/usr/sbin',
    HOME: '/tmp',
    ...program.environment,
  };
  const settings = Object.entries(environment).map(([key, value]) => quoted(`${key}=${value}`));
  lines.push(
    `exec chroot ${root} setpriv ${rights} env -i ${settings.join(' ')} ${program.words.map(quoted).join(' ')}`,
  );
  return lines.join('\n');
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
