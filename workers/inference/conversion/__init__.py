"""Making the ONNX files of the registry from their published originals; never part of an analysis.

    python -m workers.inference.conversion --help

Needs packages that Second Look does not install: `onnx` for everything, and for a TensorFlow.js
original also `tensorflow` and `tf2onnx`. Each step says which one is missing.
"""
