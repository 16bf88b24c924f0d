"""The Monte Carlo chain: Pythia 8, an ATLAS-like detector, anti-kT jets and the Dark Machines selection."""
