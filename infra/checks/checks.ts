import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { composePlugin, composeSpec, goTool, hadolintTool, helm, kubeconform, type Tool } from './tools.js';

/** What came of one check. */
export interface Outcome {
  readonly name: string;
  readonly state: 'passed' | 'failed' | 'skipped';
  /** What the tool said, or why there is none. */
  readonly said: string;
}

/** The oldest Kubernetes whose schemas are beside the chart. */
const kubernetesVersion = '1.31.0';

/** Settings of the chart that make it write different objects. */
export const chartVariants: Readonly<Record<string, readonly string[]>> = {
  'as it is': [],
  'without an autoscaler': ['autoscaling.enabled=false', 'fold.minimum=3'],
  'with keys, certificates and a claim': [
    'temporal.tlsSecret=temporal-tls',
    'store.credentialsSecret=store-keys',
    'store.endpoint=http://objects:7070',
    'main.dataClaim=tables',
    'autoscaling.prometheus=http://prometheus:9090',
    'fold.nodeSelector.kind=training',
  ],
  'with an API key': ['temporal.apiKeySecret=temporal-key'],
  'with a collection': ['collection.schedule=30 3 * * 0', 'collection.keepDays=90'],
  'of one version': ['versioning.deployment=foldwise', 'versioning.buildId=1.2.3-build'],
};

/** Runs every check of the deployment files below a folder. */
export async function runChecks(folder: string, onMessage: (message: string) => void): Promise<Outcome[]> {
  return [
    ...(await checkDockerfiles(join(folder, 'docker'))),
    await checkCompose(join(folder, 'compose'), onMessage),
    ...(await checkChart(join(folder, 'kubernetes'), onMessage)),
  ];
}

async function checkDockerfiles(folder: string): Promise<Outcome[]> {
  const tool = await hadolintTool();
  return readdirSync(folder)
    .filter((name) => name.endsWith('Dockerfile'))
    .map((name) => outcomeOf(`hadolint ${name}`, tool, [join(folder, name)]));
}

async function checkCompose(folder: string, onMessage: (message: string) => void): Promise<Outcome> {
  const file = join(folder, 'compose.yaml');
  const plugin = composePlugin();
  if (plugin !== null) {
    const args = ['--file', file, '--env-file', join(folder, 'example.env'), 'config', '--quiet'];
    return outcomeOf('docker compose config', plugin, args);
  }
  // Of its variables a test sees to it that each has a value.
  return outcomeOf('compose-spec', await goTool(composeSpec, onMessage), ['-no-interpolation', file]);
}

async function checkChart(folder: string, onMessage: (message: string) => void): Promise<Outcome[]> {
  const chart = join(folder, 'foldwise');
  const [helmTool, schemaTool] = [await goTool(helm, onMessage), await goTool(kubeconform, onMessage)];
  const rendered = Object.entries(chartVariants).flatMap(([name, values]) => {
    const render = outcomeOf(`helm template, ${name}`, helmTool, templateArguments(chart, values));
    return [render, checkObjects(`kubeconform, ${name}`, schemaTool, folder, render)];
  });
  return [outcomeOf('helm lint', helmTool, ['lint', '--strict', '--quiet', chart]), ...rendered];
}

export function templateArguments(chart: string, values: readonly string[]): string[] {
  return [
    'template',
    'release',
    chart,
    '--kube-version',
    kubernetesVersion,
    ...values.flatMap((value) => ['--set', value]),
  ];
}

/** Every object, whole, against the schema of its kind: of a kind without one it fails. */
function checkObjects(name: string, tool: Tool, folder: string, render: Outcome): Outcome {
  if (render.state !== 'passed') return { name, state: 'skipped', said: 'nothing was rendered' };
  const place = mkdtempSync(join(tmpdir(), 'foldwise-chart-'));
  try {
    const objects = join(place, 'objects.yaml');
    writeFileSync(objects, render.said);
    const schemas = join(folder, 'schemas', '{{.ResourceKind}}{{.KindSuffix}}.json');
    const version = ['-kubernetes-version', kubernetesVersion];
    return outcomeOf(name, tool, ['-strict', '-summary', ...version, '-schema-location', schemas, objects]);
  } finally {
    rmSync(place, { recursive: true });
  }
}

function outcomeOf(name: string, tool: Tool, args: readonly string[]): Outcome {
  if ('missing' in tool) return { name, state: 'skipped', said: tool.missing };
  const [command = '', ...before] = tool.command;
  const { status, stdout, stderr, error } = spawnSync(command, [...before, ...args], { encoding: 'utf8' });
  if (status === 0) return { name, state: 'passed', said: stdout };
  return { name, state: 'failed', said: error?.message ?? `${stdout}${stderr}`.trim() };
}
