"""Offline: simulate, read, transform, train, export and evaluate. TensorFlow lives here and nowhere else."""
