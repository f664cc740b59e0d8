import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { modelCard } from '../../report/model-card.js';
import type { RunResult } from '../../report/run-result.js';
import { assessedReport, sampleReport } from './sample.js';

const folder = {
  models: ['members/1', 'members/2'],
  graph: 'ensemble.onnx',
  notes: [],
  maxLength: 128,
};

interface Metric {
  readonly type: string;
  readonly name: string;
  readonly value: number;
  readonly args?: { readonly confidence_interval: readonly number[] };
}
interface Metadata {
  readonly pipeline_tag: string;
  readonly base_model?: string;
  readonly language?: string;
  readonly 'model-index': readonly { readonly results: readonly { readonly metrics: readonly Metric[] }[] }[];
}

function read(card: string): { readonly metadata: Metadata; readonly body: string } {
  const [, front = '', body = ''] = /^---\n([^]*?)\n---\n([^]*)$/.exec(card) ?? [];
  return { metadata: parse(front) as Metadata, body };
}

function withCheckpoint(result: RunResult, checkpoint: string): RunResult {
  const { configuration } = result;
  return { ...result, configuration: { ...configuration, model: { ...configuration.model, checkpoint } } };
}

describe('the card of a model', () => {
  it('tells the hub the cross-fitted scores with their intervals, and no others', () => {
    const { result } = assessedReport();
    const { metadata } = read(modelCard(result, folder));
    const metrics = metadata['model-index'][0]!.results[0]!.metrics;
    expect(metadata.pipeline_tag).toBe('text-classification');
    expect(metadata.language).toBeUndefined();
    expect(metrics[0]).toEqual({
      type: 'f1',
      name: 'macro F1, cross-fitted',
      value: result.macroF1.crossFitted,
      args: { confidence_interval: result.assessment!.macro.intervals.crossFitted },
    });
    const known = result.labels.filter((label) => Number.isFinite(result.perLabel[label]!.crossFitted));
    expect(metrics.slice(1).map(({ name, value }) => [name, value])).toEqual(
      known.map((label) => [`F1 of ${label}, cross-fitted`, result.perLabel[label]!.crossFitted]),
    );
  });

  it('names the model of the hub that it comes from, and of a folder of a machine nothing', () => {
    const { result } = sampleReport();
    const ofHub = withCheckpoint(result, 'owner/some-model@0123abc');
    expect(read(modelCard(ofHub, folder)).metadata.base_model).toBe('owner/some-model');
    const local = withCheckpoint(result, '/secret/place/of/model');
    const warnings = ['/secret/place/train.csv: 3 of 400 rows are blank'];
    const { data } = local.configuration;
    const configuration = { ...local.configuration, data: { ...data, train: '/secret/place/train.csv' } };
    const card = modelCard({ ...local, configuration, warnings }, folder);
    expect(read(card).metadata.base_model).toBeUndefined();
    expect(card).not.toContain('/secret');
    expect(card).toContain('train.csv: 3 of 400 rows are blank.');
  });

  it('leaves a score out that is none, and says of what no skill is shown', () => {
    const { result } = assessedReport({}, 'multi-label', 'all');
    const [label = ''] = result.labels;
    const scores = { ...result.perLabel[label]!, crossFitted: NaN };
    const card = modelCard({ ...result, perLabel: { ...result.perLabel, [label]: scores } }, folder);
    expect(card).not.toMatch(/NaN|undefined|Infinity/);
    expect(read(card).metadata['model-index'][0]!.results[0]!.metrics).toHaveLength(result.labels.length);
    expect(card).toContain('Not shown to be better than no skill');
  });

  it('is Markdown whatever labels are called, and says what was not written', () => {
    const label = 'a_b-c.d ünïcode';
    const { result } = assessedReport({ labels: ['plain', label] });
    const note = 'ensemble.onnx was not written: texts are read in windows';
    const { metadata, body } = read(modelCard(result, { ...folder, graph: null, notes: [note] }));
    expect(metadata['model-index'][0]!.results[0]!.metrics.at(-1)!.name).toContain(label);
    expect(body).toContain('| a\\_b-c.d ünïcode |');
    expect(body).toContain('- ensemble.onnx was not written: texts are read in windows.');
    expect(body).not.toContain('InferenceSession');
  });

  it('tells of classes their accuracy', () => {
    const { result } = assessedReport({}, 'single-label');
    const { metadata, body } = read(modelCard(result, folder));
    const { metrics } = metadata['model-index'][0]!.results[0]!;
    expect(metrics[1]).toMatchObject({ type: 'accuracy', value: result.classes!.accuracy.crossFitted });
    expect(body).toContain('offsets tuned on the rows of the other folds');
  });
});
