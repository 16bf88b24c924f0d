"""What the commands have in common."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from models.errors import UnknownModelError


@contextmanager
def clear_errors() -> Iterator[None]:
    """Turn errors that name their cause into messages without a traceback."""
    try:
        yield
    except (ValueError, OSError, ArithmeticError, UnknownModelError) as error:
        raise click.ClickException(str(error)) from error
