import { InputFault } from '../errors/fault.js';
import { pipelineLimits } from '../pipeline/schema.js';
import { sha256 } from '../store/digest.js';
import { artifactRefSchema, type ArtifactRef, type ArtifactStore } from '../store/store.js';
import { concurrently } from './concurrently.js';
import { cellReferenceSchema, type FoldReceipt, type TrainedFold } from './contracts.js';
import { putJson } from './json-artifact.js';

/*
 * What grows with the matrix travels by reference: a call names the pipeline's artifact, and of each trained
 * cell the artifact of its output. Calls of runs that began before carry both themselves.
 */

/** A call with everything in it, not yet checked. */
export interface Dereferenced {
  readonly call: unknown;
  /** Whether the pipeline was named, so that what the call gives is to be named, too. */
  readonly named: boolean;
}

/** More is no pipeline, and no output of a fold. */
const mostBytes = 8 * 1024 * 1024;
/** Of all that one call names. */
const mostTogether = 128 * 1024 * 1024;

/** Artifacts that are read at once. */
const readers = 8;

/**
 * Reads what a call names. What has not the form of a name is left, for the call's schema to judge.
 *
 * @throws ArtifactMissing, ArtifactDamaged; InputFault for an artifact that is no JSON
 */
export async function dereferenced(store: ArtifactStore, argument: unknown): Promise<Dereferenced> {
  if (!isMap(argument)) return { call: argument, named: false };
  const pipeline = artifactRefSchema.safeParse(argument['pipeline']);
  const named = pipeline.success;
  const { inputs } = argument;
  const fold = isMap(inputs) && Array.isArray(inputs['fold']) ? (inputs['fold'] as unknown[]) : [];
  if (fold.length <= pipelineLimits.cells) requireModest(fold);
  const call = {
    ...argument,
    ...(named ? { pipeline: await read(store, pipeline.data) } : {}),
    ...(isMap(inputs) && fold.length > 0 && fold.length <= pipelineLimits.cells
      ? { inputs: { ...inputs, fold: await concurrently(fold, readers, (entry) => cell(store, entry)) } }
      : {}),
  };
  return { call, named };
}

/** Each may be read, and all of them are held at once. */
function requireModest(fold: readonly unknown[]): void {
  const bytes = fold.reduce<number>((sum, entry) => {
    const reference = cellReferenceSchema.safeParse(entry);
    return reference.success ? sum + reference.data.output.bytes : sum;
  }, 0);
  if (bytes > mostTogether) throw unfit();
}

async function cell(store: ArtifactStore, entry: unknown): Promise<unknown> {
  const reference = cellReferenceSchema.safeParse(entry);
  if (!reference.success) return entry;
  return { ...(await read(store, reference.data.output)), member: reference.data.member };
}

async function read(store: ArtifactStore, ref: ArtifactRef): Promise<Record<string, unknown>> {
  const bytes = ref.bytes > mostBytes ? new Uint8Array() : await store.getBytes(ref);
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    if (isMap(value)) return value;
  } catch (error) {
    // Neither JSON nor text: what it is instead is nobody's business.
    if (!(error instanceof SyntaxError || error instanceof TypeError)) throw error;
  }
  throw unfit();
}

function unfit(): InputFault {
  return new InputFault({
    where: 'the call',
    what: 'an artifact that it names is not what it should be',
    expected: 'a resolved pipeline, or the output of a fold',
  });
}

/** Takes the output of a fold into the store, and gives what the workflow needs of it. */
export async function receiptOf(store: ArtifactStore, output: TrainedFold): Promise<FoldReceipt> {
  const { rows, probabilities, model, epochs, seconds } = output;
  const artifacts = [rows, probabilities, ...Object.values(model)];
  return {
    output: await putJson(store, output),
    contents: sha256(artifacts.map((artifact) => artifact.sha256).join(' ')),
    epochs,
    seconds,
  };
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
