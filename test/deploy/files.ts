import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { readYaml } from './yaml.js';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export function readText(path: string): string {
  return readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
}

const words = z.array(z.string()).min(1);
const duration = z.string().regex(/^\d+s$/);
const condition = z.enum(['service_healthy', 'service_completed_successfully', 'service_started']);

const Service = z.strictObject({
  image: z.string(),
  build: z.string().optional(),
  command: words.optional(),
  entrypoint: words.optional(),
  user: z.string().optional(),
  environment: z.record(z.string(), z.string()).optional(),
  secrets: words.optional(),
  volumes: words.optional(),
  tmpfs: words.optional(),
  ports: words.optional(),
  read_only: z.boolean().optional(),
  init: z.boolean(),
  cap_drop: words.optional(),
  security_opt: words,
  restart: z.enum(['unless-stopped', 'no']),
  stop_grace_period: duration.optional(),
  ulimits: z.record(z.string(), z.object({ soft: z.number(), hard: z.number() })).optional(),
  depends_on: z.record(z.string(), z.strictObject({ condition })).optional(),
  healthcheck: z
    .strictObject({
      test: words,
      interval: duration,
      timeout: duration,
      retries: z.number(),
      start_period: duration,
    })
    .optional(),
  logging: z.object({ driver: z.string(), options: z.record(z.string(), z.string()) }),
  deploy: z.strictObject({
    resources: z.strictObject({
      limits: z.strictObject({
        cpus: z.string().regex(/^\d\.\d$/),
        memory: z.string().regex(/^\d+[MG]$/),
      }),
    }),
  }),
});
export type Service = z.output<typeof Service>;

/** The part of the Compose specification that the project's file uses; anything else in it is an error. */
const Compose = z.object({
  name: z.string(),
  services: z.record(z.string().regex(/^[a-z0-9-]+$/), Service),
  volumes: z.record(z.string(), z.null()),
  secrets: z.record(z.string(), z.strictObject({ file: z.string() })),
});

/** docker-compose.yml, as an engine would have it. */
export const compose = Compose.parse(readYaml(readText('docker-compose.yml')));
export const services = Object.entries(compose.services);
/** Those of the project's own image. */
export const ours = services.filter(([, { build }]) => build !== undefined);
/** Those that run `crossroot`. */
export const roles = ours.filter(([, { entrypoint }]) => entrypoint === undefined);

/** `source:target:mode` of each mount. */
export function mounts({
  volumes = [],
}: Service): { readonly source: string; readonly target: string; readonly mode: string }[] {
  return volumes.map((text) => {
    const [source = '', target = '', mode = ''] = text.split(':');
    return { source, target, mode };
  });
}

const Scrapes = z.object({
  rule_files: words,
  scrape_configs: z.array(
    z.object({ job_name: z.string(), static_configs: z.array(z.object({ targets: words })) }),
  ),
});
export const prometheus = Scrapes.parse(readYaml(readText('deploy/prometheus/prometheus.yml')));

const Rules = z.object({
  groups: z.array(
    z.strictObject({
      name: z.string(),
      rules: z.array(
        z.strictObject({
          alert: z.string(),
          expr: z.string(),
          for: z
            .string()
            .regex(/^\d+[ms]$/)
            .optional(),
          labels: z.strictObject({ severity: z.enum(['warning', 'critical']) }),
          annotations: z.strictObject({ summary: z.string(), description: z.string() }),
        }),
      ),
    }),
  ),
});
export const rules = Rules.parse(readYaml(readText('deploy/prometheus/rules.yml'))).groups.flatMap(
  (group) => group.rules,
);
