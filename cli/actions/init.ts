import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { InputFault } from '../../errors/fault.js';
import { planSteps } from '../../pipeline/dag.js';
import { parsePipeline } from '../../pipeline/load.js';
import { count } from '../../report/notation.js';
import { createDurably } from '../../store/durable-file.js';
import { storageFault } from '../../store/faults.js';
import { pipelineText } from '../init/pipeline-text.js';
import { suggestPipeline } from '../init/suggestion.js';
import { suggestedPipelineSchema } from '../facts/tables.js';
import type { GlobalOptions, JsonOption } from '../options.js';
import { printJson, type Console } from '../terminal/console.js';

interface InitOptions extends GlobalOptions, JsonOption {
  readonly output: string;
}

export async function init(console: Console, { output, json }: InitOptions, table: string): Promise<void> {
  const target = resolve(output);
  if (existsSync(target)) throw taken(target);
  const suggestion = await suggestPipeline(table);
  const text = pipelineText(suggestion, target);
  // What is written is what `plan` takes, whatever the columns are called.
  planSteps(parsePipeline(text, { file: target }));
  if (!(await written(target, text))) throw taken(target);
  const { rows, labels } = suggestion;
  if (json === true) {
    const { text: texts, lengths, ...seen } = suggestion;
    const facts = { ...seen, pipeline: target, text: texts.name, maxLength: lengths.maxLength };
    return printJson(console, suggestedPipelineSchema, facts);
  }
  for (const warning of suggestion.warnings) console.note(`warning: ${warning}`);
  console.print(
    `${target}: ${count(rows)} rows, ${labels.length === 1 ? '1 label' : `${labels.length} labels`}`,
  );
  console.note(`Next: foldwise plan ${output}`);
}

async function written(target: string, text: string): Promise<boolean> {
  try {
    return await createDurably(target, text);
  } catch (error) {
    throw storageFault(error, target, 'writing the pipeline');
  }
}

function taken(target: string): InputFault {
  return new InputFault({
    where: target,
    what: 'there is a file of this name already',
    remedy: 'Name another one by --output, or move it away.',
  });
}
