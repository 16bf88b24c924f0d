from pathlib import Path

from tests.support.synthetic import synthetic_events
from training.compare.figure import PANELS, draw
from training.compare.observables import observables
from training.compare.report import Sample


def sample(label: str, seed: int) -> Sample:
    events = synthetic_events(200, seed)
    return Sample(label, len(events), observables(events))


def test_the_figure_is_drawn_the_same_every_time(tmp_path: Path) -> None:
    samples = [sample("truth", 1), sample("model", 2)]
    paths = [tmp_path / "first.svg", tmp_path / "second.svg"]
    for path in paths:
        draw(samples, path)
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_every_panel_shows_an_observable() -> None:
    assert set(PANELS) <= set(sample("truth", 1).observables)
