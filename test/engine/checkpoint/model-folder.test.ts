import { cpSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openModelFolder } from '../../../engine/checkpoint/model-folder.js';
import { InputFault } from '../../../errors/fault.js';
import { expected, goldens } from './goldens.js';

const tiny = join(goldens, 'deberta-v3-tiny');

function folderOf(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'model-'));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  return folder;
}

describe("a folder with DeBERTa-v3's four files", () => {
  it('names them and gives its config', async () => {
    const { files, config, weights } = await openModelFolder(tiny);
    expect(files).toEqual(['config.json', 'pytorch_model.bin', 'spm.model', 'tokenizer_config.json']);
    expect(config).toMatchObject({ model_type: 'deberta-v2', hidden_size: 32 });
    await weights.close();
  });

  it.each(Object.entries(expected['deberta-v3-tiny']))(
    'gives the values that transformers loads: %s',
    async (name, golden) => {
      const { weights } = await openModelFolder(tiny);
      const values = await weights.read(`deberta.${name}`);
      expect(weights.shape(`deberta.${name}`)).toEqual(golden.shape);
      expect([...values.subarray(0, 4)]).toEqual(golden.first);
      // Both sums are in float64, in another order.
      const sum = values.reduce((total, value) => total + value, 0);
      const squares = values.reduce((total, value) => total + value * value, 0);
      expect(sum).toBeCloseTo(golden.sum, 9);
      expect(squares).toBeCloseTo(golden.squares, 9);
      await weights.close();
    },
  );

  it('holds the ballast of a pretraining checkpoint besides', async () => {
    const { weights } = await openModelFolder(tiny);
    const others = weights.names().filter((name) => !name.startsWith('deberta.'));
    expect(others.every((name) => /^(lm|mask)_predictions\./.test(name))).toBe(true);
    expect(others.length).toBeGreaterThan(8);
    await weights.close();
  });
});

describe('a model folder is an input fault', () => {
  it.each([
    ['that is not there', () => join(tmpdir(), 'no-such-model'), /cannot be read/],
    ['that is empty', () => folderOf({}), /lacks config.json and model.safetensors/],
    [
      'without weights',
      () => folderOf({ 'config.json': '{}' }),
      /lacks model.safetensors or pytorch_model.bin/,
    ],
    ['without a config', () => folderOf({ 'model.safetensors': '' }), /lacks config.json/],
    [
      'with a config that is not JSON',
      () => folderOf({ 'config.json': '{', 'model.safetensors': '' }),
      /not valid JSON/,
    ],
    [
      'with a config that is a list',
      () => folderOf({ 'config.json': '[]', 'model.safetensors': '' }),
      /not an object/,
    ],
    [
      'with a config of megabytes',
      () => folderOf({ 'config.json': ' '.repeat(5 << 20), 'model.safetensors': '' }),
      /too large/,
    ],
    [
      'with truncated weights',
      () => folderOf({ 'config.json': '{}', 'model.safetensors': '123' }),
      /truncated/,
    ],
  ])('%s', async (_, folder, message) => {
    const failure = await openModelFolder(folder()).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(InputFault);
    expect((failure as InputFault).message).toMatch(message);
  });

  it('only for what is read: other files do not matter', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'model-'));
    cpSync(tiny, folder, { recursive: true });
    writeFileSync(join(folder, 'training_args.bin'), 'anything');
    const { files, weights } = await openModelFolder(folder);
    expect(files).not.toContain('training_args.bin');
    await weights.close();
  });
});
