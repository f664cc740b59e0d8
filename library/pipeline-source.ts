import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { folderExists, parsePipeline, readPipeline } from '../pipeline/load.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import { requireResolved } from '../pipeline/resolved.js';
import type { PipelineDocument } from '../pipeline/schema.js';
import { requireKnown, requireText } from './arguments.js';

export type { Pipeline, PipelineDocument };

export interface ResolveOptions {
  /** Values by dotted path, as `--set` takes them: `{ 'training.epochs': 2 }`. */
  readonly overrides?: Readonly<Record<string, unknown>>;
  /** What paths of an object are relative to. Default: the current folder; those of a file are relative to it. */
  readonly folder?: string;
}

/** A pipeline's file, or a pipeline that was resolved. */
export type PipelineSource = string | URL | Pipeline;

/**
 * Reads a pipeline, a file of YAML or JSON or an object of the same form, fills in every default and makes every path
 * absolute. Nothing that it names is opened.
 *
 * @throws InputFault listing every fault; TypeError for other arguments
 */
export function resolvePipeline(
  source: string | URL | PipelineDocument,
  options: ResolveOptions = {},
): Pipeline {
  requireKnown('resolvePipeline: options', options, ['overrides', 'folder']);
  requireKnown('resolvePipeline: options.overrides', options.overrides ?? {});
  const overrides = Object.fromEntries(
    Object.entries(options.overrides ?? {}).map(([path, value]) => [
      path,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]),
  );
  if (typeof source === 'string' || source instanceof URL) {
    const file = source instanceof URL ? fileURLToPath(source) : source;
    requireText('resolvePipeline: source', file);
    return readPipeline(file, { overrides });
  }
  requireKnown('resolvePipeline: source', source);
  const place = { words: 'resolvePipeline: source', folder: resolve(options.folder ?? '.') };
  return parsePipeline(JSON.stringify(source), { ...place, overrides, isFolder: folderExists });
}

/** @throws InputFault for a file that is no pipeline, and for an object that was not resolved */
export function pipelineOfSource(source: PipelineSource): Pipeline {
  return typeof source === 'string' || source instanceof URL
    ? resolvePipeline(source)
    : requireResolved(source);
}
