import {
  accessSync,
  constants,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadConfig } from '../../config/load.js';
import { mainNodes } from '../../config/main.js';
import { compose, mounts, ours, prometheus, ROOT, readText, roles, type Service, services } from './files.js';
import { readYaml } from './yaml.js';

const running = services.filter(([, service]) => service.restart !== 'no');
describe('the reader of these files', () => {
  test('reads what they are written in', () => {
    const text =
      "a: &x\n  b: 1\n  c: [p, 'q, r']\nd:\n  <<: *x\n  b: two\ne:\n  - f: 'it''s'\n    g:\n  - -h\n# no\n";
    expect(readYaml(text)).toEqual({
      a: { b: 1, c: ['p', 'q, r'] },
      d: { b: 'two', c: ['p', 'q, r'] },
      e: [{ f: "it's", g: null }, '-h'],
    });
  });

  test.each([
    'a: 1\na: 2\n',
    'a: *none\n',
    'a: |\n  text\n',
    'a: {b: 1}\n',
    'a: [b\n',
    'a: 1\n  b: 2\n',
    'a: 1 # b\n',
  ])('refuses %j', (text) => {
    expect(() => readYaml(text)).toThrow(SyntaxError);
  });
});

describe('docker-compose.yml', () => {
  test('has the whole topology', () => {
    const names = services.map(([name]) => name);
    const commands = roles.map(([, { command = [] }]) => command[0] ?? '');
    expect(names).toEqual(
      expect.arrayContaining([
        'kafka',
        'clickhouse',
        'bitcoind',
        'anvil',
        'beacon',
        'gateway',
        'prometheus',
        'grafana',
      ]),
    );
    const count = (role: string) => commands.filter((one) => one === role).length;
    expect(['init', 'node', 'index', 'relay', 'api'].map(count)).toEqual([1, 4, 2, 2, 2]);
  });

  test.each(services)('%s: its image is of one exact version', (_, { image, build }) => {
    const { version } = JSON.parse(readText('package.json')) as { version: string };
    if (build !== undefined) expect(image).toBe(`crossroot:${version}`);
    else expect(image).toMatch(/^[a-z0-9./-]+:v?\d+\.\d+(\.\d+)*(-alpine)?$/);
  });

  test.each(running)('%s: is looked after', (_, service) => {
    expect(service.healthcheck).toBeDefined();
    expect(service.security_opt).toContain('no-new-privileges:true');
    expect(service.logging.options).toMatchObject({ 'max-size': '10m' });
  });

  test.each(services)('%s: what it waits for exists and can be waited for', (_, { depends_on = {} }) => {
    for (const [name, { condition }] of Object.entries(depends_on)) {
      const target = compose.services[name];
      expect(target, name).toBeDefined();
      if (condition === 'service_completed_successfully') expect(target?.restart).toBe('no');
      else expect(target?.healthcheck, name).toBeDefined();
    }
  });

  test('nothing waits for itself', () => {
    const after = new Map(services.map(([name, { depends_on = {} }]) => [name, Object.keys(depends_on)]));
    const visit = (name: string, above: readonly string[]): void => {
      expect(above).not.toContain(name);
      for (const next of after.get(name) ?? []) visit(next, [...above, name]);
    };
    for (const name of after.keys()) visit(name, []);
  });

  test.each(services)(
    '%s: what it mounts is there, and nothing of the project can be written',
    (_, service) => {
      for (const { source, target, mode } of mounts(service)) {
        expect(target).toMatch(/^\//);
        if (source.startsWith('./')) {
          expect(existsSync(join(ROOT, source)), source).toBe(true);
          expect(mode).toBe('ro');
        } else expect(Object.keys(compose.volumes)).toContain(source);
      }
      for (const secret of service.secrets ?? []) expect(Object.keys(compose.secrets)).toContain(secret);
    },
  );

  test('each volume and each secret is used', () => {
    const used = services.flatMap(([, service]) => mounts(service).map(({ source }) => source));
    expect(Object.keys(compose.volumes).filter((name) => !used.includes(name))).toEqual([]);
    const secrets = services.flatMap(([, { secrets = [] }]) => secrets);
    expect(Object.keys(compose.secrets).filter((name) => !secrets.includes(name))).toEqual([]);
  });

  test('only page and API, Grafana and Prometheus are published, on loopback', () => {
    const ports = services.flatMap(([name, { ports = [] }]) => ports.map((port) => [name, port]));
    expect(ports).toEqual([
      ['gateway', '127.0.0.1:4700:4700'],
      ['prometheus', '127.0.0.1:9090:9090'],
      ['grafana', '127.0.0.1:3000:3000'],
    ]);
  });

  test('no secret is in it: passwords come from files that are made at the place', () => {
    const text = readText('docker-compose.yml');
    const settings = services.flatMap(([, { environment = {} }]) => Object.entries(environment));
    for (const [name, value] of settings)
      if (/password|secret|token/i.test(name)) expect(value, name).toMatch(/^\/run\/secrets\//);
    expect(text).not.toMatch(/rpcpassword|rpcauth/);
    const script = readText('deploy/secrets.sh');
    for (const [name, { file }] of Object.entries(compose.secrets)) {
      expect(file).toBe(`./deploy/secrets/${name}`);
      expect(script).toMatch(new RegExp(`\\| make ${name}\\b`));
    }
    expect(readText('.gitignore')).toContain('/deploy/secrets/');
  });

  test.each(ours)('%s: runs without rights, on a file system that it cannot change', (_, service) => {
    expect(service).toMatchObject({ read_only: true, cap_drop: ['ALL'], init: true });
    expect(service.user).toBeUndefined();
  });

  test('each container has the keys that it uses, and nobody else’s; init alone makes them', () => {
    const keys = ['delegate-0', 'delegate-1', 'delegate-2', 'delegate-3', 'operator-0', 'operator-1'];
    const folders = ['delegates/0', 'delegates/1', 'delegates/2', 'delegates/3', 'operator', 'operator-1'];
    const seen = (name: string) =>
      mounts(compose.services[name] as Service).flatMap(({ source, target, mode }) =>
        keys.includes(source) ? [`${source} at ${target}${mode}`] : [],
      );
    const own = (i: number) => `${keys[i]} at /data/${folders[i]}`;
    expect(seen('init')).toEqual(keys.map((_, i) => own(i)));
    for (const [name] of services.filter(([name]) => name !== 'init')) {
      const number = Number(name.at(-1));
      const expected = /^node-/.test(name) ? [own(number)] : /^relay-/.test(name) ? [own(4 + number)] : [];
      expect(seen(name), name).toEqual(expected);
    }
    // What all of them share, init alone writes; the beacon chain’s, the beacon chain.
    for (const [name, service] of services)
      for (const { source, mode } of mounts(service))
        if (['data', 'beacon-data'].includes(source))
          expect([name, source, mode]).toEqual([
            name,
            source,
            name === { data: 'init', 'beacon-data': 'beacon' }[source] ? '' : 'ro',
          ]);
  });

  test('no two containers write to one volume', () => {
    const writers = new Map<string, string[]>();
    for (const [name, service] of services.filter(([name]) => name !== 'init'))
      for (const { source, mode } of mounts(service))
        if (mode !== 'ro') writers.set(source, [...(writers.get(source) ?? []), name]);
    for (const [source, names] of writers) expect([source, names.length]).toEqual([source, 1]);
  });

  test('scripts can be run', () => {
    for (const path of ['deploy/secrets.sh', 'deploy/bitcoin/mine.sh'])
      expect(() => accessSync(join(ROOT, path), constants.X_OK)).not.toThrow();
  });
});

describe('Prometheus', () => {
  test('asks services that exist, each role all of them', () => {
    const targets = prometheus.scrape_configs.flatMap(({ job_name: job, static_configs }) =>
      static_configs.flatMap(({ targets }) => targets.map((target) => ({ job, target }))),
    );
    for (const { job, target } of targets) {
      const [name = '', port] = target.split(':');
      const service = compose.services[name];
      expect(service, target).toBeDefined();
      if (roles.some(([one]) => one === name)) {
        expect(service?.command?.[0]).toBe(job);
        expect(service?.healthcheck?.test.join(' ')).toContain(`127.0.0.1:${port}/`);
      }
    }
    const asked = targets.map(({ target }) => target.split(':')[0]);
    const names = roles.filter(([, { restart }]) => restart !== 'no').map(([name]) => name);
    expect(names.filter((name) => !asked.includes(name))).toEqual([]);
  });

  test('reads the rules that are mounted', () => {
    const at = mounts(compose.services.prometheus as Service).map(({ target }) => target);
    expect(at).toContain('/etc/prometheus/prometheus.yml');
    for (const file of prometheus.rule_files) expect(at).toContain(`/etc/prometheus/${file}`);
  });
});

describe('the image', () => {
  const lines = readText('Dockerfile').split('\n');

  test('is made in stages from one exact version of Node, which the project supports', () => {
    const bases = lines.flatMap((line) => /^FROM (\S+)/.exec(line)?.[1] ?? []);
    expect(new Set(bases)).toEqual(new Set(['node:20.19.4-bookworm-slim']));
    expect(bases).toHaveLength(3);
    const { engines } = JSON.parse(readText('package.json')) as { engines: { node: string } };
    expect(engines.node).toBe('>=20.19.4');
  });

  test('installs by the lockfile, and runs as another than root', () => {
    expect(lines.filter((line) => line.includes('npm ci'))).toHaveLength(2);
    expect(lines.join('\n')).not.toContain('npm install');
    const last = lines.slice(lines.findLastIndex((line) => line.startsWith('FROM')));
    expect(last).toContain('USER node');
    expect(last).toContain('ENTRYPOINT ["node", "/app/dist/cli/main.js"]');
  });

  test('has a folder, of the user who runs there, wherever a volume is mounted', () => {
    const [made = ''] = lines.join(' ').match(/mkdir -p [^&]*/) ?? [];
    expect(lines.join('\n')).toMatch(/chown -R node:node \/data \/beacon/);
    for (const [name, service] of ours)
      for (const { source, target } of mounts(service))
        if (!source.startsWith('./')) expect(`${made} /data `, `${name}: ${target}`).toContain(` ${target} `);
  });

  test('is made from what is there: no tests, no data, no secrets', () => {
    const kept = readText('.dockerignore')
      .split('\n')
      .flatMap((line) => /^!(.*)$/.exec(line)?.[1] ?? []);
    for (const path of kept) expect(existsSync(join(ROOT, path)), path).toBe(true);
    const copied = lines.flatMap((line) => (/^COPY (?!--from)(.*) \S+$/.exec(line)?.[1] ?? '').split(' '));
    for (const path of copied.filter((path) => path !== '' && path !== '.')) expect(kept).toContain(path);
    expect(kept.some((path) => statSync(join(ROOT, path)).isDirectory() && path === 'deploy')).toBe(false);
  });

  test('every folder that the sources import from is in it', () => {
    const { exclude } = JSON.parse(readFileSync(join(ROOT, 'tsconfig.build.json'), 'utf8')) as {
      exclude: string[];
    };
    const kept = readText('.dockerignore');
    const rooms = [
      'adapters',
      'cli',
      'config',
      'contracts',
      'devnet',
      'indexers',
      'mainchain',
      'proofs',
      'relay',
    ];
    for (const room of [...rooms, 'storage', 'timing']) {
      expect(exclude).not.toContain(room);
      expect(kept).toContain(`\n!${room}\n`);
    }
  });
});

describe('the configuration', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'deploy-'));
    writeFileSync(join(folder, 'trusted-block'), `0x${'11'.repeat(32)}\n`);
    // With the folder in which the beacon chain writes.
    const text = readText('deploy/crossroot.json').replaceAll('/beacon/', `${folder}/`);
    writeFileSync(join(folder, 'crossroot.json'), text);
  });
  afterAll(() => rmSync(folder, { recursive: true }));
  const read = () => loadConfig(join(folder, 'crossroot.json'));

  test('trusts the block that the beacon chain writes down', async () => {
    const { command = [] } = compose.services.beacon ?? {};
    const [, file] =
      /"trustedBlockRoot": \{ "file": "([^"]+)" \}/.exec(readText('deploy/crossroot.json')) ?? [];
    expect(command).toContain(`--trusted-block-file=${file}`);
    const { chains } = await read();
    expect(chains[1]?.checkpoint).toEqual({ trustedBlockRoot: `0x${'11'.repeat(32)}` });
    for (const [, service] of roles)
      expect(mounts(service)).toContainEqual({ source: 'beacon-data', target: '/beacon', mode: 'ro' });
  });

  test('believes the proxy in front, which says who asks in the header’s place', async () => {
    const { api } = await read();
    expect(api.trustedProxies).toEqual(['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7']);
    expect(readText('deploy/gateway/haproxy.cfg')).toContain(
      'http-request set-header X-Forwarded-For %[src]',
    );
    expect(roles.filter(([, { ports }]) => ports !== undefined)).toEqual([]);
  });

  test('is one that the roles take, and every place in it is a service', async () => {
    const { main, chains, log, index, api, indexer, relay } = await read();
    const nodes = mainNodes(main).map(({ p2p, rpc }) => [p2p.host, rpc.host]);
    expect(nodes).toEqual([0, 1, 2, 3].map((i) => [`node-${i}`, `node-${i}`]));
    expect(main.operators).toBe(roles.filter(([, { command }]) => command?.[0] === 'relay').length);
    const urls = chains.flatMap(({ sources = [] }) =>
      sources.map((source) => ('url' in source ? new URL(source.url).hostname : source)),
    );
    for (const host of urls)
      expect(compose.services[typeof host === 'string' ? host : hostOf(host)]).toBeDefined();
    expect(log.type === 'kafka' ? log.brokers : []).toEqual(['kafka:9092']);
    expect(index.type === 'clickhouse' ? index.url : '').toBe('http://clickhouse:8123');
    // Beyond loopback only because this file says so: the engine's network is closed.
    expect([main.host, api.host, indexer.host, relay.host]).toEqual(Array(4).fill('0.0.0.0'));
  });

  test.each(roles)('%s: is asked for its health where it listens', async (_, { command, healthcheck }) => {
    const { main, api, indexer, relay } = await read();
    const [role = ''] = command ?? [];
    if (role === 'init') return expect(healthcheck).toBeUndefined();
    const node = mainNodes(main)[Number(command?.at(-1))];
    const port = { node: node?.rpc.port, index: indexer.port, relay: relay.port, api: api.port }[role];
    expect(healthcheck?.test).toEqual([
      'CMD',
      'node',
      '/app/deploy/healthcheck.mjs',
      `http://127.0.0.1:${port}/healthz`,
    ]);
  });

  test('files that it names are mounted into every role', async () => {
    const text = readText('deploy/crossroot.json');
    for (const [, name = ''] of text.matchAll(/\/run\/secrets\/(\w+)/g))
      for (const [, { secrets }] of roles) expect(secrets).toContain(name);
  });

  test('the address in front of the API servers knows all of them', async () => {
    const { api } = await read();
    const servers = [...readText('deploy/gateway/haproxy.cfg').matchAll(/^ {4}server (\S+) (\S+)$/gm)];
    const names = roles.filter(([, { command }]) => command?.[0] === 'api').map(([name]) => name);
    expect(servers.map(([, name, at]) => [name, at])).toEqual(
      names.map((name) => [name, `${name}:${api.port}`]),
    );
  });
});

function hostOf(source: object): string {
  return 'address' in source ? String(source.address).split(':')[0]! : '';
}
