import type { FuzzTarget } from '../target.js';
import { initTable } from './init-table.js';
import { overrides } from './overrides.js';
import { pipelineYaml } from './pipeline-yaml.js';
import { resultJson } from './result-json.js';

/** Every target, in the order of the table. */
export const targets: readonly FuzzTarget[] = [pipelineYaml, overrides, resultJson, initTable];
