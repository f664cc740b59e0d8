import { rmSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { checkModel } from '../../../cli/input/checked-model.js';
import { pipelineToStart } from '../../../cli/input/pipeline-to-start.js';
import { workdirAt } from '../../../cli/workdir.js';
import type { Device, DeviceName } from '../../../engine/device/device.js';
import { expectedOfCard } from '../../../engine/device/resident/memory.js';
import { cardNeeds } from '../../../engine/training/card-need.js';
import { scratchModel } from '../../../engine/training/scratch-model.js';
import { readPipeline } from '../../../pipeline/load.js';
import { SmallProject } from '../small-project.js';

const project = new SmallProject();
afterAll(() => rmSync(project.folder, { recursive: true }));

const pipeline = readPipeline(project.pipeline, { overrides: { 'training.batchSize': '64' } });

const card = (name: DeviceName, memoryBytes: number): Pick<Device, 'name' | 'card'> => ({
  name,
  card: { name: 'A card', id: null, driver: '1', memoryBytes, isSoftware: false },
});

const check = async (...devices: readonly Pick<Device, 'name' | 'card'>[]): Promise<readonly string[]> =>
  (await checkModel(pipeline, { workdir: workdirAt(project.workdir), onDownload: null, devices })).warnings;

describe('a model is held', () => {
  it('against every device that its folds may come to, the smallest too', async () => {
    const processor = { name: 'cpu' as const, card: null };
    await expect(check(processor, card('webgpu', 2 ** 30))).resolves.toEqual([]);
    await expect(check(processor, card('webgpu', 2 ** 30), card('cuda:0', 2 ** 20))).rejects.toThrow(
      /would not fit the memory of cuda:0 \(A card\)/,
    );
  });

  it('against nothing of this machine where workers elsewhere train it', async () => {
    const set = { 'training.batchSize': '64', 'training.precision': 'float16' };
    const typed = readPipeline(project.pipeline, { overrides: set });
    const workdir = workdirAt(project.workdir);
    await expect(checkModel(typed, { workdir, onDownload: null })).rejects.toThrow(
      /^training\.precision: float16 is not trained in on cpu/,
    );
    await expect(checkModel(typed, { workdir, onDownload: null, devices: null })).resolves.toEqual({
      warnings: [],
      longest: 16,
    });
    // A start and a schedule.
    const options = { set, check: true, workdir: project.workdir };
    await expect(pipelineToStart(project.pipeline, options)).resolves.toEqual(typed);
  });

  it('against what no worker can have, whoever trains it', async () => {
    const set = { 'training.microBatch': '512', 'training.batchSize': '512', 'model.maxLength': '2048' };
    const options = { set, check: true, workdir: project.workdir };
    await expect(pipelineToStart(project.pipeline, options)).rejects.toThrow(/^training\.microBatch: /);
  });

  it('against like cards once', async () => {
    const { scratch, maxLength } = pipeline.model;
    const { classifier } = scratchModel(scratch!, maxLength, pipeline.labels.length);
    const needs = cardNeeds(classifier, { device: 'cuda:0', precision: 'float16' }, { extra: 1 });
    const forHalf = expectedOfCard('cuda:0', needs({ texts: 32, length: maxLength }));
    expect(await check(card('cuda:0', forHalf), card('cuda:1', forHalf))).toEqual([
      expect.stringMatching(
        /^a batch of 64 texts does not fit the memory of cuda:0: it passes in micro-batches of 32,/,
      ),
    ]);
  });
});
