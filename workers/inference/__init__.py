"""Reading clips and looking at them: arrays in, arrays out, no ORM, no Django.

`analysis.analyse_clip` is the whole path; `probe.probe_clip`, `reading.open_clip` and
`working_copy.make_working_copy` are its parts that activities also call alone. Refusals are
`apps.alerts.clip_format.ClipRefused`. Naming the package costs nothing; ONNX Runtime, PyAV and DALI are
loaded by the modules that use them.
"""

import os

# ONNX Runtime 1.29 and later sends usage data to its maker unless this is set before it is loaded; calling
# `disable_telemetry_events` afterwards still let it connect. Nothing of a store leaves this machine.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # noqa: TID251 - not read here: set for a library
