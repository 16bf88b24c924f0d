"""What can go wrong in a simulation. The command line shows these errors without a traceback."""


class SimulationError(Exception):
    """Base of the errors that name their cause and remedy."""


class UnknownProcessError(SimulationError):
    """There is no card of that name."""


class BadCardError(SimulationError):
    """A process card lacks something or has something that no card has."""


class GeneratorError(SimulationError):
    """Pythia refused its settings or stopped in the middle of a run."""


class UnknownFormatError(SimulationError):
    """The ending of the output file names no format."""


class HopelessSelectionError(SimulationError):
    """No event passes the selection."""


class ForeignPartsError(SimulationError):
    """The shards beside the output belong to a run with other settings."""
