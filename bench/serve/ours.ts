import type { EnsembleDefinition } from '../../ensemble/definition.js';
import { modelsOf } from '../../ensemble/definition.js';
import { Ensemble } from '../../ensemble/ensemble.js';
import { defaultBatching, defaultLimits } from '../../serving/limits.js';
import { Server } from '../../serving/server.js';

/** Our side: what `foldwise serve` does of an ensemble, which is given as an argument. */
const { definition, threads } = JSON.parse(process.argv[2] ?? '') as {
  readonly definition: EnsembleDefinition;
  readonly threads: number;
};
const ensemble = await Ensemble.open(definition, { threads });
const server = await Server.listen({
  host: '127.0.0.1',
  port: 0,
  limits: defaultLimits,
  batching: defaultBatching,
});
const { task, labels, thresholds, precision = 'float32' } = definition;
const models = modelsOf(definition).length;
server.serve({
  scorer: ensemble,
  about: {
    ...{ run: 'bench', pipeline: 'bench', version: '' },
    ...{ task, labels, thresholds, models, precision, device: 'cpu', maxLength: 128 },
  },
});
console.log(JSON.stringify({ port: Number(new URL(server.url).port) }));
process.stdin.resume().once('end', () => process.exit());
