import { describe, expect, it } from 'vitest';
import type { Device } from '../../../engine/device/device.js';
import { programOf, type Program } from '../../../engine/device/program.js';
import { Graph } from '../../../engine/graph/graph.js';
import { matMul } from '../../../engine/graph/nodes.js';
import { openSafetensors } from '../../../engine/checkpoint/safetensors.js';
import { ofTokens } from '../../../engine/inference/batching.js';
import { ClassifierRun } from '../../../engine/inference/classifier-run.js';
import { constantWeights } from '../../../engine/inference/constant-weights.js';
import { parametersOf } from '../../../engine/inference/parameters.js';
import { linearWarmup } from '../../../engine/schedules/schedule.js';
import { Trainer, type TrainerOptions } from '../../../engine/training/trainer.js';
import { opened } from '../../setup/opened-device.js';
import type { GoldenCurve } from '../models/golden-model.js';
import {
  goldenBatches,
  goldenClassifier,
  goldenJson,
  goldenPath,
  goldenTensors,
} from '../models/golden-model.js';
import { contentOf, fed, nameOf, weightsOf, writeContent, writeWeights } from './weights.js';

/** How far a device may be from PyTorch's float64 run. */
export interface Tolerances {
  /** Of transformers' logits. */
  readonly logits: number;
  readonly loss: number;
  /** Relative. */
  readonly norm: number;
  readonly weights: number;
}

type Open = () => Promise<Device>;

/** What every device holds to; a device's own test calls this. @param open opens one, on two threads of the processor */
export function specifyDevice(open: Open, tolerances: Tolerances): void {
  const device = opened(open);
  describe('its tensors and sessions', () => {
    specifyTensors(device, open);
  });
  describe('a model on it', () => {
    specifyScoring(device, tolerances);
  });
}

/** The same of a device that trains. */
export function specifyTraining(open: Open, tolerances: Tolerances): void {
  const device = opened(open);
  describe('the state of a training on it', () => {
    specifyState(device);
  });
  describe('a step on it', () => {
    specifyStep(device, tolerances);
  });
}

/** The same of a device that trains with a loss scale. */
export function specifyLossScale(open: Open): void {
  const device = opened(open);
  describe('a loss scale on it', () => {
    specifyScaledSteps(device);
  });
}

/** [2, 2]·[2, 2] → [2, 2]. */
function productModel(): Program {
  const graph = new Graph();
  const [a, b] = ['a', 'b'].map((name) => graph.input(name, 'float32', [2, 2]));
  graph.output('product', matMul(graph, a!, b!));
  return programOf(graph, 'product');
}

const identity = Float32Array.of(1, 0, 0, 1);
const values = Float32Array.of(1, -2, 3.5, 4);

function specifyTensors(device: () => Device, open: Open): void {
  it('give back what was copied in', async () => {
    const tensor = await device().allocate('float32', [2, 2]);
    await device().upload(values, tensor);
    const copy = await device().download(tensor);
    await device().upload(identity, tensor);
    expect(copy).toEqual(values);
    tensor.release();
  });

  it('refuse an array of another length or type', async () => {
    const tensor = await device().allocate('float32', [2, 2]);
    await device().upload(values, tensor);
    await expect(device().upload(new Float32Array(3), tensor)).rejects.toThrow(/does not fit the tensor/);
    await expect(device().upload(new Int32Array(4), tensor)).rejects.toThrow(/does not fit the tensor/);
    expect(await device().download(tensor)).toEqual(values);
    tensor.release();
  });

  it('run by arrays of the host and of the device, into either', async () => {
    const session = await device().compile(productModel());
    const [a, b, c] = [identity, values, values].map((data) => device().tensor('float32', [2, 2], data));
    const there = await device().allocate('float32', [2, 2]);
    const product = await device().allocate('float32', [2, 2]);
    await device().upload(values, there);
    await session.run({ a: there, b: a! }, { product });
    expect(await device().download(product)).toEqual(values);
    const results = await session.run({ a: a!, b: b! }, { product: null });
    expect([...results['product']!.data]).toEqual([...values]);
    for (const tensor of [a!, b!, c!, there, product, results['product']!]) tensor.release();
    session.release();
  });

  it('are counted from when they are made to when they are released', async () => {
    const before = device().live;
    const session = await device().compile(productModel());
    const tensors = [
      await device().allocate('float32', [2]),
      device().tensor('float32', [2], Float32Array.of(1, 2)),
    ];
    expect(device().live).toEqual({ sessions: before.sessions + 1, values: before.values + 2 });
    session.release();
    for (const tensor of tensors) tensor.release();
    expect(device().live).toEqual(before);
  });

  it('are not made by a device that has been released', async () => {
    const other = await open();
    other.release();
    other.release();
    const released = /it has been released/;
    await expect(other.compile(productModel())).rejects.toThrow(released);
    await expect(other.allocate('float32', [1])).rejects.toThrow(released);
    expect(() => other.tensor('float32', [1], Float32Array.of(1))).toThrow(released);
    await expect(training(other)).rejects.toThrow(released);
  });
}

