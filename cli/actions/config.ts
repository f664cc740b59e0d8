import { readPipeline } from '../../pipeline/load.js';
import type { PipelineArguments } from '../options.js';
import type { Console } from '../terminal/console.js';

export function config(console: Console, { set = {} }: PipelineArguments, file: string): void {
  console.print(JSON.stringify({ pipeline: readPipeline(file, { overrides: set }) }, null, 2));
}
