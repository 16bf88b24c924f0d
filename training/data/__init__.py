"""Training data: splits by event, the per-type tables of the thesis and circular batches from them."""
