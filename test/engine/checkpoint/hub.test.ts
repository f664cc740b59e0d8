import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { resolveModel, type DownloadProgress, type ResolveOptions } from '../../../engine/checkpoint/hub.js';
import { defaultPatience } from '../../../engine/checkpoint/hub-connection.js';
import { openModelFolder } from '../../../engine/checkpoint/model-folder.js';
import { writeSafetensors } from '../../../engine/checkpoint/safetensors.js';
import { EnvironmentFault, InputFault } from '../../../errors/fault.js';
import { goldens } from './goldens.js';
import { serveHub, type HubBehaviour, type HubServer } from './hub-server.js';

const tiny = join(goldens, 'deberta-v3-tiny');
const four = ['config.json', 'pytorch_model.bin', 'spm.model', 'tokenizer_config.json'];
const name = 'microsoft/deberta-v3-base';
const patience = { ...defaultPatience, fileMs: 5_000, bytesPerSecond: 1e9, retryMs: 1 };
const folder = (): string => mkdtempSync(join(tmpdir(), 'hub-'));

let server: HubServer | undefined;
afterEach(() => server?.close());

async function start(
  behaviour: HubBehaviour = {},
  served = tiny,
): Promise<ResolveOptions & { cacheDirectory: string }> {
  server = await serveHub({ [name]: served }, behaviour);
  return { baseDirectory: folder(), cacheDirectory: folder(), endpoint: server.url };
}

function filesBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' });
}

async function failureOf(promise: Promise<unknown>): Promise<Error> {
  return promise.then(
    () => new Error('no failure'),
    (error: unknown) => error as Error,
  );
}

describe('a model by its name on the hub', () => {
  it('is downloaded with exactly the files of the DeBERTa-v3 layout, byte for byte', async () => {
    const options = await start();
    const { folder: found, files } = await resolveModel(name, options);
    expect(files).toEqual(four);
    for (const file of four) expect(readFileSync(join(found, file))).toEqual(readFileSync(join(tiny, file)));
    const { weights } = await openModelFolder(found);
    expect(weights.names()).toContain('deberta.embeddings.word_embeddings.weight');
    await weights.close();
  });

  it('lies in the cache as the hub’s other tools lay it out', async () => {
    const options = await start();
    const { folder: found } = await resolveModel(name, options);
    const root = join(options.cacheDirectory, 'models--microsoft--deberta-v3-base');
    expect(readFileSync(join(root, 'refs/main'), 'utf8')).toBe(basename(found));
    expect(found).toBe(join(root, 'snapshots', basename(found)));
    expect(readdirSync(join(root, 'blobs'))).toHaveLength(4);
  });

  it('is used from the cache without any request the second time', async () => {
    const options = await start();
    const first = await resolveModel(name, options);
    await server?.close();
    expect(await resolveModel(name, options)).toEqual(first);
  });

  it('may be asked for twice at once', async () => {
    const options = await start();
    const [one, two] = await Promise.all([resolveModel(name, options), resolveModel(name, options)]);
    expect(one).toEqual(two);
    expect(filesBelow(options.cacheDirectory).some((path) => path.includes('incomplete'))).toBe(false);
  });

  it('reports its progress up to the size of each file', async () => {
    const last = new Map<string, DownloadProgress>();
    const options = await start();
    await resolveModel(name, { ...options, onProgress: (progress) => last.set(progress.file, progress) });
    expect([...last.keys()].sort()).toEqual(four);
    for (const { bytes, total } of last.values()) expect(bytes).toBe(total);
  });

  it('is downloaded without what loading does not need', async () => {
    const served = folder();
    cpSync(tiny, served, { recursive: true });
    for (const other of ['tf_model.h5', 'README.md', 'flax_model.msgpack'])
      writeFileSync(join(served, other), 'x');
    await writeSafetensors(join(served, 'model.safetensors'), []);
    const { files } = await resolveModel(name, await start({}, served));
    expect(files).toEqual(['config.json', 'model.safetensors', 'spm.model', 'tokenizer_config.json']);
  });

  it('is downloaded with all its shards', async () => {
    const served = folder();
    cpSync(tiny, served, { recursive: true });
    rmSync(join(served, 'pytorch_model.bin'));
    await writeSafetensors(join(served, 'one.safetensors'), [
      { name: 'a', shape: [1], data: Float32Array.of(1) },
    ]);
    writeFileSync(join(served, 'model.safetensors.index.json'), '{"weight_map": {"a": "one.safetensors"}}');
    const { files } = await resolveModel(name, await start({}, served));
    expect(files).toContain('one.safetensors');
  });

  it('is given to whom the token allows', async () => {
    const options = await start({ token: 'hf_secret' });
    const refused = await failureOf(resolveModel(name, options));
    expect(refused).toBeInstanceOf(InputFault);
    expect(refused.message).toMatch(/HF_TOKEN/);
    expect((await resolveModel(name, { ...options, token: 'hf_secret' })).files).toEqual(four);
  });
});

