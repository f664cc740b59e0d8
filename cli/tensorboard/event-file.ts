import { ProtobufWriter } from '../../engine/graph/protobuf.js';
import { crc32c } from './crc32c.js';

/** What a run was set to: a value that a table of runs can sort by. */
export type Setting = string | number | boolean;

/** A number under its name, at an epoch. */
export interface Scalar {
  readonly tag: string;
  readonly step: number;
  readonly value: number;
}

/** A file of events, as TensorBoard reads it: protocol buffers `Event`, framed as TFRecords. */
export class EventFile {
  private readonly records: Uint8Array[] = [];

  /** @param seconds since 1970: the time of every event, so that a run gives the same bytes again */
  constructor(private readonly seconds: number) {
    this.event((event) => event.text(field.event.fileVersion, 'brain.Event:2'));
  }

  /** What could not be computed is no number, and left out. */
  scalar({ tag, step, value }: Scalar): this {
    if (!Number.isFinite(value)) return this;
    const entry = new ProtobufWriter().text(field.value.tag, tag).float(field.value.simpleValue, value);
    return this.summary(entry, step);
  }

  /** A session of TensorBoard's table of hyperparameters: what was set, and that the run completed. */
  session(settings: Readonly<Record<string, Setting>>): this {
    const start = new ProtobufWriter();
    for (const [name, value] of Object.entries(settings)) {
      const entry = new ProtobufWriter()
        .text(field.mapEntry.key, name)
        .message(field.mapEntry.value, settingValue(value));
      start.message(field.sessionStart.hparams, entry);
    }
    start.double(field.sessionStart.startTimeSecs, this.seconds);
    const end = new ProtobufWriter()
      .varint(field.sessionEnd.status, succeeded)
      .double(field.sessionEnd.endTimeSecs, this.seconds);
    return this.hparams('session_start_info', field.hparams.sessionStart, start).hparams(
      'session_end_info',
      field.hparams.sessionEnd,
      end,
    );
  }

  bytes(): Uint8Array {
    return Buffer.concat(this.records);
  }

  private hparams(name: string, kind: number, content: ProtobufWriter): this {
    // So is its version, 0.
    const data = new ProtobufWriter().message(kind, content);
    const plugin = new ProtobufWriter()
      .text(field.pluginData.pluginName, 'hparams')
      .bytes(field.pluginData.content, data.finish());
    const metadata = new ProtobufWriter().message(field.metadata.pluginData, plugin);
    const entry = new ProtobufWriter()
      .text(field.value.tag, `_hparams_/${name}`)
      .message(field.value.tensor, emptyTensor())
      .message(field.value.metadata, metadata);
    return this.summary(entry, 0);
  }

  private summary(value: ProtobufWriter, step: number): this {
    const summary = new ProtobufWriter().message(field.summary.value, value);
    // 0, the default, is left out.
    return this.event((event) =>
      (step === 0 ? event : event.varint(field.event.step, step)).message(field.event.summary, summary),
    );
  }

  private event(fill: (event: ProtobufWriter) => ProtobufWriter): this {
    const event = fill(new ProtobufWriter().double(field.event.wallTime, this.seconds));
    this.records.push(record(event.finish()));
    return this;
  }
}

/** A TFRecord: length, its checksum, the data, its checksum. */
function record(data: Uint8Array): Uint8Array {
  const bytes = Buffer.alloc(12 + data.length + 4);
  bytes.writeBigUInt64LE(BigInt(data.length));
  bytes.writeUInt32LE(masked(bytes.subarray(0, 8)), 8);
  bytes.set(data, 12);
  bytes.writeUInt32LE(masked(data), 12 + data.length);
  return bytes;
}

/** Rotated and moved, so that a checksum of data that hold checksums is no bad one. */
function masked(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

/** `google.protobuf.Value` */
function settingValue(value: Setting): ProtobufWriter {
  const writer = new ProtobufWriter();
  if (typeof value === 'number') return writer.double(2, value);
  return typeof value === 'string' ? writer.text(3, value) : writer.varint(4, Number(value));
}

/** A float tensor of one dimension without entries, as the plugin writes it beside its metadata. */
function emptyTensor(): ProtobufWriter {
  const [float, noDimension] = [1, new ProtobufWriter()];
  return new ProtobufWriter()
    .varint(field.tensor.dtype, float)
    .message(field.tensor.shape, new ProtobufWriter().message(2, noDimension));
}

const succeeded = 1;

/** Numbers of fields in TensorBoard's `event.proto`, `summary.proto`, `tensor.proto` and `hparams/plugin_data.proto`. */
const field = {
  event: { wallTime: 1, step: 2, fileVersion: 3, summary: 5 },
  summary: { value: 1 },
  value: { tag: 1, simpleValue: 2, tensor: 8, metadata: 9 },
  metadata: { pluginData: 1 },
  pluginData: { pluginName: 1, content: 2 },
  tensor: { dtype: 1, shape: 2 },
  hparams: { sessionStart: 3, sessionEnd: 4 },
  sessionStart: { hparams: 1, startTimeSecs: 5 },
  sessionEnd: { status: 1, endTimeSecs: 2 },
  mapEntry: { key: 1, value: 2 },
} as const;
