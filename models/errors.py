"""What can be wrong with a model artefact, or with a request for one."""

from collections.abc import Iterable


class ArtefactError(ValueError):
    """An artefact is damaged, incomplete or contradicts itself; the message names the file and the remedy."""


class UnknownModelError(LookupError):
    """No artefact on the shelf has the asked name.

    Attributes:
        kind: What was asked for, ``process`` or ``model``.
        name: The name that was asked for.
        known: The names that exist.
    """

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        self.kind, self.name, self.known = kind, name, tuple(sorted(known))
        super().__init__(f"there is no {kind} {name!r}; known: {', '.join(self.known) or 'none'}")
