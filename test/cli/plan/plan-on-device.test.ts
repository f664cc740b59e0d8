import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { facts } from '../../../cli/facts/index.js';
import { SmallRun } from '../../setup/small-run.js';
import { noWebGpu, withoutWebGpu } from '../../setup/webgpu.js';
import { built, canRun, foldwise, withoutBuild, withoutRuns, type Ended } from '../built-command-line.js';
import { SmallProject } from '../small-project.js';

const planned = ({ pipeline, workdir }: SmallProject, ...args: string[]): Promise<Ended> =>
  foldwise(['plan', pipeline, '--workdir', workdir, ...args]);

/** The highest number that can be named. */
const absent = ['--device', 'cuda:63'];

describe.skipIf(!built)(`a plan for a device${withoutBuild}`, { timeout: 120_000 }, () => {
  const project = new SmallProject();

  it('that is not there says what keeps it from starting, and what folds would need', async () => {
    const { code, out } = await planned(project, ...absent);
    expect(code).toBe(0);
    expect(out).toMatch(/^\d+ optimizer steps to train; how long that takes on cuda:63 is not known/m);
    expect(out).toMatch(/^cuda:63 {2}✗ \S/m);
    expect(out).toMatch(
      /^A fold takes about \d+ MB of the memory of cuda:63, in float16, 4 texts at once, as long/m,
    );
    expect(out).toContain("the provider's context and reserve");
    expect(out).toMatch(/^Folds wait on queue foldwise-gpu: /m);
    expect(out).not.toMatch(/GFLOP/);
    const json = facts['plan']!.parse(JSON.parse((await planned(project, ...absent, '--json')).out));
    expect(json).toMatchObject({
      estimate: { seconds: null, judgedBy: null, folds: [], toTrain: 2 },
      device: {
        device: 'cuda:63',
        starts: false,
        precision: 'float16',
        queues: ['gpu'],
        folds: [{ folds: 2 }],
      },
    });
  });

  it('is that of the processor where it is named, and says nothing more where none is', async () => {
    const plain = await planned(project);
    const named = await planned(project, '--device', 'cpu');
    const added = 'cpu  ✓ starts\nFolds compute in float32 on cpu.\nFolds wait on queue foldwise-gpu: ';
    expect(named.out).toContain(added);
    expect(plain.out).not.toMatch(/cpu|queue foldwise-gpu:/);
    const rest = named.out.split('\n').filter((line) => !/^(cpu|Folds)/.test(line));
    expect(rest).toEqual(plain.out.split('\n'));
  });

  it('takes one device, by a name that there is', async () => {
    const two = await planned(project, '--device', 'cpu,webgpu');
    expect([two.code, two.err]).toEqual([
      expect.not.stringMatching('0'),
      expect.stringMatching(/several devices/),
    ]);
    expect((await planned(project, '--device', 'tpu')).err).toMatch(/there is no device of that name/);
  });

  it('does not ask for the environment’s', async () => {
    const args = ['plan', project.pipeline, '--workdir', project.workdir];
    const { out } = await foldwise(args, { FOLDWISE_DEVICE: 'cuda:63' });
    expect(out).not.toMatch(/cuda/);
  });
});

describe.skipIf(!canRun || noWebGpu)(
  `a plan for WebGPU${withoutRuns}${withoutWebGpu}`,
  { timeout: 300_000 },
  () => {
    let run: SmallRun;
    beforeAll(async () => {
      run = await SmallRun.shared();
      run.project.model(`checkpoint: ${join(run.directory, 'models', '1')}`);
    });
    afterAll(() => run?.remove());

    it('opens it for its memory, and counts by the texts what folds of a checkpoint need there', async () => {
      const { code, out } = await planned(run.project, '--device', 'webgpu');
      expect([code, out]).toEqual([0, expect.stringMatching(/^webgpu {2}✓ starts: .+, \d/m)]);
      expect(out).toMatch(
        /^A fold takes about [\d.]+ [kM]B of the memory of webgpu, in float32, 4 texts at once, judged by texts of \d+ tokens on average: weights and moments .*, activations .*, rows of tables [^,]*\.$/m,
      );
    });
  },
);