/** With its weights as constants, as exported models are scored. */
async function scoring(device: Device, model: string): Promise<ClassifierRun> {
  const classifier = goldenClassifier(model);
  const weights = await openSafetensors(goldenPath(model, 'model.safetensors'));
  try {
    const names = parametersOf(classifier).map(({ name }) => name);
    return new ClassifierRun({
      device,
      classifier,
      vocabulary: classifier.vocabulary,
      weights: await constantWeights(weights, names),
      batching: ofTokens(20),
    });
  } finally {
    await weights.close();
  }
}

function specifyScoring(device: () => Device, tolerances: Tolerances): void {
  it.each(['bert', 'deberta-v3'])('%s gives transformers’ logits, and again the same', async (model) => {
    const before = device().live;
    const run = await scoring(device(), model);
    const { tokens, float64 } = goldenBatches(model)['ragged']!;
    const texts = tokens.map((ids) => Int32Array.from(ids));
    const logits = await run.logits(texts);
    expect(logits.length).toBe(float64.logits.flat().length);
    float64.logits.flat().forEach((expected, place) => {
      expect(Math.abs(logits[place]! - expected), `logit ${place}`).toBeLessThan(tolerances.logits);
    });
    expect(await run.logits(texts)).toEqual(logits);
    run.release();
    expect(device().live).toEqual(before);
  });
}

const dropped = { hidden_dropout_prob: 0.1, attention_probs_dropout_prob: 0.1, classifier_dropout: 0.1 };
const classifier = goldenClassifier('bert', dropped);
const { ragged } = goldenBatches('bert');
const batch = { texts: ragged!.tokens.map((ids) => Int32Array.from(ids)), targets: ragged!.labels };
const settings = { learningRate: 1e-3, averageShare: null, step: 0, key: [1, 2] } as const;

function training(device: Device, options: Partial<TrainerOptions> = {}): Promise<Trainer> {
  return Trainer.create({
    device,
    classifier,
    vocabulary: classifier.vocabulary,
    loss: 'binaryCrossEntropy',
    dropout: true,
    mostTokens: 100,
    optimizer: { weightDecay: 0.01, maxGradNorm: 1 },
    ...options,
  });
}

/** One with the weights of its golden. */
async function begun(device: Device, options: Partial<TrainerOptions> = {}): Promise<Trainer> {
  const trainer = await training(device, options);
  await writeWeights(trainer, await goldenTensors('bert', 'model.safetensors'));
  return trainer;
}

/** Other values for each array; moments of squares are not negative. */
const valueOf = (entry: number, i: number): number => Math.abs(Math.sin(entry + i * 0.37)) + 0.1;

