from pathlib import Path

import pytest
from click.testing import CliRunner

from events.files import write_events
from tests.support.synthetic import synthetic_events
from training.compare.command import compare


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    """Two files of like events and one with more objects."""
    samples = {"a.csv": (1, 5.2), "b.csv": (2, 5.2), "c.arrow": (3, 8.0)}
    for name, (seed, objects) in samples.items():
        write_events(tmp_path / name, [synthetic_events(250, seed, mean_objects=objects)])
    return [str(tmp_path / name) for name in samples]


def test_the_table_tells_like_from_unlike(files: list[str]) -> None:
    result = CliRunner().invoke(compare, [*files, "--label", "A", "--label", "B", "--label", "C"])
    assert result.exit_code == 0, result.output
    rows = {row.split("|")[1].strip(): row.split("|")[2:-1] for row in result.output.splitlines()}
    assert [cell.strip() for cell in rows[""]] == ["A (mean)", "B (shift)", "C (shift)"]
    _, like, unlike = (cell.split("+-")[0] for cell in rows["classifier AUC"])
    assert float(like) < 0.55
    assert float(unlike) > 0.8


def test_a_missing_label_is_an_error(files: list[str]) -> None:
    result = CliRunner().invoke(compare, [*files, "--label", "A"])
    assert result.exit_code == 2
    assert "there are 3 files and 1 labels" in result.output
