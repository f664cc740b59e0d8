import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { labels, writeModel } from '../../bench/predict/models.js';
import { parametersOf } from '../../engine/inference/parameters.js';
import { scratchFamily } from '../../engine/models/families.js';
import { parseTokenizer } from '../../engine/tokenization/tokenizer.js';
import { learnVocabulary } from '../../engine/tokenization/vocabulary.js';
import type { EnsembleDefinition } from '../../ensemble/definition.js';
import { built, ended, withoutBuild } from '../cli/built-command-line.js';

const models = 5;
/** Of float32 some 60 MB: enough beside what a session, the tokenizer and the process itself take. */
const sizes = {
  hiddenSize: 512,
  layers: 4,
  heads: 8,
  intermediateSize: 2048,
  maxLength: 64,
  vocabulary: 2000,
};

const hasStatus = existsSync('/proc/self/status');
const without = hasStatus ? withoutBuild : ' (skipped: /proc does not tell what a process has held)';

describe.skipIf(!built || !hasStatus)(`memory of an open ensemble${without}`, { timeout: 300_000 }, () => {
  const root = mkdtempSync(join(tmpdir(), 'foldwise-memory-'));
  const folders = Array.from({ length: models }, (_, place) => join(root, String(place + 1)));
  let weights: number;

  beforeAll(async () => {
    const family = scratchFamily('bert');
    const config = family.scratchConfig(sizes);
    // No tensor like another: ONNX Runtime packs equal ones once.
    const tensors = parametersOf(family.classifier(config, labels.length)).map(({ name, shape }, place) => {
      const data = new Float32Array(shape.reduce((product, extent) => product * extent, 1));
      return { name, shape, data: data.map((_, i) => ((i % 7) - 3 + place / 100) / 300) };
    });
    const tokenizer = await parseTokenizer(
      learnVocabulary(['a text', 'and longer'], { size: 60, type: 'bert' }),
    );
    const [first, ...others] = folders as [string, ...string[]];
    await writeModel(first, { config, tensors }, tokenizer);
    // Files of their own: of one file under several names the system would hold one copy.
    for (const folder of others) {
      mkdirSync(folder);
      for (const { name } of readdirSync(first, { withFileTypes: true }).filter((entry) => entry.isFile()))
        copyFileSync(join(first, name), join(folder, name));
    }
    weights = statSync(join(first, 'model.safetensors')).size;
  }, 300_000);
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  async function mostHeld(count: number): Promise<number> {
    const definition: EnsembleDefinition = {
      task: 'multi-label',
      labels,
      thresholds: labels.map(() => 0.5),
      members: [{ weight: 1, models: folders.slice(0, count).map((folder) => ({ folder, maxLength: 64 })) }],
    };
    const script = join(import.meta.dirname, 'memory-child.mjs');
    const { out, err } = await ended(process.execPath, [script, JSON.stringify(definition)]);
    expect(err).toBe('');
    return Number(out);
  }

  it('is that of the weights, once: each further model adds the bytes of its file and little else', async () => {
    const added = ((await mostHeld(models)) - (await mostHeld(1))) / (models - 1);
    expect(added / weights).toBeGreaterThan(0.8);
    expect(added / weights).toBeLessThan(1.3);
  });
});
