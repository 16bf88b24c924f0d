"""Masses of particles that decay before they are seen, in GeV (Particle Data Group)."""

from typing import Final

W_MASS: Final = 80.4
TOP_MASS: Final = 172.5
