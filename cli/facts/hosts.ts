import { z } from 'zod';
import type { UsableDevice } from '../../worker/devices/probe.js';

const devicesSchema = z
  .array(
    z.object({
      name: z.string().describe('as --device takes it'),
      card: z.string().nullable().describe('null for the processor, and where the system does not tell'),
      driver: z.string().nullable(),
      memoryBytes: z.number().nullable().describe('of the card'),
      software: z.boolean().describe('whether its driver computes on the processor'),
    }),
  )
  .describe('what folds train on');

/** A device as `devices` has it. */
export function deviceFacts({ name, card }: UsableDevice): z.input<typeof devicesSchema>[number] {
  const { name: title = null, driver = null, memoryBytes = null, isSoftware = false } = card ?? {};
  return { name, card: title, driver, memoryBytes, software: isSoftware };
}

/** What `dev` prints once it works. */
export const devHostSchema = z.object({
  address: z.string().describe("the server's, as TEMPORAL_ADDRESS takes it"),
  namespace: z.string(),
  uiUrl: z.string().nullable().describe("the Web UI's address; null where it is not known"),
  devices: devicesSchema,
  log: z.string().describe("the file of the worker's log"),
  metrics: z
    .string()
    .nullable()
    .describe('where metrics, health and readiness are asked for; null without --metrics'),
});

/** What `worker` prints once it works. */
export const workerHostSchema = z.object({
  address: z.string().describe("the server's"),
  namespace: z.string(),
  queues: z.array(z.string()),
  devices: devicesSchema,
  log: z.string().describe("the file of the worker's log"),
  metrics: z
    .string()
    .nullable()
    .describe('where metrics, health and readiness are asked for; null without --metrics'),
  deployment: z
    .object({ name: z.string(), buildId: z.string() })
    .nullable()
    .describe('the version of a deployment that it is; null without --deployment'),
});

/** What `serve` prints once it listens. */
export const servingHostSchema = z.object({
  url: z.string().describe('where requests go'),
  run: z.string().describe('the id of the run that the ensemble comes from'),
  pipeline: z.string(),
  models: z.number(),
  labels: z.array(z.string()),
  device: z.string().describe('what they compute on: cpu, webgpu or cuda:0'),
});

/** What `codec` prints once it listens. */
export const codecHostSchema = z.object({
  url: z.string().describe('the endpoint that the Web UI and `temporal --codec-endpoint` take'),
  keys: z.array(z.string()).describe('names of the keys that it decrypts with; the first encrypts'),
  origins: z.array(z.string()).describe('whose pages are answered'),
});
