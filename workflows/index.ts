/** Every export of this module is a workflow type: it is what the workers bundle. */
export { pipeline } from './pipeline.js';
export { score } from './score.js';
