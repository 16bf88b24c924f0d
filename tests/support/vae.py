"""Small trainings."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from events.batch import Floats
from training.config import FitConfig
from training.vae import VAE, Head, NetworkConfig
from training.variator import BetaVariator

NETWORK = NetworkConfig(encoder=(16, 8), latent=4, decoder=(8, 8))
VARIATOR = BetaVariator(beta=0.1)
FIT = FitConfig(batch_size=50, epochs=4, patience=10, learning_rate=1e-2)
FEATURES = ("E", "pt", "eta", "phi")


def tiny_vae(seed: int) -> VAE:
    """A network of jets."""
    return VAE([Head(len(FEATURES))], NETWORK, VARIATOR, seed=seed)


def jets(n: int, seed: int = 5) -> Floats:
    """Jet-like rows: E and pT in GeV, eta, phi."""
    rng = np.random.default_rng(seed)
    pt = 20 + rng.exponential(40, n)
    eta = rng.uniform(-2.7, 2.7, n)
    return np.column_stack([pt * np.cosh(eta) * 1.01, pt, eta, rng.uniform(-3.1, 3.1, n)]).astype(np.float32)


def write_rows(path: Path, rows: Floats, row_group_size: int = 300) -> Path:
    """Rows as a Parquet table."""
    columns = dict(zip(FEATURES, rows.T, strict=True))
    pq.write_table(pa.table(columns), path, row_group_size=row_group_size)
    return path
