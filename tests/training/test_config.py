from pathlib import Path

import pytest

from training.config import SHIPPED, TrainingConfig, load_config


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_configurations_are_valid_and_bear_their_model_s_name(name: str) -> None:
    assert TrainingConfig.from_dict(load_config(name)).model == name


def test_experiment_ii_has_the_shapes_of_the_thesis() -> None:
    config = TrainingConfig.from_dict(load_config("exp2"))
    assert config.event.encoder == (128, 128, 64, 64)
    assert (config.event.latent, config.objects.latent) == (32, 64)
    assert config.objects.encoder == tuple(2 * units for units in config.event.encoder)
    assert (config.fit.beta, config.fit.batch_size, config.fit.epochs) == (1.5, 100, 100)


def test_a_toml_file_of_one_s_own(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('model = "mine"')
    assert load_config(str(path)) == {"model": "mine"}


def test_unknown_configurations_are_refused_with_the_known_ones() -> None:
    with pytest.raises(FileNotFoundError, match="exp2"):
        load_config("exp9")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"colour": "red"}, "unknown keys: colour"),
        ({"fit": {"beta": 1.0}}, "wrong key or value"),
        ({"split": {"train": 0.9, "validation": 0.2}}, "sum to at most 1"),
    ],
)
def test_wrong_configurations_are_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        TrainingConfig.from_dict(load_config("exp2") | change)


def test_missing_keys_are_named() -> None:
    config = load_config("exp2")
    del config["event"]
    with pytest.raises(ValueError, match="lacks 'event'"):
        TrainingConfig.from_dict(config)
