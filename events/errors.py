"""What can be wrong with a file of events."""


class EventFileError(ValueError):
    """A file does not hold events as Eventmill writes or reads them."""


class BadLineError(EventFileError):
    """A line of a Dark Machines file is not an event.

    Attributes:
        source: The file.
        line: Number of the line, from 1.
        reason: What is wrong with it.
    """

    def __init__(self, source: str, line: int, reason: str) -> None:
        super().__init__(f"{source}, line {line}: {reason}")
        self.source = source
        self.line = line
        self.reason = reason
