import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { facts } from '../../cli/facts/index.js';
import { SmallRun } from '../setup/small-run.js';
import { built, canRun, foldwise, withoutBuild, withoutRuns } from './built-command-line.js';
import type { SmallProject } from './small-project.js';

interface Serving {
  readonly child: ChildProcess;
  readonly url: string;
  readonly output: { out: string; err: string };
  readonly ended: Promise<number | null>;
}

const main = join(process.cwd(), 'dist/cli/main.js');
const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

/** Starts the command, and waits until it is ready. */
async function serve(...args: readonly string[]): Promise<Serving> {
  const child = spawn(process.execPath, [main, 'serve', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  children.push(child);
  const output = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output.out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output.err += text));
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  await expect
    .poll(() => output.err.includes('Ready.') || child.exitCode !== null, { timeout: 60_000 })
    .toBe(true);
  const url = /http:\/\/[^\s"]+?:\d+/.exec(output.out)?.[0] ?? '';
  return { child, url, output, ended };
}

const post = (url: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${url}/v1/predict`, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json', ...headers },
  });

describe.skipIf(!canRun)(`foldwise serve${withoutRuns}`, { timeout: 180_000 }, () => {
  let trained: SmallRun;
  let project: SmallProject;
  let run: string;
  const read = (name: string): string => readFileSync(trained.file(name), 'utf8');

  beforeAll(async () => {
    trained = await SmallRun.shared();
    ({ project, id: run } = trained);
  });
  afterAll(() => trained?.remove());

  it("gives the probabilities and labels that its run wrote, by the run's name or its folder", async () => {
    const texts = readFileSync(join(project.folder, 'test.csv'), 'utf8')
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => line.slice(line.indexOf(',') + 1));
    const rows = (name: string): number[][] =>
      read(name)
        .trim()
        .split('\n')
        .slice(1)
        .map((line) => line.split(',').slice(1).map(Number));
    for (const [name, ...args] of [
      ['latest', '--workdir', project.workdir],
      [join(project.workdir, 'runs', run)],
    ]) {
      const { url, child, ended, output } = await serve(name!, ...args, '--port', '0', '--json');
      expect(facts['serve']!.parse(JSON.parse(output.out))).toEqual({
        url,
        run,
        pipeline: 'small',
        models: 2,
        labels: ['joy', 'fear'],
        device: 'cpu',
      });
      const answer = (await (await post(url, { texts })).json()) as {
        predictions: { probabilities: Record<string, number>; labels: string[] }[];
      };
      const probabilities = rows('predictions.csv');
      answer.predictions.forEach(({ probabilities: found }, row) =>
        Object.values(found).forEach((p, label) => expect(p).toBeCloseTo(probabilities[row]![label]!, 5)),
      );
      expect(
        answer.predictions.map(({ labels }) => ['joy', 'fear'].map((l) => Number(labels.includes(l)))),
      ).toEqual(rows('submission.csv'));
      child.kill('SIGTERM');
      expect(await ended).toBe(0);
      expect(output.err).not.toMatch(/error|warn/i);
    }
  });

  it('asks for the token of a file, and logs requests without their texts where it is told to', async () => {
    const token = 'a-token-that-nobody-guesses';
    const file = project.write('token', `${token}\n`);
    const { url, child, ended, output } = await serve(
      ...[run, '--workdir', project.workdir, '--port', '0', '--token-file', file],
      ...['--log-requests', '--log-format', 'json'],
    );
    expect((await post(url, { texts: ['secret text'] })).status).toBe(401);
    expect((await post(url, { texts: ['secret text'] }, { authorization: `Bearer ${token}` })).status).toBe(
      200,
    );
    child.kill('SIGINT');
    expect(await ended).toBe(0);
    const lines = output.err
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as object);
    expect(lines.filter((line) => 'status' in line)).toMatchObject([
      { endpoint: 'v1/predict', status: 401, texts: 0 },
      { endpoint: 'v1/predict', status: 200, texts: 1 },
    ]);
    expect(output.err + output.out).not.toMatch(/secret text|nobody-guesses/);
  });

  it('warns where whoever reaches it is answered', async () => {
    const { url, child, ended, output } = await serve(
      run,
      '--workdir',
      project.workdir,
      '--port',
      '0',
      '--host',
      '0.0.0.0',
    );
    expect(output.err).toMatch(/WARN whoever reaches 0\.0\.0\.0 is answered.*--token-file/);
    expect((await post(url.replace('0.0.0.0', '127.0.0.1'), { texts: ['a'] })).status).toBe(200);
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
  });

  it('ends where the engine is stuck, and says so to whoever asked', async () => {
    const { url, ended, output } = await serve(
      ...[run, '--workdir', project.workdir, '--port', '0', '--stuck-after', '0.001ms'],
    );
    const answer = await post(url, { texts: ['a'] });
    expect([answer.status, await answer.json()]).toMatchObject([
      503,
      { error: { what: 'the engine is stuck' } },
    ]);
    expect(await ended).toBe(1);
    expect(output.err).toMatch(
      /error: this server: the engine is stuck; found a batch of texts took more than/,
    );
  });

  it('ends at once at a second signal, whatever is being answered', async () => {
    const { url, child, ended } = await serve(
      ...[run, '--workdir', project.workdir, '--port', '0', '--max-wait', '5m'],
    );
    const lost = post(url, { texts: ['a'] }).catch((error: unknown) => error);
    await expect
      .poll(async () => (await fetch(`${url}/metrics`)).text())
      .toContain('foldwise_queue_texts 1\n');
    child.kill('SIGTERM');
    await expect.poll(async () => (await fetch(`${url}/ready`)).status).toBe(503);
    child.kill('SIGTERM');
    expect(await ended).toBe(130);
    expect(await lost).toBeInstanceOf(Error);
  });

  it('says how many were not answered where it waits no longer for them', async () => {
    const { url, child, ended, output } = await serve(
      ...[run, '--workdir', project.workdir, '--port', '0', '--max-wait', '5m', '--drain', '100ms'],
    );
    const lost = post(url, { texts: ['a'] }).catch((error: unknown) => error);
    await expect
      .poll(async () => (await fetch(`${url}/metrics`)).text())
      .toContain('foldwise_queue_texts 1\n');
    child.kill('SIGTERM');
    expect(await ended).toBe(1);
    expect(output.err).toMatch(/1 requests were not answered before it ended/);
    expect(await lost).toBeInstanceOf(Error);
  });

  it('says whose a port is that it cannot have', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    const address = other.address();
    const port = typeof address === 'object' && address !== null ? String(address.port) : '';
    const { code, err } = await foldwise(['serve', run, '--workdir', project.workdir, '--port', port]);
    other.close();
    expect([code, err]).toEqual([1, expect.stringMatching(/^error: .*another program has the port/)]);
  });

  it('takes no token file that holds none', async () => {
    const file = project.write('short', 'short\n');
    const { code, err } = await foldwise(['serve', run, '--workdir', project.workdir, '--token-file', file]);
    expect([code, err]).toEqual([1, expect.stringMatching(/^error: .*short: it holds no token/)]);
  });
});

describe.skipIf(!built)(`the command line of serve${withoutBuild}`, () => {
  it.each([
    [['--port', '70000'], 2, /from 0 to 65535/],
    [['--max-wait', 'soon'], 2, /as in 5ms, 30s or 2m/],
    [['--cors-origin', '*'], 2, /must be an origin/],
    [['--host', 'example.org'], 1, /--host: this is no address/],
    [[], 1, /nowhere: there is no such folder/],
  ])('refuses %j', async (args, expected, message) => {
    const { code, err } = await foldwise(['serve', './nowhere', ...args]);
    expect([code, err]).toEqual([expected, expect.stringMatching(message)]);
  });
});
