import { ofAll } from '../data/hygiene/words.js';
import type { TokenizedModel } from '../engine/training/token-counts.js';
import { Fault } from '../errors/fault.js';
import { membersOf } from '../pipeline/members.js';
import { modelUse, type ModelOptions, type Pipeline } from '../pipeline/pipeline.js';
import type { StepCall } from './contracts.js';
import type { ModelTokens } from './data-facts.js';
import { digestedModel } from './input-digests.js';
import type { TrainedCell } from './outputs.js';
import { RunDirectory } from './run-directory.js';
import type { Services } from './services.js';

/** Prepared tables, as files. */
interface TableFiles {
  readonly table: string;
  readonly test: string | null;
}

/** More models than these are not told of. */
const mostModels = 20;

/** What the models that a pipeline trains make of its texts, before one is trained; each tokenizer once. */
export async function countModelTokens(
  services: Services,
  pipeline: Pipeline,
  files: TableFiles,
  signal: AbortSignal,
): Promise<ModelTokens[]> {
  const counted: ModelTokens[] = [];
  for (const { model } of distinctModels(pipeline)) {
    const { checkpoint, scratch } = model;
    const use = modelUse(model);
    const tokenized: TokenizedModel =
      scratch === undefined
        ? { folder: (await digestedModel(services, checkpoint ?? '')).folder, ...use }
        : { scratch, tokenizer: await services.models.learnTokenizer(scratch, files.table), ...use };
    counted.push({ model: nameOf(model), ...(await services.models.countTokens(tokenized, files, signal)) });
  }
  return counted;
}

/** The same of the models that were trained, as they were exported: whatever became of what they were trained from. */
export async function countTrainedTokens(
  services: Services,
  { run, pipeline, inputs }: StepCall<{ readonly fold: readonly TrainedCell[] }>,
  files: TableFiles,
  signal: AbortSignal,
): Promise<ModelTokens[]> {
  const directory = new RunDirectory(services, run);
  const counted: ModelTokens[] = [];
  for (const { ids, model } of distinctModels(pipeline)) {
    const cell = inputs.fold.find(({ member }) => ids.includes(member));
    if (cell === undefined) continue;
    const tokenized = { folder: await directory.model(cell), ...modelUse(model) };
    counted.push({ model: nameOf(model), ...(await services.models.countTokens(tokenized, files, signal)) });
  }
  return counted;
}

/** Models that may tokenise otherwise, each with the members that it is the model of. */
function distinctModels(pipeline: Pipeline): { ids: string[]; model: ModelOptions }[] {
  const models = new Map<string, { ids: string[]; model: ModelOptions }>();
  for (const { id, pipeline: member } of membersOf(pipeline)) {
    const { checkpoint, scratch, maxLength, windows } = member.model;
    const alike = JSON.stringify([checkpoint, scratch, maxLength, windows]);
    const known = models.get(alike);
    if (known === undefined) models.set(alike, { ids: [id], model: member.model });
    else known.ids.push(id);
  }
  return [...models.values()].slice(0, mostModels);
}

function nameOf({ checkpoint, scratch }: ModelOptions): string {
  return checkpoint ?? `${scratch?.type} from scratch`;
}

/** Texts that are cut and tokens that are not known, where they are more than a few. */
export function tokenWarnings(counted: readonly ModelTokens[]): string[] {
  const tables = counted.flatMap(({ model, longest, train, test }) => [
    { model, longest, name: 'training texts', tokens: train },
    ...(test === null ? [] : [{ model, longest, name: 'texts to predict', tokens: test }]),
  ]);
  const of = (model: string): string => (counted.length > 1 ? ` (${model})` : '');
  return tables.flatMap(({ model, longest, name, tokens }) => [
    ...(tokens.cut < worthTelling.cut * tokens.texts || tokens.cut === 0
      ? []
      : [
          `${ofAll(tokens.cut, tokens.texts)} ${name} are longer than ${longest} tokens${of(model)}: what is beyond is not read. Raise model.maxLength where it matters.`,
        ]),
    ...(tokens.unknown < worthTelling.unknown * tokens.tokens || tokens.unknown === 0
      ? []
      : [
          `${ofAll(tokens.unknown, tokens.tokens)} tokens of the ${name} are not in the model's vocabulary${of(model)}: is it made for their language?`,
        ]),
  ]);
}

const worthTelling = { cut: 0.05, unknown: 0.01 };

/** What is told where tokens could not be counted, which spoils nothing that was trained. */
export function uncounted(error: unknown): string {
  if (!(error instanceof Fault)) throw error;
  return `The tokens of the texts could not be counted: ${error.message}`;
}
