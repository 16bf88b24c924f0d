import numpy as np
import numpy.typing as npt
import pytest

from training.evaluation.judgement import Figure
from training.evaluation.neighbours import manifold_overlap, memorisation_figures, neighbour_figures
from training.evaluation.resampling import Batches

Matrix = npt.NDArray[np.float64]


def normal(seed: int, n: int = 2000, width: float = 1.0) -> Matrix:
    return width * np.random.default_rng(seed).standard_normal((n, 5))


def overlap_slowly(truth: Matrix, sample: Matrix) -> tuple[float, ...]:
    """The slow plain twin, point by point."""

    def radius(points: Matrix, i: int) -> float:
        return float(np.sort(np.linalg.norm(points - points[i], axis=1))[5])

    near = [[np.linalg.norm(t - s) < radius(truth, i) for s in sample] for i, t in enumerate(truth)]
    of_sample = [[np.linalg.norm(t - s) < radius(sample, j) for j, s in enumerate(sample)] for t in truth]
    return (
        float(np.mean([any(row[j] for row in near) for j in range(len(sample))])),
        float(np.mean([any(row) for row in of_sample])),
        float(np.sum(near) / (5 * len(sample))),
        float(np.mean([any(row) for row in near])),
    )


def figures(sample: Matrix, training: Matrix) -> dict[str, Figure]:
    found = memorisation_figures(sample, normal(8, 2000), training, 1000, np.random.default_rng(1))
    return {one.name: one for one in found}


def test_overlap_is_that_of_the_slow_twin() -> None:
    truth, sample = normal(1, 40), normal(2, 40, width=1.5)
    assert manifold_overlap(truth, sample) == pytest.approx(overlap_slowly(truth, sample))


def test_a_narrow_sample_is_precise_but_not_diverse() -> None:
    batches, rng = Batches(3, 500), np.random.default_rng(1)
    same, narrow = (
        {one.name: one for one in neighbour_figures(normal(1), normal(2, width=width), batches, rng)}
        for width in (1.0, 0.4)
    )
    assert narrow["precision"].value > same["precision"].value
    assert narrow["recall"].value < 0.5 < same["recall"].value
    assert narrow["coverage"].value < same["coverage"].value - 5 * same["coverage"].error
    assert same["density"].value == pytest.approx(1, abs=0.1)


def test_new_events_are_not_called_copies() -> None:
    found = figures(normal(3), normal(4, 4000))
    assert found["NN_ratio"].value == pytest.approx(1, abs=4 * found["NN_ratio"].error)
    assert found["NN_copies"].verdict == "indistinguishable"


@pytest.mark.parametrize("noise", [0.0, 0.05])
def test_a_replay_of_training_events_is_caught(noise: float) -> None:
    training = normal(4, 4000)
    found = figures(training[:1000] + noise * normal(5, 1000), training)
    assert found["NN_ratio"].value < 0.3
    assert found["NN_copies"].value > 0.9
    assert {one.verdict for one in found.values()} == {"far"}


def test_a_partial_replay_is_caught() -> None:
    training = normal(4, 4000)
    found = figures(np.concatenate([training[:100], normal(6, 900)]), training)
    assert found["NN_copies"].value == pytest.approx(0.11, abs=0.03)
    assert found["NN_copies"].verdict == "far"
