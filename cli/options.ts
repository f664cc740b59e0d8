import { isIP } from 'node:net';
import { InvalidArgumentError, Option, type Command } from 'commander';
import {
  automatic,
  deviceForm,
  oneDevice,
  oneDeviceForm,
  parseDevices,
  type DeviceChoice,
  type OneDevice,
} from '../engine/device/choice.js';
import { Fault } from '../errors/fault.js';
import type { ProbeAddress } from '../serving/probes.js';
import { logFormats, logLevels, type LogFormat, type LogLevelName } from './host/log-format.js';

/** Options that every command takes, before or after its name. */
export interface GlobalOptions {
  readonly workdir?: string;
  /** `s3://bucket/prefix`; absent where the workdir holds its own. */
  readonly store?: string;
  readonly debug?: boolean;
}

export interface PipelineArguments extends GlobalOptions {
  /** By dotted path, as `--set` gave them. */
  readonly set?: Readonly<Record<string, string>>;
}

export interface JsonOption {
  readonly json?: boolean;
}

/** Adds the argument FILE and `--set`. */
export function takesPipeline(command: Command): Command {
  return command
    .argument('[file]', 'the pipeline, as YAML or JSON', 'pipeline.yaml')
    .option(
      '--set <path=value>',
      'override a value of the file, as in --set training.epochs=2 (repeatable; relative paths are relative to the file)',
      collectOverride,
    );
}

/** How a command's worker divides the machine among folds; absent values are left to it. */
export interface ShareOptions {
  readonly slots?: number;
  readonly threads?: number;
}

/** Adds `--slots` and `--threads`. */
export function takesShares(command: Command): Command {
  return command
    .option(
      '--slots <number>',
      'folds trained at once on the processor (default: one per processor, up to 5, each with 6 GiB)',
      positiveInteger,
    )
    .option(
      '--threads <number>',
      'threads per fold (default: the processors, divided by the slots)',
      positiveInteger,
    );
}

export interface DeviceOption {
  readonly device: DeviceChoice;
}

/** What workers do on a device. */
export const trainsFolds = 'folds train, one at a time on each card';

/** Adds `--device`. @param does what the command does on it */
export function takesDevice(command: Command, does: string): Command {
  return command.addOption(
    deviceOption('--device <names>', `where ${does}: ${deviceForm}`, (choice) => choice),
  );
}

export interface OneDeviceOption {
  readonly device: OneDevice;
}

/** Adds `--device` to a command that takes one of them. @param does what it does there */
export function takesOneDevice(command: Command, does: string): Command {
  const one = (choice: DeviceChoice): OneDevice => oneDevice(choice, '--device');
  return command.addOption(deviceOption('--device <name>', `where ${does}: ${oneDeviceForm}`, one));
}

export interface PlannedDeviceOption {
  readonly device?: OneDevice;
}

/** Adds `--device` to a command that does nothing there: nothing is planned for one that nobody names. */
export function namesDevice(command: Command, does: string): Command {
  return command.addOption(
    new Option('--device <name>', `${does}: ${oneDeviceForm}`).argParser((text: string) =>
      chosenDevice(text, (choice) => oneDevice(choice, '--device')),
    ),
  );
}

export interface RootOptions {
  readonly root?: readonly string[];
}

/** Adds `--root`. */
export function takesRoots(command: Command): Command {
  return command.option(
    '--root <place...>',
    'folders, and s3://bucket/prefix, that runs may read (default: those of FOLDWISE_ROOTS, else the current folder and the workdir)',
  );
}

export interface LoggingOptions {
  readonly logLevel?: LogLevelName;
  readonly logFormat?: LogFormat;
}

/** Adds `--log-level` and `--log-format`. */
export function takesLogging(command: Command): Command {
  return command
    .addOption(
      new Option('--log-level <level>', 'the least that is logged').choices(logLevels).default('info'),
    )
    .addOption(
      new Option('--log-format <format>', 'how lines of the log look').choices(logFormats).default('text'),
    );
}

export interface MetricsOption {
  readonly metrics?: ProbeAddress;
}