function specifyState(device: () => Device): void {
  it('is read back as it was written', async () => {
    const trainer = await training(device(), { averaged: true });
    const { state, trained } = trainer;
    const arrays = ['weights', 'firstMoment', 'secondMoment', 'average'];
    expect(state.entries.map(nameOf).sort()).toEqual(
      trained.flatMap(({ name }) => arrays.map((array) => `${array}/${name}`)).sort(),
    );
    const expected = new Map<string, Float32Array>();
    for (const [place, { array, parameter, shape }] of state.entries.entries()) {
      const length = shape.reduce((count, extent) => count * extent, 1);
      expect(await state.read(array, parameter)).toEqual(new Float32Array(length));
      const written = Float32Array.from({ length }, (_, i) => valueOf(place, i));
      await state.write(array, parameter, written);
      expected.set(`${array}/${parameter}`, written.slice());
      written.fill(NaN);
    }
    expect(await contentOf(state)).toEqual(expected);
    await trainer.close();
  });

  it('of what is not trained is weights alone, which no step moves', async () => {
    const trainer = await begun(device(), { layers: { layerDecay: 1, freezeLayers: 1 } });
    const { state, trained, parameters } = trainer;
    const names = new Set(trained.map(({ name }) => name));
    const frozen = parameters.filter(({ name }) => !names.has(name));
    expect(frozen.length).toBeGreaterThan(0);
    expect(new Set(state.entries.map(({ parameter }) => parameter))).toEqual(names);
    const before = await weightsOf(trainer);
    await trainer.stepOver([batch], settings);
    const after = await weightsOf(trainer);
    for (const { name } of frozen) {
      expect(state.has('firstMoment', name)).toBe(false);
      await expect(state.read('firstMoment', name)).rejects.toThrow(RangeError);
      expect(after.get(name)).toEqual(before.get(name));
    }
    for (const { name } of trained) expect(after.get(name), name).not.toEqual(before.get(name));
    await trainer.close();
  });

  it('refuses values of another length, and names that there are not', async () => {
    const trainer = await training(device());
    const { state } = trainer;
    const { parameter } = state.entries[0]!;
    await expect(state.write('weights', parameter, new Float32Array(1))).rejects.toThrow(RangeError);
    await expect(state.read('average', parameter)).rejects.toThrow(RangeError);
    await expect(state.read('weights', 'none')).rejects.toThrow(RangeError);
    await expect(state.write('weights', 'none', new Float32Array(1))).rejects.toThrow(RangeError);
    expect(state.has('average', parameter)).toBe(false);
    await trainer.close();
  });

  it('written into another training is gone on from with the same bits', async () => {
    const [one, other] = [
      await begun(device(), { averaged: true }),
      await training(device(), { averaged: true }),
    ];
    await one.stepOver([batch], { ...settings, averageShare: 1 });
    await writeContent(other.state, await contentOf(one.state));
    const next = { ...settings, step: 1, averageShare: 0.25 };
    expect(await other.stepOver([batch], next)).toEqual(await one.stepOver([batch], next));
    expect(await contentOf(other.state)).toEqual(await contentOf(one.state));
    await Promise.all([one.close(), other.close()]);
  });

  it('is seen by forward runs as it is when they run', async () => {
    const trainer = await begun(device(), { dropout: false });
    const { vocabulary } = classifier;
    const shared = { device: device(), classifier, vocabulary };
    const run = new ClassifierRun({ ...shared, weights: (name) => trainer.state.tensor('weights', name) });
    for (let step = 0; step < 3; step++) {
      const weights = await weightsOf(trainer);
      const copied = new ClassifierRun({
        ...shared,
        weights: fed(device(), classifier, (name) => weights.get(name)!),
      });
      expect(await run.logits(batch.texts)).toEqual(await copied.logits(batch.texts));
      copied.release();
      await trainer.stepOver([batch], { ...settings, step });
    }
    run.release();
    await trainer.close();
  });

  it('is not changed while a snapshot of it is read, or a step is under way', async () => {
    const trainer = await begun(device());
    const { state } = trainer;
    const { parameter } = state.entries[0]!;
    const read = (): Promise<Float32Array> => state.read('weights', parameter);
    const rewrite = async (): Promise<void> => state.write('weights', parameter, (await read()).slice());
    await state.snapshot(async () => {
      await expect(trainer.stepOver([batch], settings)).rejects.toThrow('a snapshot of it is being read');
      await expect(rewrite()).rejects.toThrow('a snapshot of it is being read');
    });
    const step = trainer.stepOver([batch], settings);
    await expect(trainer.stepOver([batch], settings)).rejects.toThrow('a step is under way');
    await expect(read()).rejects.toThrow('a step is under way');
    await step;
    await rewrite();
    await expect(state.snapshot(() => Promise.reject(new Error('torn')))).rejects.toThrow('torn');
    await trainer.stepOver([batch], { ...settings, step: 1 });
    await trainer.close();
  });

  it('throws after it was closed, and leaves nothing behind', async () => {
    const before = device().live;
    const trainer = await begun(device());
    const { state } = trainer;
    const { parameter } = state.entries[0]!;
    const weights = (await state.read('weights', parameter)).slice();
    await state.tensor('weights', parameter);
    await trainer.stepOver([batch], settings);
    expect(device().live.sessions).toBeGreaterThan(before.sessions);
    expect(device().live.values).toBeGreaterThan(before.values);
    await state.close();
    await state.close();
    expect(device().live).toEqual(before);
    const closed = /it has been closed/;
    await expect(state.read('weights', parameter)).rejects.toThrow(closed);
    await expect(state.write('weights', parameter, weights)).rejects.toThrow(closed);
    await expect(state.snapshot(() => Promise.resolve())).rejects.toThrow(closed);
    await expect(trainer.stepOver([batch], settings)).rejects.toThrow(closed);
    await expect(state.tensor('weights', parameter)).rejects.toThrow(closed);
  });
}

