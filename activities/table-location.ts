import { resolve } from 'node:path';
import { localPathOf } from './roots.js';

/** Where a table lies. */
export interface TableLocation {
  readonly kind: 'file';
  /** Absolute. */
  readonly path: string;
}

/** @throws InputFault for what names no table */
export function tableLocation(location: string, where: string): TableLocation {
  return { kind: 'file', path: resolve(localPathOf(location, where)) };
}