/** Adds `--metrics`. */
export function takesMetrics(command: Command): Command {
  return command.addOption(
    new Option(
      '--metrics <address>',
      'answer there over HTTP with metrics, health and readiness: a port of this machine alone, or host:port; 0 is any port that is free',
    )
      .env('FOLDWISE_METRICS')
      .argParser(probeAddress),
  );
}

export interface WaitOption {
  readonly wait?: boolean;
}

/** Adds `--wait` to a command that follows a run. */
export function takesWait(command: Command): Command {
  return command.option(
    '--wait',
    'stay when a failed fold waits for `foldwise retry` or `skip` (default: on a terminal)',
  );
}

export function waitsForDecisions({ wait }: WaitOption): boolean {
  return wait ?? process.stdout.isTTY === true;
}

export interface CheckOption {
  readonly check: boolean;
}

/** Adds `--no-check` to a command that leaves a run to workers. */
export function takesNoCheck(command: Command): Command {
  return command.option(
    '--no-check',
    'do not look at the tables and the model here, as where only the workers have them',
  );
}

/** Adds `--json`. */
export function printsJson(command: Command): Command {
  return command.option('--json', 'print the facts as JSON');
}

/** What names a run, for every command that takes one. */
export const runNames = 'a run: its id, its workflow id, its directory, or latest';

/** Adds the argument RUN. */
export function takesRun(command: Command): Command {
  return command.argument('<run>', runNames);
}

function collectOverride(text: string, earlier: Readonly<Record<string, string>>): Record<string, string> {
  const equals = text.indexOf('=');
  if (equals < 1) throw new InvalidArgumentError('It must be path=value, as in training.epochs=2.');
  return { ...earlier, [text.slice(0, equals).trim()]: text.slice(equals + 1) };
}

/** Parses an address to listen at: `9464`, `0.0.0.0:9464` or `[::]:9464`. */
function probeAddress(text: string): ProbeAddress {
  const [, bracketed, plain, digits = ''] = /^(?:(?:\[([^\]]+)\]|([^:[\]]+)):)?(\d{1,5})$/.exec(text) ?? [];
  const name = bracketed ?? plain ?? '127.0.0.1';
  const host = name === 'localhost' ? '127.0.0.1' : name;
  const port = digits === '' ? NaN : Number(digits);
  if (isIP(host) !== 0 && port <= 65_535) return { host, port };
  throw new InvalidArgumentError(
    'It must be a port, or an IP address of this machine and a port, as in 0.0.0.0:9464.',
  );
}

function deviceOption(
  flags: string,
  description: string,
  chosen: (choice: DeviceChoice) => DeviceChoice | OneDevice,
): Option {
  return new Option(flags, description)
    .env('FOLDWISE_DEVICE')
    .default(automatic)
    .argParser((text: string) => chosenDevice(text, chosen));
}

function chosenDevice<T>(text: string, chosen: (choice: DeviceChoice) => T): T {
  try {
    return chosen(parseDevices(text, '--device'));
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    throw new InvalidArgumentError(error.message);
  }
}

/** Parses an option that must be a whole number from 1 on. */
export function positiveInteger(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('It must be a whole number, 1 or more.');
  return Number(text);
}

/** Parses an option that is a number, or none. */
export function wholeNumber(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}

/** Parses an option that is a part of 1. */
export function share(text: string): number {
  const number = /^\d*\.?\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(number >= 0 && number <= 1)) throw new InvalidArgumentError('It must be a number from 0 to 1.');
  return number;
}

/** Parses an option such as `5ms`, `30s` or `2m`; without a unit, seconds. @returns milliseconds */
export function duration(text: string): number {
  const [, number, unit = 's'] = /^(\d{1,6}(?:\.\d{1,3})?)(ms|s|m)?$/.exec(text) ?? [];
  if (number === undefined) throw new InvalidArgumentError('It must be a time, as in 5ms, 30s or 2m.');
  return Number(number) * { ms: 1, s: 1_000, m: 60_000 }[unit as 'ms' | 's' | 'm'];
}
