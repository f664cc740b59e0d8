import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openModelFolder } from '../../../engine/checkpoint/model-folder.js';
import { InputFault } from '../../../errors/fault.js';
import { expected, goldens } from './goldens.js';

const tiny = join(goldens, 'deberta-v3-tiny');

const servers: Server[] = [];
afterAll(() => servers.forEach((server) => server.close()));

function folderOf(files: Readonly<Record<string, string | Buffer>>): string {
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

  const weights = Buffer.from('0200000000000000' + '7b7d', 'hex');
  const sound = { 'config.json': '{}', 'model.safetensors': weights };

  it.each(['config.json', 'model.safetensors', 'pytorch_model.bin'])(
    'whose %s is a pointer of Git LFS or a page of the web, and says so',
    async (file) => {
      const pointer =
        'version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 1234\n';
      for (const [content, message] of [
        [pointer, /this is a pointer of Git LFS.*git lfs pull/],
        ['\n<!DOCTYPE html><html><body>Sign in</body></html>', /this is a page of the web/],
        ['<?xml version="1.0"?><Error><Code>NoSuchKey</Code></Error>', /this is a page of the web/],
      ] as const) {
        const files = file === 'pytorch_model.bin' ? { 'config.json': '{}' } : sound;
        const folder = folderOf({ ...files, [file]: content });
        await expect(openModelFolder(folder)).rejects.toThrow(message);
        await expect(openModelFolder(folder)).rejects.toThrow(join(folder, file));
      }
    },
  );

  it.each(['config.json', 'model.safetensors', 'pytorch_model.bin'])(
    'whose %s is a pipe, a socket, a folder or a device, without waiting for anybody',
    async (file) => {
      const weightsFile = file === 'pytorch_model.bin' ? file : 'model.safetensors';
      const names = ['config.json', weightsFile].filter((name) => name !== file);
      const others = Object.fromEntries(names.map((name) => [name, name === 'config.json' ? '{}' : weights]));
      const make: Readonly<Record<string, (path: string) => void>> = {
        pipe: (path) => execFileSync('mkfifo', [path]),
        socket: (path) => void servers.push(createServer().listen(path)),
        folder: (path) => mkdirSync(path),
        device: (path) => symlinkSync('/dev/zero', path),
        'link to nothing': (path) => symlinkSync('none', path),
        'link to itself': (path) => symlinkSync(file, path),
      };
      for (const [kind, makeFile] of Object.entries(make)) {
        const folder = folderOf(others);
        makeFile(join(folder, file));
        await new Promise((resolve) => setTimeout(resolve, 20));
        const failure: unknown = await openModelFolder(folder).catch((error: unknown) => error);
        expect(failure, kind).toBeInstanceOf(InputFault);
        expect((failure as InputFault).details.where).toBe(join(folder, file));
      }
    },
  );

  it('never for links to files, as the hub’s cache has them', async () => {
    const folder = folderOf({});
    for (const [name, content] of Object.entries(sound)) {
      writeFileSync(join(folder, `blob-${name}`), content);
      symlinkSync(`blob-${name}`, join(folder, name));
    }
    await (await openModelFolder(folder)).weights.close();
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
