"""Pythia 8 (arXiv:2203.11601), initialised from a process card and a seed."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from training.simulate.arrays import Bools, Floats
from training.simulate.cards import ProcessCard
from training.simulate.errors import GeneratorError
from training.simulate.particles import GeneratedBatch, Particles

if TYPE_CHECKING:
    import awkward as ak
    import pythia8mc

BEAMS: Final = ("Beams:idA = 2212", "Beams:idB = 2212", "Beams:eCM = 13000")
"""Settings that all processes share: proton-proton collisions at 13 TeV."""

MAX_SEED: Final = 900_000_000
"""The largest seed that Pythia takes."""


class Generator:
    """A source of events of one process.

    The first event after initialisation and all that follow depend on the card and the seed alone.

    Args:
        card: The process.
        seed: Between 1 and `MAX_SEED`.

    Raises:
        GeneratorError: If Pythia rejects a setting or finds no process.
    """

    def __init__(self, card: ProcessCard, seed: int) -> None:
        self._pythia = _initialised(card, seed)
        self._charges: dict[int, float] = {}

    def generate(self, n: int) -> GeneratedBatch:
        """The next n events, or slightly fewer where Pythia gave one up.

        Raises:
            GeneratorError: If Pythia could not make a single one.
        """
        events = self._pythia.nextBatch(n)
        if len(events) == 0:
            raise GeneratorError(f"Pythia failed on {n} events in a row; look at its settings")
        return GeneratedBatch(*self._split(events.prt))

    @property
    def cross_section_mb(self) -> tuple[float, float]:
        """Pythia's estimate of the cross section before cuts, and its error, in millibarn."""
        info = self._pythia.infoPython()
        return float(info.sigmaGen()), float(info.sigmaErr())

    def _split(self, records: "ak.Array") -> tuple[Particles, Particles]:
        offsets, content = records.layout.offsets.data, records.layout.content
        pdg_id = content["id"].data.astype(np.int64)
        final = content["status"].data > 0
        heavy = np.isin(np.abs(pdg_id), (4, 5))
        event = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))

        def chosen(mask: Bools) -> Particles:
            momenta = {
                name: content["p"][source].data[mask]
                for name, source in (("px", "px"), ("py", "py"), ("pz", "pz"), ("E", "e"))
            }
            ids = pdg_id[mask]
            return Particles(len(offsets) - 1, event[mask], ids, self._charge(ids), **momenta)

        return chosen(final), chosen(heavy)

    def _charge(self, pdg_id: npt.NDArray[np.int64]) -> Floats:
        known, index = np.unique(pdg_id, return_inverse=True)
        for number in known.tolist():
            if number not in self._charges:
                self._charges[number] = self._pythia.particleData.charge(number)
        return np.array([self._charges[number] for number in known.tolist()])[index]


def _initialised(card: ProcessCard, seed: int) -> "pythia8mc.Pythia":
    import pythia8mc  # noqa: PLC0415

    pythia = pythia8mc.Pythia("", False)
    settings = (
        "Print:quiet = on",
        "SLHA:verbose = 0",
        *BEAMS,
        *card.settings,
        "Random:setSeed = on",
        f"Random:seed = {seed}",
    )
    for line in settings:
        if not pythia.readString(line):
            raise GeneratorError(f"Pythia does not know the setting {line!r} of the card {card.name!r}")
    with TemporaryDirectory() as folder:
        if card.slha is not None:
            path = Path(folder) / "spectrum.slha"
            path.write_text(card.slha, encoding="utf-8")
            pythia.readString(f"SLHA:file = {path}")
        if not pythia.init():
            raise GeneratorError(f"Pythia could not be initialised with the card {card.name!r}")
    return pythia
