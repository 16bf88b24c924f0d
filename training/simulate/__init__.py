"""The Monte Carlo chain: Pythia 8, a parametrised ATLAS-like detector, anti-kT jets and the Dark Machines selection."""
