"""Weights from a classifier: what it still tells from truth is thrown away inside the sampler."""
