import pytest

from training.simulate.cards import StopMasses, known_processes, load_card, parse_card
from training.simulate.errors import GeneratorError, UnknownProcessError
from training.simulate.generator import Generator

STOP_MASSES = {"stop_01": (220, 20), "stop_02": (300, 100), "stop_03": (400, 100), "stop_04": (800, 100)}


def test_an_unknown_process_lists_the_known_ones() -> None:
    with pytest.raises(UnknownProcessError, match=r"'tbar'.* gam_jets, njets, stop_01, .*, z_jets$"):
        load_card("tbar")


@pytest.mark.parametrize("name", known_processes())
def test_pythia_takes_every_card(name: str) -> None:
    generator = Generator(load_card(name), seed=1)
    assert generator.generate(2).final.n_events == 2
    assert generator.cross_section_mb[0] > 0


@pytest.mark.parametrize("name", STOP_MASSES)
def test_stops_have_the_masses_of_the_thesis(name: str) -> None:
    assert load_card(name).stop_masses == StopMasses(*STOP_MASSES[name])


def test_an_unknown_setting_is_named() -> None:
    card = parse_card("typo", 'description = ""\nsettings = ["Top:gg2tbar = on"]')
    with pytest.raises(GeneratorError, match=r"Top:gg2tbar = on.*'typo'"):
        Generator(card, seed=1)


def test_an_unknown_key_is_refused() -> None:
    with pytest.raises(TypeError, match="colour"):
        parse_card("typo", 'description = ""\nsettings = []\ncolour = 1')
