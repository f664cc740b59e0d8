import { parsePipeline, type ParseOptions } from '../../pipeline/load.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import { PipelineFault } from '../../pipeline/problem.js';

type Options = Pick<ParseOptions, 'overrides' | 'isFolder'>;

/** The least that a pipeline must say. */
export const minimal =
  'name: e\nlabels: [joy]\ndata: { train: a.csv, test: b.csv }\nmodel: { checkpoint: owner/model }\n';
export const parse = (text: string, options: Options = {}): Pipeline =>
  parsePipeline(text, { file: 'folder/p.yaml', ...options });

/** The lines of the fault that the text gives; none when it is a pipeline. */
export function faults(text: string, options: Options = {}): string[] {
  try {
    parse(text, options);
  } catch (error) {
    if (error instanceof PipelineFault) return error.message.split('\n').slice(1);
    throw error;
  }
  return [];
}
