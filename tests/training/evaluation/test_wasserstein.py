import numpy as np
import pytest
from scipy.stats import wasserstein_distance

from training.evaluation.wasserstein import SortedPair


@pytest.mark.parametrize("seed", range(3))
def test_the_distance_is_that_of_the_slow_twin(seed: int) -> None:
    rng = np.random.default_rng(seed)
    first, second = rng.normal(0, 1, 400).round(1), rng.normal(0, 2, 300)
    weights = rng.integers(0, 4, 400).astype(float), rng.integers(0, 4, 300).astype(float)
    found = SortedPair.of(first, second).distance(*weights)
    assert found == pytest.approx(wasserstein_distance(first, second, *weights), rel=1e-9)
