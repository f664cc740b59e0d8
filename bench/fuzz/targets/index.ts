import type { FuzzTarget } from '../target.js';
import { pipelineYaml } from './pipeline-yaml.js';

/** Every target, in the order of the table. */
export const targets: readonly FuzzTarget[] = [pipelineYaml];
