"""Which models are measured."""

from collections.abc import Container
from pathlib import Path
from typing import Final

import click

import models
from models.shelf import Artefact, Shelf
from service.generator import model_name

SHIPPED: Final = Path(models.__file__).parent


def chosen(shelf: Path, only: Container[str]) -> list[Artefact]:
    """The models of a shelf, or only those of some names.

    Raises:
        click.UsageError: If there are none.
    """
    artefacts = [each for each in Shelf.open(shelf) if not only or model_name(each.manifest) in only]
    if not artefacts:
        raise click.UsageError(f"there is no such model in {shelf}")
    return artefacts
