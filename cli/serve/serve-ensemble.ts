import { once } from 'node:events';
import type { DeviceName } from '../../engine/device/device.js';
import { Ensemble } from '../../ensemble/ensemble.js';
import { modelsOf } from '../../ensemble/definition.js';
import type { StoredEnsemble } from '../../ensemble/stored-ensemble.js';
import type { About } from '../../serving/served.js';
import { Server, type ServerOptions } from '../../serving/server.js';
import { packageVersion } from '../../worker/versions.js';
import { CommandFailure } from '../failure.js';
import { onInterrupt } from '../host/interrupt.js';

/** For the answers that say why it ends. */
const lastAnswersMs = 1_000;

export interface ServeRequest {
  readonly stored: StoredEnsemble;
  readonly server: ServerOptions;
  readonly threads: number;
  /** What computes, and holds all models. */
  readonly device: DeviceName;
  /** How long what was asked may take once the command is told to end. */
  readonly drainMs: number;
  /** Told that it listens, which is before the models are loaded. */
  readonly onListening: (url: string) => void;
  /** Told in words how far it is. */
  readonly note: (message: string) => void;
}

/** Serves until Ctrl-C or SIGTERM, and answers what was asked before it ends. */
export async function serveEnsemble(request: ServeRequest): Promise<void> {
  const { stored, threads, device, drainMs, onListening, note } = request;
  const server = await Server.listen(request.server);
  const interrupt = onInterrupt(
    () => note('Ending: what was asked is answered, and nothing else. Once more ends at once.'),
    () => undefined,
  );
  onListening(server.url);
  const stop = once(interrupt.signal, 'abort');
  try {
    const opened = Ensemble.open(stored.definition, { threads, device });
    await Promise.race([opened, stop]);
    if (interrupt.signal.aborted) return;
    const ensemble = await opened;
    server.serve({ scorer: ensemble, about: aboutOf(stored, device) });
    note('Ready.');
    // Where it is stuck it never gives its memory back; the end of the process does.
    await Promise.race([server.working, stop]);
    await server.stop(drainMs).then(requireAll);
    await ensemble.release();
  } finally {
    await server.stop(lastAnswersMs);
    interrupt.close();
  }
}

function requireAll(unanswered: number): void {
  if (unanswered > 0)
    throw new CommandFailure(`error: ${unanswered} requests were not answered before it ended (--drain)`);
}

function aboutOf({ definition, run, pipeline }: StoredEnsemble, device: DeviceName): About {
  const { task, labels, thresholds, precision = 'float32' } = definition;
  const models = modelsOf(definition);
  const maxLength = Math.max(...models.map((model) => model.maxLength));
  return {
    run,
    pipeline,
    task,
    labels,
    thresholds,
    models: models.length,
    precision,
    device,
    maxLength,
    version: packageVersion(),
  };
}
