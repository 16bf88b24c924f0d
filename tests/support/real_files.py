"""Real Dark Machines files, where they lie beside the project."""

from pathlib import Path

_FOLDER = Path(__file__).resolve().parents[2].parent / "shared/data/darkmachines_real"

REAL_FILES = sorted(_FOLDER.glob("**/*.csv"))
