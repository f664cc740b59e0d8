import type { Client } from '@temporalio/client';
import { describe, expect, it } from 'vitest';
import { noCurrentVersion, otherVersion } from '../../../cli/runs/carriers.js';

interface Poller {
  readonly version: string;
  /** Seconds since it asked for work. */
  readonly since: number;
}

const clientOf = (pollers: readonly Poller[]): Client =>
  ({
    options: { namespace: 'default' },
    workflowService: {
      describeTaskQueue: () =>
        Promise.resolve({
          pollers: pollers.map(({ version, since }) => ({
            workerVersionCapabilities: { buildId: version },
            lastAccessTime: { seconds: Math.floor(Date.now() / 1000) - since },
          })),
        }),
    },
  }) as unknown as Client;

const described = (buildId: string | undefined) =>
  ({
    taskQueue: 'foldwise',
    raw: { workflowExecutionInfo: { mostRecentWorkerVersionStamp: { buildId } } },
  }) as unknown as Parameters<typeof otherVersion>[2];

const [one, two] = ['foldwise@0.1.0+aaaaaaaa', 'foldwise@0.2.0+bbbbbbbb'];

describe('a run for which no worker answers', () => {
  it('names the versions where the workers that are there have another one', async () => {
    const pollers = [
      { version: two, since: 5 },
      { version: two, since: 60 },
    ];
    const fault = await otherVersion(clientOf(pollers), 'r1', described(one));
    expect(fault?.message).toContain('run r1: the workers that are there have another version of the code');
    expect(fault?.message).toContain(`found ${two}; expected ${one}, which carried it last`);
  });

  it('knows a version of a deployment as well', async () => {
    const versioned = {
      ...described(undefined),
      raw: { workflowExecutionInfo: { versioningInfo: { deploymentVersion: { buildId: 'build-1' } } } },
    } as unknown as Parameters<typeof otherVersion>[2];
    const poller = { deploymentOptions: { deploymentName: 'foldwise', buildId: 'build-2' } };
    const lastAccessTime = { seconds: Math.floor(Date.now() / 1000) };
    const client = {
      options: { namespace: 'default' },
      workflowService: {
        describeTaskQueue: () => Promise.resolve({ pollers: [{ ...poller, lastAccessTime }] }),
      },
    } as unknown as Client;
    const fault = await otherVersion(client, 'r1', versioned);
    expect(fault?.message).toContain('found build-2; expected build-1, which carried it last');
  });

  it.each<[string, Poller[], string | undefined]>([
    ['nobody asks for its tasks', [], one],
    ['those who did are gone', [{ version: two, since: 300 }], one],
    [
      'one of the same version is among them',
      [
        { version: two, since: 5 },
        { version: one, since: 5 },
      ],
      one,
    ],
    ['it was never carried', [{ version: two, since: 5 }], undefined],
    ['the workers do not tell', [{ version: '', since: 5 }], one],
  ])('names none where %s', async (_, pollers, carrier) => {
    expect(await otherVersion(clientOf(pollers), 'r1', described(carrier))).toBeNull();
  });
});

describe('a run that nobody has taken up', () => {
  const lastAccessTime = { seconds: Math.floor(Date.now() / 1000) };
  const member = (buildId: string, workerVersioningMode: number) => ({
    deploymentOptions: { deploymentName: 'emotions', buildId, workerVersioningMode },
    lastAccessTime,
  });
  const [unversioned, versioned] = [1, 2];
  const workersOf = (...pollers: readonly object[]): Client =>
    ({
      options: { namespace: 'default' },
      workflowService: { describeTaskQueue: () => Promise.resolve({ pollers }) },
    }) as unknown as Client;

  it('is told to wait for a current version where all workers are versions of a deployment', async () => {
    const client = workersOf(member('build-2', versioned), member('build-1', versioned));
    const fault = await noCurrentVersion(client, 'r1', described(undefined));
    expect(fault?.message).toContain('versions of the deployment emotions, and none is current');
    expect(fault?.message).toContain('found build-1, build-2');
    expect(fault?.message).toContain(
      'temporal worker deployment set-current-version --deployment-name emotions --build-id build-1',
    );
  });

  it.each<[string, Client, string | undefined]>([
    ['there is no worker', workersOf(), undefined],
    ['a worker is of no deployment', workersOf(member('b', versioned), { lastAccessTime }), undefined],
    ['a worker does without versions', workersOf(member('b', unversioned)), undefined],
    ['somebody had taken it up', workersOf(member('b', versioned)), 'a'],
  ])('is not where %s', async (_, client, carrier) => {
    expect(await noCurrentVersion(client, 'r1', described(carrier))).toBeNull();
  });
});
