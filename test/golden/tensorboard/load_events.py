"""Loads a folder of event files as TensorBoard does.

    python test/golden/tensorboard/load_events.py FOLDER

Printed is JSON: of each run its scalars as pairs of step and value, by tag, and, of a run with a session of the
hyperparameters' plugin, its settings and how it ended.
"""

import json
import os
import sys

from tensorboard.backend.event_processing.plugin_event_multiplexer import EventMultiplexer
from tensorboard.plugins.hparams import metadata
from tensorboard.util import tensor_util

multiplexer = EventMultiplexer(tensor_size_guidance={"scalars": 0}).AddRunsFromDirectory(sys.argv[1])
multiplexer.Reload()

loaded = {}
for run in sorted(multiplexer.Runs()):
    scalars = {}
    for tag in multiplexer.Runs()[run]["tensors"]:
        if multiplexer.SummaryMetadata(run, tag).plugin_data.plugin_name == "scalars":
            scalars[tag] = [
                [event.step, float(tensor_util.make_ndarray(event.tensor_proto))]
                for event in multiplexer.Tensors(run, tag)
            ]
    session = {}
    for tag, content in multiplexer.PluginRunToTagToContent(metadata.PLUGIN_NAME).get(run, {}).items():
        if tag == metadata.SESSION_START_INFO_TAG:
            hparams = metadata.parse_session_start_info_plugin_data(content).hparams
            session["settings"] = {
                name: getattr(value, value.WhichOneof("kind")) for name, value in hparams.items()
            }
        if tag == metadata.SESSION_END_INFO_TAG:
            session["status"] = metadata.parse_session_end_info_plugin_data(content).status
    loaded[run.replace(os.sep, "/")] = {"scalars": scalars, **session}
json.dump(loaded, sys.stdout)
