from dataclasses import replace

import pytest

from training.architectures.exp1 import Settings
from training.config import TrainingConfig, load_config


@pytest.mark.parametrize(("rows", "epochs"), [(1_000_000, 8), (125_000, 8), (4_000, 250), (3_999, 251)])
def test_networks_of_rare_types_are_fitted_for_as_many_steps_as_they_need(rows: int, epochs: int) -> None:
    settings = Settings.of(TrainingConfig.from_dict(load_config("exp1")))
    settings = replace(settings, least_steps=1000, fit=replace(settings.fit, epochs=8, batch_size=1000))
    assert settings.fit_to(rows).epochs == epochs
    assert settings.fit_to(rows).patience - settings.fit.patience == epochs - 8