function specifyStep(device: () => Device, tolerances: Tolerances): void {
  it.each(['bert', 'deberta-v3'])('of %s, ten of them, follow PyTorch', async (model) => {
    const curve = goldenJson<GoldenCurve>(model, 'curve.json');
    const batches = goldenBatches(model);
    const ofModel = goldenClassifier(model);
    const trainer = await training(device(), {
      classifier: ofModel,
      vocabulary: ofModel.vocabulary,
      dropout: false,
      optimizer: curve,
    });
    await writeWeights(trainer, await goldenTensors(model, 'model.safetensors'));
    for (const [step, expected] of curve.float64.entries()) {
      const { tokens, labels } = batches[expected.batch]!;
      const rate = linearWarmup(step, curve.adamW.learningRate, curve.warmupSteps, curve.steps);
      const texts = tokens.map((ids) => Int32Array.from(ids));
      const { loss, gradientNorm } = await trainer.step(texts, labels, rate, step, [0, 0]);
      expect(Math.abs(loss - expected.loss), `loss of step ${step}`).toBeLessThan(tolerances.loss);
      const norm = Math.abs(gradientNorm / expected.gradNorm - 1);
      expect(norm, `norm of step ${step}`).toBeLessThan(tolerances.norm);
    }
    const noise = new Set(Object.values(batches).flatMap(({ zeroGradients }) => zeroGradients));
    const weights = await weightsOf(trainer);
    for (const [name, expected] of await goldenTensors(model, curve.final)) {
      if (noise.has(name)) continue;
      const error = Math.max(...expected.map((value, i) => Math.abs(value - weights.get(name)![i]!)));
      expect(error, name).toBeLessThan(tolerances.weights);
    }
    await trainer.close();
  });

  it('changes nothing where it is stopped, which may be read at once', async () => {
    const trainer = await begun(device(), { averaged: true, accumulate: 2 });
    const before = await contentOf(trainer.state);
    const stop = new AbortController();
    const step = trainer.stepOver([batch, batch], { ...settings, averageShare: 1 }, stop.signal);
    const ended = expect(step).rejects.toThrow('told to stop');
    stop.abort(new Error('told to stop'));
    expect(await contentOf(trainer.state)).toEqual(before);
    await ended;
    expect(await contentOf(trainer.state)).toEqual(before);
    await trainer.close();
  });

  it('changes nothing where its loss is not finite', async () => {
    const trainer = await begun(device(), { averaged: true });
    const { state } = trainer;
    const { parameter } = state.entries.find(({ parameter }) => parameter === 'classifier.bias')!;
    await state.write(
      'weights',
      parameter,
      Float32Array.from({ length: 5 }, () => NaN),
    );
    const before = await contentOf(state);
    const { loss, gradientNorm } = await trainer.stepOver([batch], { ...settings, averageShare: 1 });
    expect([loss, gradientNorm]).toEqual([NaN, NaN]);
    expect(await contentOf(state)).toEqual(before);
    await trainer.close();
  });

  it('moves the average by its share', async () => {
    const trainer = await begun(device(), { averaged: true });
    const { state } = trainer;
    await trainer.stepOver([batch], { ...settings, averageShare: 1 });
    const first = await weightsOf(trainer);
    for (const [name, weights] of first) expect(await state.read('average', name), name).toEqual(weights);
    await trainer.stepOver([batch], { ...settings, step: 1, averageShare: 0.25 });
    const second = await weightsOf(trainer);
    for (const [name, weights] of first) {
      const average = await state.read('average', name);
      const wanted = weights.map((value, i) => 0.75 * value + 0.25 * second.get(name)![i]!);
      const error = Math.max(...wanted.map((value, i) => Math.abs(value - average[i]!)));
      expect(error, name).toBeLessThan(1e-6);
    }
    await trainer.close();
  });

  it('over a batch in two parts learns what it learns of the whole', async () => {
    const [whole, parts] = [
      await begun(device(), { dropout: false }),
      await begun(device(), { dropout: false, accumulate: 2 }),
    ];
    const part = (from: number, to?: number) => ({
      texts: batch.texts.slice(from, to),
      targets: batch.targets.slice(from, to),
    });
    const expected = await whole.stepOver([batch], settings);
    const found = await parts.stepOver([part(0, 1), part(1)], settings);
    expect(Math.abs(found.loss - expected.loss)).toBeLessThan(tolerances.loss);
    expect(Math.abs(found.gradientNorm / expected.gradientNorm - 1)).toBeLessThan(tolerances.norm);
    await Promise.all([whole.close(), parts.close()]);
  });

  it('draws dropout by its key, its number and its batch, and again the same', async () => {
    const trainer = await begun(device());
    const lossOf = async (changes: { step?: number; key?: readonly [number, number] }): Promise<number> =>
      (await trainer.stepOver([batch], { ...settings, learningRate: 0, ...changes })).loss;
    const losses = [await lossOf({}), await lossOf({ step: 1 }), await lossOf({ key: [1, 3] })];
    expect(new Set(losses).size).toBe(3);
    expect(await lossOf({})).toBe(losses[0]);
    await trainer.close();
  });
}

