from pathlib import Path

import numpy as np

from tests.support.tiny_runs import finished_run, tiny_config, tiny_events
from training.architectures.exp3 import ARCHITECTURE
from training.fit import load_best


def test_a_fit_starts_from_the_weights_of_its_warm_up(tmp_path: Path) -> None:
    config = tiny_config("exp3")
    still = config["fit"] | {"learning_rate": 0.0}
    config |= {"fit": still, "warm_up": {"variator": {"beta": 2.0}, "fit": config["fit"]}}
    run = finished_run(tmp_path, config, tiny_events(3000, seed=3))
    network = ARCHITECTURE.network(run)
    fitted = [variable.numpy() for variable in network.weights]
    load_best(network, run.network_folder("warm_up"))
    for after, before in zip(fitted, network.weights, strict=True):
        np.testing.assert_array_equal(after, before.numpy())
