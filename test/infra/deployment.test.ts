import { CommanderError, type Command } from 'commander';
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { createProgram } from '../../cli/program.js';
import { builtPath, isBuilt } from '../../infra/go-module.js';
import { chartVariants, templateArguments } from '../../infra/checks/checks.js';
import { helm } from '../../infra/checks/tools.js';

const infra = join(process.cwd(), 'infra');
const metricsPort = 9464;
const dockerfile = readFileSync(join(infra, 'docker', 'worker.Dockerfile'), 'utf8');

const serviceSchema = z.object({
  image: z.string(),
  command: z.union([z.string(), z.array(z.string())]).optional(),
  environment: z.record(z.string(), z.string()).optional(),
});
const compose = z
  .object({ services: z.record(z.string(), serviceSchema) })
  .parse(parse(readFileSync(join(infra, 'compose', 'compose.yaml'), 'utf8'), { merge: true }));
const ours = Object.entries(compose.services).filter(([, { image }]) => image.startsWith('foldwise-worker:'));

const containerSchema = z.object({
  args: z.array(z.string()),
  env: z.array(z.object({ name: z.string(), value: z.string().optional() })),
  ports: z.array(z.object({ containerPort: z.number() })),
  startupProbe: z.object({ httpGet: z.object({ path: z.string() }) }),
  livenessProbe: z.object({ httpGet: z.object({ path: z.string() }) }),
});
const deploymentSchema = z.object({
  metadata: z.object({ name: z.string() }),
  spec: z.object({
    template: z.object({
      spec: z.object({
        terminationGracePeriodSeconds: z.number(),
        containers: z.array(containerSchema).length(1),
      }),
    }),
  }),
});

const jobSchema = z.object({
  spec: z.object({
    schedule: z.string(),
    jobTemplate: z.object({
      spec: z.object({
        template: z.object({
          spec: z.object({ containers: z.array(containerSchema.pick({ args: true, env: true })).length(1) }),
        }),
      }),
    }),
  }),
});

const scalerSchema = z.object({
  spec: z.object({ triggers: z.array(z.object({ metadata: z.record(z.string(), z.string()) })) }),
});

/** The chart's objects with some settings. */
function rendered(values: readonly string[]): unknown[] {
  const args = templateArguments(join(infra, 'kubernetes', 'foldwise'), values);
  const text = execFileSync(builtPath(helm), args, { encoding: 'utf8' });
  return parseAllDocuments(text).map((document): unknown => document.toJS() as unknown);
}

function ofKind(objects: readonly unknown[], kind: string): unknown[] {
  return objects.filter((object) => (object as { kind?: string } | null)?.kind === kind);
}

/** Throws where the command line does not take these arguments; does nothing of what they say. */
async function parseOnly(args: readonly string[]): Promise<void> {
  const program = createProgram({ print: () => undefined, note: () => undefined });
  const disarm = (command: Command): void => {
    command.action(() => undefined);
    command.commands.forEach(disarm);
  };
  disarm(program);
  await program.parseAsync(['node', 'foldwise', ...args]);
}

/** `${NAME:-default}` as its default, as compose has it where nothing is set. */
function withDefaults(text: string): string {
  return text.replace(/\$\{\w+:-([^}]*)\}/g, '$1');
}

const sources = ['cli', 'infra', 'store', 'worker', 'engine', 'node_modules/@temporalio/envconfig/lib'];
const sourceText = sources
  .flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.(ts|js)$/.test(name) && !name.endsWith('.d.ts'))
      .map((name) => readFileSync(join(folder, name), 'utf8')),
  )
  .join('\n');

