from pathlib import Path

import pytest

from training.architectures import ARCHITECTURES, load_architecture
from training.architectures.exp2 import Settings
from training.config import TrainingConfig, load_config, shipped_configs


@pytest.mark.parametrize("name", shipped_configs())
def test_shipped_configurations_are_valid_and_bear_their_model_s_name(name: str) -> None:
    config = TrainingConfig.from_dict(load_config(name))
    assert config.model == name
    load_architecture(config.architecture).layout(config)


def test_every_architecture_has_a_shipped_configuration() -> None:
    used = {TrainingConfig.from_dict(load_config(name)).architecture for name in shipped_configs()}
    assert used == set(ARCHITECTURES)


@pytest.mark.parametrize("name", shipped_configs())
def test_all_models_keep_the_same_test_events(name: str) -> None:
    split = TrainingConfig.from_dict(load_config(name)).split
    assert split.train + split.validation == pytest.approx(0.67)


def test_experiment_ii_has_the_shapes_of_the_thesis() -> None:
    settings = Settings.of(TrainingConfig.from_dict(load_config("exp2")))
    assert settings.event.encoder == (128, 128, 64, 64)
    assert (settings.event.latent, settings.objects.latent) == (32, 64)
    assert settings.objects.encoder == tuple(2 * units for units in settings.event.encoder)
    assert (settings.variator.beta, settings.fit.batch_size, settings.fit.epochs) == (1.5, 100, 100)


def test_a_toml_file_of_one_s_own(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('model = "mine"')
    assert load_config(str(path)) == {"model": "mine"}


def test_unknown_configurations_are_refused_with_the_known_ones() -> None:
    with pytest.raises(FileNotFoundError, match="exp2"):
        load_config("exp9")


def test_unknown_architectures_are_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"exp9.*known: .*exp2"):
        load_architecture("exp9")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"colour": "red"}, "colour: Unexpected"),
        ({"fit": {"epochs": 1}}, "fit.batch_size: Field required"),
        ({"variator": {"beta": "much"}}, "variator.beta"),
        ({"split": {"train": 0.9, "validation": 0.2}}, "sum to at most 1"),
    ],
)
def test_wrong_configurations_are_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Settings.of(TrainingConfig.from_dict(load_config("exp2") | change))


def test_missing_keys_are_named() -> None:
    config = load_config("exp2")
    del config["event"]
    with pytest.raises(ValueError, match="event: Field required"):
        Settings.of(TrainingConfig.from_dict(config))