describe('a revision of a model', () => {
  const commit = 'b'.repeat(40);

  it.each([
    ['a branch', 'main', 'refs/main'],
    ['a tag', 'v1.0', 'refs/v1.0'],
    ['a reference with slashes', 'refs/pr/1', 'refs/refs/pr/1'],
  ])('is %s, whose commit is recorded where the hub’s other tools do', async (_, revision, reference) => {
    const options = await start({ revisions: { [revision]: commit } });
    const { folder: found } = await resolveModel(`${name}@${revision}`, options);
    const root = join(options.cacheDirectory, 'models--microsoft--deberta-v3-base');
    expect(found).toBe(join(root, 'snapshots', commit));
    expect(readFileSync(join(root, reference), 'utf8')).toBe(commit);
    await server?.close();
    expect((await resolveModel(`${name}@${revision}`, options)).folder).toBe(found);
    expect((await resolveModel(`${name}@${commit}`, options)).folder).toBe(found);
  });

  it('is a commit, which is asked of nobody and recorded nowhere', async () => {
    const options = await start();
    const { folder: found } = await resolveModel(`${name}@${commit}`, options);
    expect(basename(found)).toBe(commit);
    expect(filesBelow(options.cacheDirectory).filter((path) => path.includes('refs'))).toEqual([]);
    expect(server?.requests.some((request) => request.includes('/revision/'))).toBe(false);
  });

  it('shares the files that are alike, which are fetched once', async () => {
    const options = await start({ revisions: { old: commit } });
    await resolveModel(name, options);
    const before = server?.sent.get('spm.model');
    await resolveModel(`${name}@old`, options);
    expect(server?.sent.get('spm.model')).toBe(before);
  });

  it('that is not there is told with the name', async () => {
    const failure = await failureOf(resolveModel('microsoft/none@v2', await start()));
    expect(failure).toBeInstanceOf(InputFault);
    expect(failure.message).toMatch(/no model of this name, or no revision "v2" of it/);
  });

  it.each(['@', '@..', '@a..b', '@/x', '@x/', '@a//b', '@a b', '@a@b', `@${'x'.repeat(201)}`, '@../../x'])(
    'that is written %s is none',
    async (revision) => {
      const failure = await failureOf(resolveModel(`${name}${revision}`, await start()));
      expect(failure).toBeInstanceOf(InputFault);
      expect(failure.message).toMatch(/neither a folder nor the name/);
    },
  );
});

describe('where nothing may be asked of the hub', () => {
  it('a model in the cache is used, and another refused with the way out', async () => {
    const options = await start();
    const failure = await failureOf(resolveModel(name, { ...options, offline: true }));
    expect(failure).toBeInstanceOf(InputFault);
    expect(failure.message).toMatch(/not in the cache, and nothing may be downloaded.*HF_HUB_OFFLINE/);
    expect(server?.requests).toEqual([]);
    const online = await resolveModel(name, { ...options, offline: false });
    expect(await resolveModel(name, { ...options, offline: true })).toEqual(online);
  });
});

