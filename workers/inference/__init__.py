"""Reading clips and looking at them: arrays in, arrays out, no ORM, no Django.

`analysis.analyse_clip` is the whole path; `probe.probe_clip`, `reading.open_clip` and
`working_copy.make_working_copy` are its parts that activities also call alone. Refusals are
`apps.alerts.clip_format.ClipRefused`. This file imports nothing, so that naming the package costs
nothing; ONNX Runtime, PyAV and DALI are loaded by the modules that use them.
"""
