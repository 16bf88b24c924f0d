"""The latent space of a model: its principal components, and what changes along them."""
