"""Writes the events that test/cli/tensorboard/event-file.test.ts makes, by TensorBoard's own classes.

    python test/golden/tensorboard/generate.py > test/golden/tensorboard/events.json

Made with tensorboard 2.21.0 and protobuf 7.36.2. Printed are the bytes of the file, in hexadecimal, and masked
checksums of some bytes.
"""

import io
import json

from google.protobuf import struct_pb2
from tensorboard.compat.proto import event_pb2, summary_pb2
from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import masked_crc32c
from tensorboard.plugins.hparams import metadata, plugin_data_pb2
from tensorboard.summary.writer.record_writer import RecordWriter

SECONDS = 1764115200.0

output = io.BytesIO()
output.close = lambda: None
writer = RecordWriter(output)


def write(event):
    event.wall_time = SECONDS
    writer.write(event.SerializeToString(deterministic=True))


write(event_pb2.Event(file_version="brain.Event:2"))

start = plugin_data_pb2.SessionStartInfo(start_time_secs=SECONDS)
for name, value in {
    "data.train": struct_pb2.Value(string_value="träin.csv"),
    "training.epochs": struct_pb2.Value(number_value=4),
    "training.learningRate": struct_pb2.Value(number_value=1.5e-05),
    "training.shuffled": struct_pb2.Value(bool_value=False),
}.items():
    start.hparams[name].CopyFrom(value)
end = plugin_data_pb2.SessionEndInfo(status="STATUS_SUCCESS", end_time_secs=SECONDS)
for tag, content in [
    (metadata.SESSION_START_INFO_TAG, plugin_data_pb2.HParamsPluginData(session_start_info=start)),
    (metadata.SESSION_END_INFO_TAG, plugin_data_pb2.HParamsPluginData(session_end_info=end)),
]:
    plugin = summary_pb2.SummaryMetadata.PluginData(
        plugin_name=metadata.PLUGIN_NAME, content=content.SerializeToString(deterministic=True)
    )
    value = summary_pb2.Summary.Value(
        tag=tag,
        metadata=summary_pb2.SummaryMetadata(plugin_data=plugin),
        tensor=metadata.NULL_TENSOR,
    )
    write(event_pb2.Event(summary=summary_pb2.Summary(value=[value])))

for tag, step, number in [("macroF1/crossFitted", 0, 0.625), ("loss/training", 1, 0.1), ("loss/training", 300, 0.0)]:
    value = summary_pb2.Summary.Value(tag=tag, simple_value=number)
    write(event_pb2.Event(step=step, summary=summary_pb2.Summary(value=[value])))

samples = [b"", b"a", b"123456789", bytes(range(256))]
print(
    json.dumps(
        {
            "seconds": SECONDS,
            "file": output.getvalue().hex(),
            "masked": [{"hex": each.hex(), "crc": masked_crc32c(each)} for each in samples],
        },
        indent=2,
    )
)
