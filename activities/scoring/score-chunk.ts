import { Context } from '@temporalio/activity';
import { processor, type DeviceName } from '../../engine/device/device.js';
import { InputFault } from '../../errors/fault.js';
import { idColumn } from '../../pipeline/pipeline.js';
import { canonicalJson } from '../../pipeline/keys.js';
import { sha256 } from '../../store/digest.js';
import { currentExecution } from '../admission.js';
import { withModelScores } from '../ensemble.js';
import { beat, beating } from '../heartbeat.js';
import { engineOf } from '../input-digests.js';
import { onScoringDevice } from '../scoring-device.js';
import { withScratch } from '../scratch.js';
import type { Services } from '../services.js';
import {
  scoredChunkSchema,
  type ChunkHeartbeat,
  type ScoreActivities,
  type ScoreChunkCall,
  type ScoredChunk,
  type ScorePlan,
} from './contracts.js';
import { columnsOf } from './plan-score.js';
import { openPlanned } from './scored-table.js';
import type { ScoringEnsemble } from './scoring-ensemble.js';
import { admittedPlan, plannedEnsemble, scoringOf } from './stored-plan.js';

/** Raised when what a chunk gives changes. */
const version = 1;
const activity = 'scoreChunk';

/** Scores one chunk of a table, unless that was done already. */
export function scoreChunk(services: Services): ScoreActivities['scoreChunk'] {
  return (call) => beating(() => score(services, call));
}

type Chunk = ScorePlan['table']['chunks'][number];

async function score(services: Services, call: ScoreChunkCall): Promise<ScoredChunk> {
  const plan = await admittedPlan(services, call);
  const chunk = plan.table.chunks[call.chunk];
  if (chunk === undefined)
    throw new InputFault({ where: `score ${call.score}`, what: 'it has no such chunk' });
  const ensemble = await plannedEnsemble(services, plan);
  const former = await formerChunk(services, call, (device) => keyOf(services, plan, chunk, device));
  if (former !== null) return { ...former, reused: true };
  return onScoringDevice(services, plan.options.precision ?? 'float32', async (device) => {
    const started = performance.now();
    const made = await scoreRows(services, { plan, chunk, ensemble, place: call.chunk, device });
    const output: ScoredChunk = { ...made, seconds: (performance.now() - started) / 1000, reused: false };
    const key = keyOf(services, plan, chunk, device);
    const execution = currentExecution().runId;
    await services.keys.record({ key, activity, run: call.score, execution, output }, scoringOf(call));
    return output;
  });
}

/** What has been scored on any device of this worker's: chance decides which of several gets a chunk. */
async function formerChunk(
  services: Services,
  call: ScoreChunkCall,
  keyOn: (device: DeviceName) => string,
): Promise<ScoredChunk | null> {
  for (const key of new Set(services.devices.names.map(keyOn))) {
    const former = await services.keys.reuse(key, scoringOf(call));
    if (former?.activity !== activity) continue;
    const known = scoredChunkSchema.safeParse(former.output);
    if (known.success) return known.data;
  }
  return null;
}

/** All that its lines depend on, and nothing of where the table lies or what else is in it. */
function keyOf(
  services: Services,
  { table, ensemble, options, ...settings }: ScorePlan,
  chunk: Chunk,
  device: DeviceName,
): string {
  const { start, sha256: bytes } = chunk;
  const { format, layout } = table;
  return sha256(
    canonicalJson({
      activity,
      version,
      bytes,
      format,
      layout,
      numbered: layout.id === null ? start.rows : null,
      isFirst: start.rows === 0,
      ensemble: ensemble.digest,
      probabilities: options.probabilities ?? false,
      ...engineOf(services, { fresh: false, ...settings, device }),
    }),
  );
}

interface ChunkWork {
  readonly plan: ScorePlan;
  readonly chunk: Chunk;
  readonly ensemble: ScoringEnsemble;
  /** From 0. */
  readonly place: number;
  readonly device: DeviceName;
}

async function scoreRows(
  services: Services,
  { plan, chunk, ensemble, place, device }: ChunkWork,
): Promise<Omit<ScoredChunk, 'seconds' | 'reused'>> {
  const { table, options, threads } = plan;
  const { definition, columns } = ensemble;
  const { store, tables, tableFiles } = services;
  const signal = Context.current().cancellationSignal;
  const names = ['table', 'scores', 'sketch'] as const;
  return withScratch(services, names, async ({ table: prepared, scores, sketch }) => {
    const texts = await tables.run(
      'chunk',
      {
        file: await openPlanned(tableFiles, table),
        columns: columnsOf(ensemble),
        format: table.format,
        layout: table.layout,
        chunk,
        output: prepared,
      },
      signal,
    );
    // As many chunks as slots are worked on at once, of a small table its models in their place.
    const slots = Math.max(1, Math.floor(services.slots / table.chunks.length));
    const onScored = (scored: number, models: number): void =>
      beat({ chunk: place + 1, scored, models } satisfies ChunkHeartbeat);
    const request = { ensemble: definition, table: prepared, threads, device, signal, onScored };
    const { rows } = await withModelScores({ ...services, slots }, request, (scored) =>
      tables.run(
        'scores',
        {
          ensemble: scored,
          id: idColumn(columns),
          ...(columns.target === undefined ? {} : { target: columns.target }),
          table: prepared,
          probabilities: options.probabilities ?? false,
          header: chunk.start.rows === 0,
          texts,
          output: { scores, sketch },
        },
        signal,
      ),
    );
    if (rows !== chunk.rows) throw new RangeError(`${rows} rows in a chunk of ${chunk.rows}`);
    return {
      rows,
      scores: await store.putFile(scores, { move: true }),
      sketch: await store.putFile(sketch, { move: true }),
      ...(device === processor ? {} : { device }),
    };
  });
}