const scaling = { first: 2 ** 90, growth: 2, backoff: 0.5, interval: 3 };

/** Of which the gradients are finite, but not when they are multiplied by such a scale. */
const steep = { texts: batch.texts, targets: batch.targets.map((row) => row.map(() => 1e15)) };

async function scaleOf({ state }: Trainer): Promise<number[]> {
  const values: number[] = [];
  for (const part of ['scale', 'cleanSteps', 'updates'])
    values.push((await state.read('lossScale', part))[0] ?? NaN);
  return values;
}

/** What a parameter has, but for the loss scale. */
async function movedOf(trainer: Trainer): Promise<Map<string, Float32Array>> {
  return new Map([...(await contentOf(trainer.state))].filter(([name]) => !name.startsWith('lossScale/')));
}

function specifyScaledSteps(device: () => Device): void {
  const scaled = (options: Partial<TrainerOptions> = {}): Promise<Trainer> =>
    begun(device(), { dropout: false, lossScale: scaling, ...options });

  it('is a part of the state that begins with its first value', async () => {
    const trainer = await scaled();
    const { entries } = trainer.state;
    expect(entries.filter(({ array }) => array === 'lossScale')).toEqual(
      ['scale', 'cleanSteps', 'updates'].map((parameter) => ({ array: 'lossScale', parameter, shape: [] })),
    );
    expect(await scaleOf(trainer)).toEqual([2 ** 90, 0, 0]);
    expect(trainer.state.has('lossScale', 'none')).toBe(false);
    await expect(trainer.state.read('lossScale', 'none')).rejects.toThrow(RangeError);
    await trainer.close();
    const plain = await begun(device());
    expect(plain.state.has('lossScale', 'scale')).toBe(false);
    await plain.close();
  });

  it('changes no bit of a step whose gradients it leaves finite', async () => {
    const options = { dropout: true, averaged: true, accumulate: 2 };
    const [plain, trainer] = [await begun(device(), options), await scaled(options)];
    for (let step = 0; step < 3; step++) {
      const next = { ...settings, step, averageShare: step === 0 ? 1 : 0.25 };
      const result = await trainer.stepOver([batch, batch], next);
      expect(result).toEqual(await plain.stepOver([batch, batch], next));
      expect(result.skipped).toBe(false);
    }
    expect(await movedOf(trainer)).toEqual(await contentOf(plain.state));
    await Promise.all([plain.close(), trainer.close()]);
  });

  it('is halved by a step with a gradient that is not finite, which moves nothing', async () => {
    const trainer = await scaled({ accumulate: 2 });
    const before = await movedOf(trainer);
    const { loss, gradientNorm, skipped } = await trainer.stepOver([batch, steep], settings);
    expect(Number.isFinite(loss)).toBe(true);
    expect(Number.isFinite(gradientNorm)).toBe(false);
    expect(skipped).toBe(true);
    expect(await movedOf(trainer)).toEqual(before);
    expect(await scaleOf(trainer)).toEqual([2 ** 89, 0, 0]);
    expect((await trainer.stepOver([batch, batch], settings)).skipped).toBe(false);
    expect(await scaleOf(trainer)).toEqual([2 ** 89, 1, 1]);
    await trainer.close();
  });

  it('is halved by a loss that is not finite, too', async () => {
    const trainer = await scaled();
    const before = await movedOf(trainer);
    const targets = batch.targets.map((row) => row.map(() => Infinity));
    const { loss, skipped } = await trainer.stepOver([{ ...batch, targets }], settings);
    expect([Number.isFinite(loss), skipped]).toEqual([false, true]);
    expect(await movedOf(trainer)).toEqual(before);
    expect(await scaleOf(trainer)).toEqual([2 ** 89, 0, 0]);
    await trainer.close();
  });

  it('counts the steps that the optimizer corrects its moments by: what was skipped is none', async () => {
    const [late, prompt] = [await scaled(), await scaled()];
    await late.stepOver([steep], settings);
    await late.stepOver([batch], { ...settings, step: 1 });
    await prompt.stepOver([batch], settings);
    expect(await movedOf(late)).toEqual(await movedOf(prompt));
    await Promise.all([late.close(), prompt.close()]);
  });

  it('is doubled after so many clean steps in a row', async () => {
    const trainer = await scaled();
    const scales: number[][] = [];
    for (const [step, each] of [batch, batch, steep, batch, batch, batch, batch].entries()) {
      await trainer.stepOver([each], { ...settings, learningRate: 0, step });
      scales.push(await scaleOf(trainer));
    }
    expect(scales).toEqual([
      [2 ** 90, 1, 1],
      [2 ** 90, 2, 2],
      [2 ** 89, 0, 2],
      [2 ** 89, 1, 3],
      [2 ** 89, 2, 4],
      [2 ** 90, 0, 5],
      [2 ** 90, 1, 6],
    ]);
    await trainer.close();
  });

  it('of a skipped step lets the average move towards the weights that stay', async () => {
    const trainer = await scaled({ averaged: true });
    await trainer.stepOver([batch], settings);
    await trainer.stepOver([steep], { ...settings, step: 1, averageShare: 1 });
    for (const [name, weights] of await weightsOf(trainer))
      expect(await trainer.state.read('average', name), name).toEqual(weights);
    await trainer.close();
  });

  it('is gone on from in the middle of an interval', async () => {
    const [one, other] = [await scaled(), await scaled()];
    await one.stepOver([steep], settings);
    for (let step = 1; step < 3; step++) await one.stepOver([batch], { ...settings, step });
    await writeContent(other.state, await contentOf(one.state));
    for (const [step, each] of [batch, steep, batch].entries()) {
      const next = { ...settings, step: step + 3 };
      expect(await other.stepOver([each], next)).toEqual(await one.stepOver([each], next));
      expect(await contentOf(other.state)).toEqual(await contentOf(one.state));
    }
    expect(await scaleOf(one)).toEqual([2 ** 89, 1, 4]);
    await Promise.all([one.close(), other.close()]);
  });

  it('stays where a step is stopped', async () => {
    const trainer = await scaled();
    const stop = new AbortController();
    const step = trainer.stepOver([steep], settings, stop.signal);
    const ended = expect(step).rejects.toThrow('told to stop');
    stop.abort(new Error('told to stop'));
    await ended;
    expect(await scaleOf(trainer)).toEqual([2 ** 90, 0, 0]);
    await trainer.close();
  });
}
