"""The figures of a judgement in the manifest and the card of the model that was judged."""

from models.manifest import write_manifest
from models.shelf import Artefact
from training.card import write_card
from training.evaluation.judgement import Judgement


def published_figures(judgement: Judgement) -> dict[str, float]:
    """The figures that truth sets a floor for, with errors and floors, as a manifest holds them."""
    found: dict[str, float] = {"events": judgement.sample.events}
    for group in judgement.figures.values():
        for one in group:
            if one.floor is not None and one.ideal is not None:
                found |= {one.name: one.value, f"{one.name}_error": one.error, f"{one.name}_floor": one.floor}
    return found


def publish(judgement: Judgement, artefact: Artefact) -> None:
    """Put the figures into the manifest and the card.

    Raises:
        ValueError: If another model was judged.
    """
    if judgement.sample.digest != artefact.manifest.digest:
        raise ValueError(
            f"the judgement is of {judgement.sample.name} with digest {judgement.sample.digest}, not of "
            f"{artefact.folder}"
        )
    manifest = artefact.manifest.model_copy(update={"figures": published_figures(judgement)})
    write_manifest(artefact.folder, manifest)
    write_card(artefact.folder, manifest)
