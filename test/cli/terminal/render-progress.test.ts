import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { renderProgress } from '../../../cli/terminal/render-progress.js';
import { columns } from '../../../cli/terminal/layout.js';
import { plainProgress } from '../../../cli/terminal/plain-progress.js';
import { beat, cell, memberCell, sampleView, step } from '../sample-view.js';

const manyFolds = sampleView({
  steps: [
    step('data', 'completed'),
    step(
      'fold',
      'running',
      ['data'],
      Array.from({ length: 200 }, (_, i) =>
        cell(i + 1, i < 40 ? 'completed' : i < 44 ? 'running' : 'pending', 1),
      ),
    ),
  ],
});

describe('the progress screen', () => {
  it('shows the steps as a tree and a bar for each fold that trains', () => {
    expect(renderProgress(sampleView(), { width: 110, color: false })).toEqual([
      `quickstart  quickstart-1f2e3d4c${' '.repeat(60)}running  1 min 04 s`,
      '├─ = data  reused',
      '├─ ⠋ fold  1 of 5',
      '│  ├─ ✓ fold 1  ████████████████████████ epoch 4/4  F1 0.550',
      '│  ├─ ⠋ fold 2  ████████████░░░░░░░░░░░░ epoch 3/4  step 76/152  loss 0.432  F1 0.450  38 s left',
      '│  ├─ · fold 3  queued',
      '│  ├─ ✗ fold 4  the loss is not finite at step 12',
      '│  └─ · fold 5',
      '├─ · oof  after data, fold',
      '└─ · report  after oof',
    ]);
  });

  it('names the cards that folds train on, and keeps within the height with them', () => {
    const training = beat(2);
    const card = { name: 'H100\u001b[31m', memoryBytes: 80 * 2 ** 30 };
    const live = [
      {
        ...training,
        heartbeat: { ...training.heartbeat!, on: { device: 'cuda:1', card, precision: 'float16' as const } },
      },
    ];
    const lines = renderProgress(sampleView({}, live), { width: 110, color: false });
    expect(lines.find((line) => line.includes('fold 2'))).toMatch(/38 s left {2}cuda:1$/);
    expect(lines.at(-1)).toMatch(/^on cuda:1 \(H100.*, 80\.0 GiB\) in float16$/);
    expect(lines.join('')).not.toContain('\u001b');
    expect(renderProgress(sampleView({}, live), { width: 80, color: false, height: 9 }).length).toBeLessThan(
      10,
    );
    const onCpu = [{ ...training, heartbeat: { ...training.heartbeat!, on: { device: 'cpu' } } }];
    expect(renderProgress(sampleView({}, onCpu), { width: 110, color: false }).join('')).not.toContain('cpu');
  });

  it('calls the cells of several members by their names', () => {
    const cells = [
      memberCell('seed-42_maxLength-64', 1, 'completed', 4),
      memberCell('seed-7', 10, 'running', 1),
      memberCell(`checkpoint-${'x'.repeat(60)}`, 1, 'pending', 0),
    ];
    const view = sampleView({ steps: [step('fold', 'running', [], cells)] }, []);
    expect(renderProgress(view, { width: 110, color: false }).slice(2)).toEqual([
      '   ├─ ✓ seed-42_maxLength-64/1               ████████ epoch 4/4  F1 0.550',
      '   ├─ ⠋ seed-7/10                            starting',
      '   └─ · checkpoint-xxxxxxxxxxxxxxxxxxxxxxxx…',
    ]);
    expect(plainProgress(null, view)).toContain('fold seed-7/10: running');
  });

  it.each([20, 40, 60, 80, 140])('keeps every line within %d columns', (width) => {
    for (const view of [
      sampleView(),
      manyFolds,
      sampleView({ waitingFor: 'x'.repeat(300), pipeline: 'p'.repeat(64) }),
    ]) {
      for (const line of renderProgress(view, { width, color: true })) {
        expect(columns(line), line).toBeLessThanOrEqual(width);
      }
    }
  });

  it('keeps within the height: it draws the folds that say most and counts the others', () => {
    const lines = renderProgress(manyFolds, { width: 80, color: false, height: 24 });
    expect(lines.length).toBeLessThanOrEqual(24);
    const drawn = lines.filter((line) => /fold \d+ /.test(line));
    expect(drawn.filter((line) => line.includes('⠋'))).toHaveLength(4);
    expect(lines.at(-1)).toMatch(/and .*\d+ pending, \d+ completed/);
  });

  it('shows an attempt after the first', () => {
    const view = sampleView({}, [{ ...beat(2), attempt: 3 }]);
    expect(renderProgress(view, { width: 140, color: false }).join('\n')).toContain('38 s left  attempt 3');
  });

  it('tells why a fold is tried again while it is queued', () => {
    const lost = {
      ...beat(2),
      attempt: 2,
      phase: 'queued',
      lastFailure: 'the trainer\nwas killed',
    } as const;
    const lines = renderProgress(sampleView({}, [lost]), { width: 140, color: false });
    expect(lines.join('\n')).toContain('attempt 2  the trainer was killed');
  });

  it('shows a fold that was handed over as queued, and no failure', () => {
    const handed = { ...beat(2), attempt: 2, phase: 'queued', handedOver: true } as const;
    const [line = ''] = renderProgress(sampleView({}, [handed]), { width: 140, color: false }).filter(
      (each) => each.includes('fold 2'),
    );
    expect(line).toMatch(/· fold 2 .*queued {2}attempt 2 {2}handed over/);
  });

  it('shows a step that no worker has taken up as queued', () => {
    const queued = { ...beat(1), activityId: 'oof', heartbeat: null, phase: 'queued' } as const;
    const view = sampleView({ steps: [step('data', 'completed'), step('oof', 'running')] }, [queued]);
    expect(renderProgress(view, { width: 100, color: false }).at(-1)).toBe('└─ · oof  queued');
  });

  it('says why a run failed, in full where nothing has to fit', () => {
    const why = `data.train: ${'a long reason '.repeat(20)}`;
    const view = sampleView({ state: 'failed', pipeline: '', steps: [] }, [], why);
    expect(renderProgress(view, { width: Infinity, color: false })).toEqual([
      'quickstart-1f2e3d4c  failed  1 min 04 s',
      `failed: ${why.trim()}`,
    ]);
    expect(renderProgress(view, { width: 40, color: false })[1]).toMatch(/^failed: .*…$/);
  });

  it('never lets a name steer the terminal', () => {
    const view = sampleView({ pipeline: 'a\u001b[2Jb\r\nc', run: '\u0007', waitingFor: '\u009b31mx' });
    const lines = renderProgress(view, { width: 100, color: false });
    expect(lines.join('')).not.toMatch(/\p{Cc}/u);
  });

  it('differs with colour only in the colour codes', () => {
    const plain = renderProgress(sampleView(), { width: 100, color: false });
    const coloured = renderProgress(sampleView(), { width: 100, color: true });
    expect(coloured).not.toEqual(plain);
    expect(coloured.map(stripVTControlCharacters)).toEqual(plain);
  });

  it('survives a loss that is not a number and steps that are not known', () => {
    const heartbeat = { fold: 2, epoch: 1, epochs: 4, step: 0, steps: 0, loss: NaN, secondsPerStep: NaN };
    const text = renderProgress(sampleView({}, [{ ...beat(2), heartbeat }]), {
      width: 100,
      color: false,
    }).join('\n');
    expect(text).not.toMatch(/NaN|Infinity/);
  });
});
