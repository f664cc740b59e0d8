import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { storedEnsembleIn } from '../../activities/stored-ensemble.js';
import { manifestOf, readExportedEnsemble, verifyExported } from '../../ensemble/exported-ensemble.js';
import type { StoredEnsemble } from '../../ensemble/stored-ensemble.js';
import { InputFault } from '../../errors/fault.js';
import { sha256 } from '../../store/digest.js';

const root = mkdtempSync(join(tmpdir(), 'foldwise-exported-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const contents = {
  'members/a/1/config.json': '{}',
  'members/a/1/model.safetensors': 'weights',
  'members/b/1/config.json': '{}',
  'members/b/1/model.safetensors': 'others',
};
const ensemble: StoredEnsemble = {
  definition: {
    task: 'multi-label',
    labels: ['joy', 'fear'],
    thresholds: [0.35, 0.5],
    calibrators: [{ temperature: 1.25 }, { knots: [0.1, 0.4], values: [0.2, 0.3] }],
    members: [
      { weight: 0.75, models: [{ folder: 'members/a/1', maxLength: 16 }] },
      { weight: 0.25, models: [{ folder: 'members/b/1', maxLength: 32 }] },
    ],
  },
  run: 'reviews-20260101-000000-abcdef',
  pipeline: 'reviews',
  columns: { text: ['text', 'body'], id: 'key' },
};

type Json = Record<string, unknown>;
interface Written {
  readonly folder: string;
  readonly manifest: Json;
}

/** A folder as an export leaves it; its models are no models. */
function written(): Written {
  const folder = mkdtempSync(join(root, 'folder-'));
  const files: Record<string, { bytes: number; sha256: string }> = {};
  for (const [name, text] of Object.entries(contents)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
    files[name] = { bytes: text.length, sha256: sha256(text) };
  }
  const manifest = manifestOf(ensemble, files, '1.2.3');
  writeFileSync(join(folder, 'ensemble.json'), manifest);
  return { folder, manifest: JSON.parse(manifest) as Json };
}

/** With the manifest changed at a dotted path. */
function changed(path: string, value: unknown): string {
  const { folder, manifest } = written();
  const keys = path.split('>');
  const last = keys.pop()!;
  const at = keys.reduce((object, key) => object[key] as Json, manifest);
  if (value === undefined) delete at[last];
  else at[last] = value;
  writeFileSync(join(folder, 'ensemble.json'), JSON.stringify(manifest));
  return folder;
}

async function faultOf(promise: Promise<unknown>): Promise<string> {
  const fault: unknown = await promise.then(
    () => null,
    (error: unknown) => error,
  );
  expect(fault).toBeInstanceOf(InputFault);
  const { message } = fault as InputFault;
  expect(message.length).toBeLessThan(2000);
  return message;
}

describe('an exported folder', () => {
  it('is read as what was written, its models within it', async () => {
    const { folder } = written();
    const members = ensemble.definition.members.map(({ weight, models }) => ({
      weight,
      models: models.map((model) => ({ ...model, folder: join(folder, model.folder) })),
    }));
    const expected = { ...ensemble, definition: { ...ensemble.definition, members } };
    expect(await readExportedEnsemble(folder)).toEqual(expected);
    expect(await storedEnsembleIn(folder)).toEqual(expected);
    expect(await verifyExported(folder)).toEqual({ files: 4, bytes: 17 });
  });

  it.each<[claim: string, path: string, value: unknown, message: RegExp]>([
    ['of a later format', 'formatVersion', 2, /later version/],
    ['of a format that never was', 'formatVersion', 'one', /not what an export writes; found formatVersion/],
    ['with a field more', 'surprise', 1, /at its root/],
    ['without a task', 'task', undefined, /found task/],
    ['with a task of its own', 'task', 'regression', /found task/],
    ['with a label twice', 'labels>1>name', 'joy', /labels: no name twice/],
    ['with a label that is a path', 'labels>0>name', '../joy', /labels\.0\.name/],
    ['with a threshold that is no number', 'labels>0>threshold', '0.5', /labels\.0\.threshold/],
    ['with a huge threshold', 'labels>0>threshold', 1e300, /labels\.0\.threshold/],
    ['with a calibrator for some labels', 'labels>0>calibrator', undefined, /for each label, or for none/],
    ['with a temperature of 0', 'labels>0>calibrator', { temperature: 0 }, /labels\.0\.calibrator/],
    [
      'with knots that fall',
      'labels>0>calibrator',
      { knots: [0.5, 0.1], values: [0, 1] },
      /labels\.0\.calibrator/,
    ],
    ['without members', 'members', [], /found members/],
    ['with a member of weight 0', 'members>0>weight', 0, /members\.0\.weight/],
    ['with a member that weighs against', 'members>0>weight', -1, /members\.0\.weight/],
    ['with texts of endless length', 'members>0>models>0>maxLength', 1e12, /maxLength/],
    ['with a model above it', 'members>0>models>0>folder', '../elsewhere', /a path within the folder/],
    ['with a model inside and above', 'members>0>models>0>folder', 'members/../../b', /a path within/],
    ['with a model at the root', 'members>0>models>0>folder', '/etc', /a path within the folder/],
    ['with a model on a drive', 'members>0>models>0>folder', 'C:\\models', /a path within the folder/],
    ['with a model that is not listed', 'members>0>models>0>folder', 'members/c', /found files: without/],
    ['with a file above it', 'files>../passwords', { bytes: 1, sha256: 'a'.repeat(64) }, /files/],
    ['with a file of negative size', 'files>members/a/1/config.json>bytes', -1, /bytes/],
    ['with a hash that is none', 'files>members/a/1/config.json>sha256', 'x', /sha256/],
  ])('is refused %s', async (_, path, value, message) => {
    expect(await faultOf(storedEnsembleIn(changed(path, value)))).toMatch(message);
  });

  it.each<[claim: string, text: string, message: RegExp]>([
    ['no JSON', '{', /not valid JSON/],
    ['a list', '[]', /not an object/],
    ['nested without end', `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`, /nested too deeply|not valid/],
    ['larger than any', ' '.repeat(64 * 2 ** 20 + 1), /too large/],
  ])('is refused where its manifest is %s', async (_, text, message) => {
    const { folder } = written();
    writeFileSync(join(folder, 'ensemble.json'), text);
    expect(await faultOf(readExportedEnsemble(folder))).toMatch(message);
  });

  const posix = process.platform !== 'win32';
  it.runIf(posix).each<[claim: string, name: string]>([
    ['a file that is listed', 'members/a/1/model.safetensors'],
    ['a file that a loader would look for', 'members/a/1/tokenizer.json'],
  ])('is refused where a link leads out of it: %s', async (_, name) => {
    const { folder } = written();
    const outside = join(mkdtempSync(join(root, 'outside-')), 'file');
    writeFileSync(outside, 'weights');
    rmSync(join(folder, name), { force: true });
    symlinkSync(outside, join(folder, name));
    expect(await faultOf(readExportedEnsemble(folder))).toMatch(/a link leads out of the exported folder/);
  });

  it.runIf(posix)('is refused where the folder of a model leads out of it', async () => {
    const [{ folder }, other] = [written(), written()];
    rmSync(join(folder, 'members/a'), { recursive: true });
    symlinkSync(join(other.folder, 'members/a'), join(folder, 'members/a'));
    expect(await faultOf(readExportedEnsemble(folder))).toMatch(/a link leads out/);
  });

  it.runIf(posix)('takes a link that stays within it', async () => {
    const { folder } = written();
    symlinkSync('model.safetensors', join(folder, 'members/a/1/second-name'));
    await expect(readExportedEnsemble(folder)).resolves.toMatchObject({ run: ensemble.run });
  });

  it('is refused where a file is missing or of another size, and its hashes tell other bytes', async () => {
    const name = 'members/b/1/model.safetensors';
    const { folder } = written();
    writeFileSync(join(folder, name), 'OTHERS');
    await expect(readExportedEnsemble(folder)).resolves.toMatchObject({ run: ensemble.run });
    expect(await faultOf(verifyExported(folder))).toMatch(/model\.safetensors: .*not the one.*SHA-256/);
    writeFileSync(join(folder, name), 'longer than before');
    expect(await faultOf(readExportedEnsemble(folder))).toMatch(/found 18 bytes; expected 6 bytes/);
    rmSync(join(folder, name));
    expect(await faultOf(readExportedEnsemble(folder))).toMatch(/cannot be read; found ENOENT/);
    mkdirSync(join(folder, name));
    expect(await faultOf(readExportedEnsemble(folder))).toMatch(/found no regular file/);
  });
});