/** Read by the SDK of S3, which is documented to. */
const readBySdk = ['AWS_REGION', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_ENDPOINT_URL_S3'];

function unknownVariables(names: readonly string[]): string[] {
  return names.filter((name) => !sourceText.includes(name) && !readBySdk.includes(name));
}

describe('images, compose file and chart', () => {
  it('are of the version that the package has', () => {
    const packageFile: unknown = JSON.parse(readFileSync('package.json', 'utf8'));
    const { version } = z.object({ version: z.string() }).parse(packageFile);
    const chart = join(infra, 'kubernetes', 'foldwise');
    const found = [
      ...dockerfile.matchAll(/foldwise-worker(?:-gpu)?:(\S+)/g),
      ...ours.flatMap(([, { image }]) => [...image.matchAll(/foldwise-worker:(\S+)/g)]),
      ...readFileSync(join(chart, 'Chart.yaml'), 'utf8').matchAll(/^appVersion: (\S+)$/gm),
      ...readFileSync(join(chart, 'values.yaml'), 'utf8').matchAll(/^  tag: (\S+)$/gm),
    ].map(([, named]) => named);
    expect(found.length).toBe(6);
    expect([...new Set(found)]).toEqual([version]);
  });
});

describe('the command line', () => {
  it('is refused where it takes no such option, so that the next tests can fail', async () => {
    await expect(parseOnly(['worker', '--no-such-option'])).rejects.toThrow(CommanderError);
  });
});

describe('the image of a worker', () => {
  const instruction = (name: string): string[] =>
    [...dockerfile.matchAll(new RegExp(`^${name} (.*)$`, 'gm'))].map(([, rest = '']) => rest);

  it('starts with a command that there is', async () => {
    const commands = instruction('CMD');
    expect(commands.length).toBe(2);
    for (const command of commands) await parseOnly(z.array(z.string()).parse(JSON.parse(command)));
  });

  it('has exact bases and a user who is not root, and listens where its health is asked', () => {
    const stages = new Set<string>();
    for (const base of instruction('FROM')) {
      const [from, stage] = base.split(' AS ') as [string, string?];
      if (!stages.has(from)) expect(from).toMatch(/^[\w/.-]+:\d+\.\d+\.\d+[\w.-]*$/);
      if (stage !== undefined) stages.add(stage);
    }
    expect(stages.size).toBeGreaterThan(2);
    expect(instruction('USER')).toEqual(['1000:1000', '1000:1000']);
    expect(instruction('EXPOSE')).toEqual([String(metricsPort), String(metricsPort)]);
    expect(
      dockerfile.match(new RegExp(`0\\.0\\.0\\.0:${metricsPort}|127\\.0\\.0\\.1:${metricsPort}/readyz`, 'g'))
        ?.length,
    ).toBe(4);
  });
});

describe('the compose file', () => {
  it('has exact images', () => {
    for (const { image } of Object.values(compose.services))
      expect(image).toMatch(/:v?\d+\.\d+(\.\d+)?(-\w+)?$/);
  });

  it('starts workers for all queues with a command line that there is', async () => {
    expect(ours.map(([name]) => name)).toEqual(['main', 'fold']);
    for (const [, { command }] of ours) await parseOnly([command ?? []].flat().map(withDefaults));
  });

  it('tells workers nothing that nobody reads', () => {
    for (const [, { environment }] of ours) {
      expect(environment?.['FOLDWISE_METRICS']).toBe(`0.0.0.0:${metricsPort}`);
      expect(unknownVariables(Object.keys(environment ?? {}))).toEqual([]);
    }
  });

  it('mounts files and folders that there are', () => {
    const text = readFileSync(join(infra, 'compose', 'compose.yaml'), 'utf8');
    const mounted = [...text.matchAll(/- (\.\.?\/[^:]+):/g)].map(([, path = '']) => path);
    expect(mounted.length).toBeGreaterThan(3);
    expect(mounted.filter((path) => !existsSync(join(infra, 'compose', path)))).toEqual([]);
  });

  it('has every password from its settings, and each of these is used', () => {
    const settings = readFileSync(join(infra, 'compose', 'example.env'), 'utf8');
    const given = [...settings.matchAll(/^(\w+)=/gm)].map(([, name]) => name);
    const used = readFileSync(join(infra, 'compose', 'compose.yaml'), 'utf8').matchAll(/\$\{(\w+)/g);
    expect([...new Set([...used].map(([, name]) => name))].toSorted()).toEqual(given.toSorted());
  });
});

describe.skipIf(!isBuilt(helm))(
  'the chart (skipped where `npm run check:infra` has not built helm yet)',
  () => {
    const variants = Object.entries(chartVariants).map(([name, values]) => ({ name, values }));

    it.each(variants)(
      '$name starts workers with a command line and variables that there are',
      async ({ values }) => {
        const deployments = ofKind(rendered(values), 'Deployment').map((object) =>
          deploymentSchema.parse(object),
        );
        expect(deployments.map(({ metadata }) => metadata.name).toSorted()).toEqual([
          'release-fold',
          'release-main',
        ]);
        for (const { spec } of deployments) {
          const [container] = spec.template.spec.containers;
          await parseOnly(container!.args);
          expect(unknownVariables(container!.env.map(({ name }) => name))).toEqual([]);
          expect(container!.ports).toEqual([{ containerPort: metricsPort }]);
          expect(container!.startupProbe.httpGet.path).toBe('/readyz');
          expect(container!.livenessProbe.httpGet.path).toBe('/healthz');
        }
      },
    );

    it('removes what nothing needs by a command line that there is, where it is told when', async () => {
      const schedule = 'collection.schedule=30 3 * * 0';
      const jobs = (values: readonly string[]) =>
        ofKind(rendered(values), 'CronJob').map((object) => jobSchema.parse(object).spec);
      expect(jobs([])).toEqual([]);
      for (const values of [[], ['collection.keepDays=90'], ['collection.pipeline=trials']]) {
        const [job] = jobs([schedule, ...values]);
        expect(job?.schedule).toBe('30 3 * * 0');
        const { args } = job!.jobTemplate.spec.template.spec.containers[0]!;
        await parseOnly(args);
        const told = values.flatMap((value) => value.split('=')[1] ?? []);
        expect(args.slice(0, 3)).toEqual(['store', 'gc', '--delete']);
        expect(args).toEqual(expect.arrayContaining(told));
      }
    });

    it('makes workers of a version that the scaler counts the folds of, or of none', () => {
      const versions = (values: readonly string[]): unknown[] => {
        const objects = rendered(values);
        const told = ofKind(objects, 'Deployment').map((object) => {
          const [container] = deploymentSchema.parse(object).spec.template.spec.containers;
          const named = container!.env.filter(({ name }) => /^FOLDWISE_(DEPLOYMENT|BUILD_ID)$/.test(name));
          return named.map(({ value }) => value);
        });
        const [scaler] = ofKind(objects, 'ScaledObject').map((object) => scalerSchema.parse(object));
        const { workerDeploymentName: name, workerDeploymentBuildId: build } =
          scaler!.spec.triggers[0]!.metadata;
        return [...told, [name, build]];
      };
      const three = <T>(value: T): T[] => [value, value, value];
      expect(versions(['versioning.deployment=foldwise', 'versioning.buildId=1.2.3'])).toEqual(
        three(['foldwise', '1.2.3']),
      );
      expect(versions(['versioning.deployment=foldwise', 'image.tag=9.9.9'])).toEqual(
        three(['foldwise', '9.9.9']),
      );
      expect(versions([])).toEqual([[], [], [undefined, undefined]]);
    });

    it('leaves a fold in training longer than a worker takes to stop', () => {
      for (const object of ofKind(rendered([]), 'Deployment')) {
        const { terminationGracePeriodSeconds: grace } = deploymentSchema.parse(object).spec.template.spec;
        expect(grace).toBeGreaterThanOrEqual(120);
      }
    });

    it('never takes the last worker for folds away, and asks the queue that folds wait in', () => {
      const [scaler] = ofKind(rendered([]), 'ScaledObject');
      expect(scaler).toMatchObject({
        spec: {
          minReplicaCount: 1,
          triggers: [{ type: 'temporal', metadata: { taskQueue: 'foldwise-gpu', queueTypes: 'activity' } }],
        },
      });
    });
  },
);
