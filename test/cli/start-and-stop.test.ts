import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { freePort } from '../../infra/server/probe.js';
import { readAnyRecord, writeRecord } from '../../infra/server/record.js';
import { processState } from '../../store/process-identity.js';
import { built, canRun, temporal, withoutBuild, withoutRuns } from './built-command-line.js';
import { SmallProject } from './small-project.js';

const posix = process.platform !== 'win32';
const without = posix ? withoutBuild : ' (skipped: needs shell scripts)';

/** A command that runs, and what it has said so far. */
interface Running {
  readonly child: ChildProcess;
  readonly said: () => string;
  readonly ended: Promise<number | null>;
}

describe.skipIf(!built || !posix)(`a command that hosts a server or workers${without}`, () => {
  let project: SmallProject;
  let started: ChildProcess[];
  beforeAll(() => {
    project = new SmallProject();
    return () => rmSync(project.folder, { recursive: true, force: true });
  });

  let folder: string;
  let workdir: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'foldwise-host-'));
    workdir = join(folder, 'work');
    started = [];
  });
  afterEach(async () => {
    for (const child of started) child.kill('SIGKILL');
    const record = await readAnyRecord(workdir);
    if (record !== null && processState(record) === 'alive') process.kill(record.pid, 'SIGKILL');
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });

  const run = (args: readonly string[], env: NodeJS.ProcessEnv = {}): Running => {
    const command = [join('dist', 'cli', 'main.js'), ...args, '--workdir', workdir];
    const child = spawn(process.execPath, command, {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    started.push(child);
    let text = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (more: string) => (text += more));
    }
    const ended = once(child, 'exit').then(([code]) => code as number | null);
    return { child, said: () => text, ended };
  };

  /** A `temporal` that is not one. */
  const fake = (script: string): NodeJS.ProcessEnv => {
    const path = join(folder, 'temporal');
    writeFileSync(path, `#!/bin/sh\n${script}\n`);
    chmodSync(path, 0o755);
    return { FOLDWISE_TEMPORAL: path };
  };

  /** A server that can be started once; from then on it does something else and fails. */
  const onlyOnce = (then: string): string => {
    const started = join(folder, 'started');
    return `[ -e ${started} ] && { ${then}; exit 1; }; touch ${started}; exec ${temporal()} "$@"`;
  };

  const commands = (): Record<'run' | 'dev' | 'worker', string[]> => ({
    run: ['run', project.pipeline],
    dev: ['dev'],
    worker: ['worker'],
  });

  /** The server that is noted as running, or as being started. */
  const noted = async (): Promise<number> => {
    let pid = 0;
    await until(async () => (pid = (await readAnyRecord(workdir))?.pid ?? 0) > 0);
    return pid;
  };

  describe('ends after a failed start, at once and with what there is to say:', () => {
    const fails = async (command: Running, ...words: readonly RegExp[]): Promise<void> => {
      await until(() => command.said().includes('error: '));
      expect(await Promise.race([command.ended, delay(30_000, 'it stays', { ref: false })])).toBe(1);
      for (const each of words) expect(command.said()).toMatch(each);
    };

    it.each(['run', 'dev'] as const)('%s, where the server ends', async (name) => {
      const env = fake('echo "no schema, no port" >&2; exit 7');
      await fails(run(commands()[name], env), /ended at once \(exit code 7\)/, /no schema, no port/);
      expect(readFileSync(join(workdir, '.foldwise', 'server.log'), 'utf8')).toContain('no schema');
      expect(existsSync(join(workdir, '.foldwise', 'server.json'))).toBe(false);
    });

    it.each(['run', 'dev', 'worker'] as const)('%s, where the configured server is away', async (name) => {
      const env = { TEMPORAL_ADDRESS: `127.0.0.1:${await freePort()}` };
      await fails(run(commands()[name], env), /the Temporal server cannot be reached/);
    });

    it('worker, where no server runs for the workdir', async () => {
      await fails(run(commands().worker), /no server runs for this folder/);
    });

    it('dev, where the database is damaged', async () => {
      mkdirSync(join(workdir, '.foldwise'), { recursive: true });
      writeFileSync(join(workdir, '.foldwise', 'temporal.db'), 'no database');
      await fails(run(commands().dev), /temporal\.db: the server's database is damaged/, /move it away/);
    });

    it('dev, where the server finds it damaged', async () => {
      const env = fake('echo "Error: database disk image is malformed (11)" >&2; exit 1');
      await fails(run(commands().dev, env), /temporal\.db: the server's database is damaged/, /malformed/);
    });

    it('dev, where what was given as its port is taken', async () => {
      const port = await freePort();
      const env = fake(`echo "listen tcp 127.0.0.1:${port}: bind: address already in use" >&2; exit 1`);
      await fails(run(['dev', '--port', String(port)], env), /address already in use/);
    });
  });

  describe('while its server starts', () => {
    it('ends by one Ctrl-C, with its server', async () => {
      const command = run(commands().dev, fake('exec sleep 600'));
      const pid = await noted();
      command.child.kill('SIGINT');
      expect(await command.ended).toBe(130);
      expect(processState({ pid, started: null })).toBe('gone');
      expect(existsSync(join(workdir, '.foldwise', 'server.json'))).toBe(false);
    });

    it('leaves a note when it is killed, by which the next one ends what was left', async () => {
      const first = run(commands().dev, fake('exec sleep 600'));
      const pid = await noted();
      first.child.kill('SIGKILL');
      await first.ended;
      expect(processState({ pid, started: null })).toBe('alive');
      const second = run(commands().dev, fake('echo second >&2; exit 1'));
      expect(await second.ended).toBe(1);
      expect(second.said()).toContain(`process ${pid}) was left behind`);
      expect(processState({ pid, started: null })).toBe('gone');
    });
  });

  it.skipIf(!canRun)(
    `goes on with a run that was killed with everything it had in its hands${withoutRuns}`,
    async () => {
      const sets = ['training.epochs=60', 'training.checkpointEvery=1'].flatMap((each) => ['--set', each]);
      const command = [...commands().run, ...sets];
      const first = run(command);
      await until(() => /epoch 2,/.test(first.said()));
      first.child.kill('SIGKILL');
      await first.ended;
      const second = run(command);
      expect(await second.ended, second.said()).toBe(0);
      expect(second.said()).toMatch(/of this pipeline is open: it goes on/);
      expect(second.said()).toMatch(/^macro /m);
    },
    240_000,
  );

  it.skipIf(!existsSync('/proc/self/cmdline'))(
    'ends what was left by one that was killed before it could note the number',
    async () => {
      const port = await freePort();
      // As the server is called, so that it is found by its port.
      const as = ['server', 'start-dev', '--db-filename', 'temporal.db', '--ip', '127.0.0.1', '--port'];
      const script = 'setInterval(() => undefined, 1000)';
      const orphan = spawn(process.execPath, ['-e', script, '--', ...as, String(port), '--ui-port'], {
        stdio: 'ignore',
      });
      started.push(orphan);
      await writeRecord(workdir, {
        ...{ pid: 0, started: null, ready: false, newDatabase: true, users: [] },
        ...{ address: `127.0.0.1:${port}`, uiUrl: 'http://127.0.0.1:1', namespace: 'default' },
      });
      const command = run(commands().dev, fake('exit 1'));
      expect(await command.ended).toBe(1);
      expect(command.said()).toContain(`process ${orphan.pid}) was left behind`);
    },
  );

  describe.skipIf(!canRun)(`whose server dies${withoutRuns}`, () => {
    it('starts it again at its address, and still ends by one Ctrl-C', async () => {
      const command = run(commands().dev);
      await until(() => command.said().includes('Ctrl-C ends both'));
      const before = (await readAnyRecord(workdir))!;
      process.kill(before.pid, 'SIGKILL');
      await until(async () => {
        const record = await readAnyRecord(workdir);
        return record?.ready === true && record.pid !== before.pid;
      });
      const after = (await readAnyRecord(workdir))!;
      expect(command.said()).toContain(`(process ${before.pid}) has ended: it is started again`);
      expect([after.address, after.uiUrl]).toEqual([before.address, before.uiUrl]);
      command.child.kill('SIGINT');
      expect(await command.ended).toBe(0);
      expect(processState(after)).toBe('gone');
    }, 180_000);

    it('loses nothing of a run', async () => {
      const command = run(commands().run);
      await until(() => /epoch 1,/.test(command.said()));
      process.kill((await readAnyRecord(workdir))!.pid, 'SIGKILL');
      expect(await command.ended, command.said()).toBe(0);
      expect(command.said()).toMatch(/has ended: it is started again/);
      expect(command.said()).toMatch(/^macro /m);
    }, 240_000);

    it('stops a run at checkpoints by one Ctrl-C where it stays dead', async () => {
      const sets = ['training.epochs=3000', 'training.checkpointEvery=1'].flatMap((each) => ['--set', each]);
      const command = run([...commands().run, ...sets], fake(onlyOnce('sleep 3')));
      await until(() => /epoch 2,/.test(command.said()));
      process.kill((await readAnyRecord(workdir))!.pid, 'SIGKILL');
      await until(() => command.said().includes('has ended'));
      command.child.kill('SIGINT');
      expect(await Promise.race([command.ended, delay(45_000, 'it stays', { ref: false })])).toBe(130);
      expect(command.said()).toMatch(/Stopped\. Go on with: foldwise run/);
      const pointers = readdirSync(join(workdir, '.foldwise', 'checkpoints'), { recursive: true });
      expect(pointers.filter((name) => String(name).includes('pointer'))).not.toEqual([]);
    }, 240_000);

    it('ends with a clear message where it dies again and again', async () => {
      const command = run(commands().dev, fake(onlyOnce('echo "no more" >&2')));
      await until(() => command.said().includes('Ctrl-C ends both'));
      process.kill((await readAnyRecord(workdir))!.pid, 'SIGKILL');
      expect(await command.ended).toBe(1);
      expect(command.said()).toMatch(/no more/);
      expect(command.said()).toMatch(/error: the Temporal server of .*: it ended 4 times within 5 minutes/);
    }, 180_000);
  });
});

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 1_000; tries++) {
    if (await holds()) return;
    await delay(100);
  }
  expect.fail('it never came to that');
}
