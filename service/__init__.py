"""Online: load artefacts, sample, encode, stream and measure. onnxruntime lives here; never TensorFlow."""
