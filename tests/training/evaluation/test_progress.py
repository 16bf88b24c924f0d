import time

import pytest

from training.evaluation.progress import Steps


def test_seconds_add_up_by_name() -> None:
    with Steps(3, show=False) as steps:
        for name in ("a", "b", "a"):
            with steps(name):
                time.sleep(0.02)
    assert list(steps.seconds) == ["a", "b"]
    assert steps.seconds["a"] >= 0.04
    assert steps.seconds["b"] >= 0.02


def test_the_bar_shows_the_step(capsys: pytest.CaptureFixture[str]) -> None:
    with Steps(1, show=True) as steps, steps("boosted trees"):
        pass
    assert "boosted trees" in capsys.readouterr().err
