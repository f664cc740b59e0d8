import { InputFault } from '../errors/fault.js';
import { isMap } from '../pipeline/configuration.js';
import { pipelineLimits } from '../pipeline/schema.js';
import { sha256 } from '../store/digest.js';
import { ArtifactDamaged, ArtifactMissing } from '../store/faults.js';
import { artifactRefSchema, type ArtifactRef, type ArtifactStore } from '../store/store.js';
import { concurrently } from './concurrently.js';
import { cellReferenceSchema, type FoldReceipt, type TrainedFold } from './outputs.js';
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
  const few = fold.length > 0 && fold.length <= pipelineLimits.cells;
  const call = {
    ...argument,
    ...(named ? { pipeline: await read(store, pipeline.data) } : {}),
    ...(few ? { inputs: { ...(inputs as object), fold: await cells(store, fold) } } : {}),
  };
  return { call, named };
}

/** The outputs of cells, those that are named read: each bounded, and all of them, as they are held at once. */
async function cells(store: ArtifactStore, fold: readonly unknown[]): Promise<unknown[]> {
  const found = fold.map((entry) => ({ entry, named: cellReferenceSchema.safeParse(entry).data }));
  const bytes = found.reduce((sum, { named }) => sum + (named?.output.bytes ?? 0), 0);
  if (bytes > mostTogether) throw unfit();
  return concurrently(found, readers, async ({ entry, named }) =>
    named === undefined ? entry : { ...(await read(store, named.output)), member: named.member },
  );
}

/** An output that is carried, or the one that an artifact holds; null where that is gone. */
export async function namedOutput(store: ArtifactStore, output: unknown): Promise<unknown> {
  const named = artifactRefSchema.safeParse(output).data;
  if (named === undefined) return output;
  try {
    return await read(store, named);
  } catch (error) {
    if (error instanceof ArtifactMissing || error instanceof ArtifactDamaged) return null;
    throw error;
  }
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
