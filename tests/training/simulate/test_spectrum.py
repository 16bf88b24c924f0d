import numpy as np
import pytest

from training.simulate.cards import load_card
from training.simulate.generator import Generator
from training.simulate.spectrum import stop_spectrum


def test_masses_and_the_only_decay_are_written() -> None:
    lines = stop_spectrum(300, 100).splitlines()
    assert "  1000006 3.00000000e+02" in lines
    assert "  1000022 1.00000000e+02" in lines
    assert lines[lines.index("DECAY 1000006 1.0") + 1].split() == ["1.0", "2", "6", "1000022"]


def test_a_stop_too_light_for_its_decay_is_refused() -> None:
    with pytest.raises(ValueError, match="270 GeV cannot decay to a top quark and a neutralino of 100 GeV"):
        stop_spectrum(270, 100)


def test_every_event_has_two_neutralinos_of_the_right_mass() -> None:
    final = Generator(load_card("stop_02"), seed=3).generate(20).final
    chosen = final[final.pdg_id == 1000022]
    np.testing.assert_array_equal(np.bincount(chosen.event), 2)
    mass = np.sqrt(chosen.E**2 - chosen.px**2 - chosen.py**2 - chosen.pz**2)
    np.testing.assert_allclose(mass, 100, rtol=1e-6)
