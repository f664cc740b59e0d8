import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runChecks, type Outcome } from '../../infra/checks/checks.js';
import { composePlugin, composeSpec, hadolintTarget, helm, kubeconform } from '../../infra/checks/tools.js';
import { isBuilt } from '../../infra/go-module.js';

const tools = [helm, kubeconform, hadolintTarget, ...(composePlugin() === null ? [composeSpec] : [])];

describe.skipIf(!tools.every(isBuilt))(
  'the deployment files (skipped where `npm run check:infra` has not fetched its tools yet)',
  () => {
    let folder: string;
    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), 'foldwise-infra-'));
      for (const name of ['docker', 'compose', 'kubernetes'])
        cpSync(join('infra', name), join(folder, name), { recursive: true });
    });
    afterAll(() => rmSync(folder, { recursive: true }));

    const quiet = (): void => undefined;
    const failures = (outcomes: readonly Outcome[]): string[] =>
      outcomes.filter(({ state }) => state !== 'passed').map(({ name }) => name);

    /** The checks that fail where a file has a fault. */
    async function failing(path: string, from: string, to: string): Promise<string[]> {
      const whole = readFileSync(join(folder, path), 'utf8');
      expect(whole).toContain(from);
      writeFileSync(join(folder, path), whole.replace(from, to));
      try {
        return failures(await runChecks(folder, quiet));
      } finally {
        writeFileSync(join(folder, path), whole);
      }
    }

    it('pass every check', async () => {
      const outcomes = await runChecks(folder, quiet);
      expect(failures(outcomes)).toEqual([]);
      expect(outcomes.length).toBeGreaterThan(10);
    });

    it.each([
      ['docker/worker.Dockerfile', 'WORKDIR /app', 'WORKDIR app', /^hadolint/],
      ['compose/compose.yaml', 'condition: service_healthy', 'condition: healthy', /compose/],
      ['kubernetes/foldwise/values.yaml', 'uri: s3://foldwise/runs', 'uri: [', /^helm/],
      [
        'kubernetes/foldwise/templates/fold.yaml',
        'terminationGracePeriodSeconds',
        'terminationGraceSeconds',
        /^kubeconform/,
      ],
      [
        'kubernetes/foldwise/templates/scaler.yaml',
        'minReplicaCount: {{ .Values.fold.minimum }}',
        'minReplicaCount: few',
        /^kubeconform/,
      ],
      [
        'kubernetes/foldwise/templates/account.yaml',
        'kind: ServiceAccount',
        'kind: NoSuchKind',
        /^kubeconform/,
      ],
    ])('in which %s has %s replaced by %s are refused', async (path, from, to, check) => {
      const found = await failing(path, from, to);
      expect(found.some((name) => check.test(name))).toBe(true);
    });
  },
);