describe('a download that goes wrong', () => {
  it('leaves no branch and no file in place before it is whole', async () => {
    const options = await start({ breaks: new Map([['spm.model', 99]]) });
    expect(await failureOf(resolveModel(name, { ...options, patience }))).toBeInstanceOf(EnvironmentFault);
    const left = filesBelow(options.cacheDirectory);
    expect(left.filter((path) => /spm|pytorch_model|refs/.test(path))).toEqual([]);
  });

  it('by other bytes than announced is noticed by their hash, for small and large files', async () => {
    for (const file of ['config.json', 'spm.model']) {
      const options = await start({ corrupt: new Set([file]) });
      const failure = await failureOf(resolveModel(name, options));
      expect(failure).toBeInstanceOf(EnvironmentFault);
      expect(failure.message).toMatch(new RegExp(`${file}: the hub sent something else`));
      await server?.close();
    }
  });

  it('never writes outside of the cache, whatever the hub lists', async () => {
    const extraEntries = [
      { path: '../../../../evil.json', size: 5 },
      { path: '/etc/evil.json', size: 5 },
    ];
    const options = await start({ extraEntries });
    await resolveModel(name, options);
    expect(filesBelow(options.cacheDirectory).some((path) => path.includes('evil'))).toBe(false);
  });

  it('by a size that cannot be is refused', async () => {
    const options = await start({ extraEntries: [{ path: 'model.safetensors', size: 2 ** 50 }] });
    await expect(resolveModel(name, options)).rejects.toThrow(/model\.safetensors of \d+ bytes/);
  });
});

describe('a checkpoint that cannot be resolved says what to do:', () => {
  it.each([
    ['a path that is not there', './models/none', InputFault, /neither a folder nor the name/],
    ['a path upwards', '../none', InputFault, /neither a folder nor the name/],
    ['an absolute path', '/no/such/model', InputFault, /neither a folder nor the name/],
    ['a name with too many parts', 'a/b/c', InputFault, /neither a folder nor the name/],
    ['a name with a NUL', 'a\0b', InputFault, /neither a folder nor the name.*"a\\u0000b"/],
    ['a path with a NUL', '/a\0b', InputFault, /neither a folder nor the name/],
    ['three hundred letters', 'a'.repeat(300), InputFault, /neither a folder nor the name/],
    ['a path of three hundred letters', `/${'a'.repeat(300)}`, InputFault, /neither a folder nor the name/],
    ['letters of four bytes', '\u{20000}'.repeat(90), InputFault, /neither a folder nor the name/],
    ['an address of a host', 'file://host/model', InputFault, /neither a folder nor the name/],
    ['an address with an encoded slash', 'file:///a%2Fb', InputFault, /neither a folder nor the name/],
    ['a name with an encoded slash', 'a%2Fb', InputFault, /neither a folder nor the name/],
    ['nothing', '', InputFault, /neither a folder nor the name/],
    ['a name with dots in a row', 'a..b/c', InputFault, /neither a folder nor the name/],
    [
      'a name that the hub does not know',
      'microsoft/none',
      InputFault,
      /no model of this name.*model\.checkpoint/,
    ],
  ])('%s', async (_, checkpoint, kind, message) => {
    const failure = await failureOf(resolveModel(checkpoint, await start()));
    expect(failure).toBeInstanceOf(kind);
    expect(failure.message).toMatch(message);
    expect(failure.message.length).toBeLessThan(700);
  });

  it('a hub that cannot be reached', async () => {
    const options = await start();
    await server?.close();
    const failure = await failureOf(resolveModel(name, options));
    expect(failure).toBeInstanceOf(EnvironmentFault);
    expect(failure.message).toMatch(/cannot be downloaded.*model\.checkpoint to a local folder.*HF_ENDPOINT/);
  });

  it('a repository without weights', async () => {
    const served = folder();
    writeFileSync(join(served, 'config.json'), '{}');
    const failure = await failureOf(resolveModel(name, await start({}, served)));
    expect(failure).toBeInstanceOf(InputFault);
    expect(failure.message).toMatch(
      /lacks model\.safetensors or pytorch_model\.bin and one of tokenizer\.json, /,
    );
  });

  it('a token that is none', async () => {
    const failure = await failureOf(resolveModel(name, { ...(await start()), token: 'secret' }));
    expect(failure.message).toMatch(/^HF_TOKEN/);
    expect(failure.message).not.toMatch(/secret/);
  });
});

describe('a local folder', () => {
  it('is used as it is, relative to the base directory', async () => {
    const options = { baseDirectory: goldens, cacheDirectory: folder(), endpoint: 'http://127.0.0.1:1' };
    expect(await resolveModel('deberta-v3-tiny', options)).toEqual({ folder: tiny, files: four });
    expect(await resolveModel(tiny, { ...options, baseDirectory: folder() })).toEqual({
      folder: tiny,
      files: four,
    });
  });
});
