"""All models in memory, and the threads that run them."""

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from events.formats import FORMAT_NAMES, make_format
from models.errors import ArtefactError
from models.shelf import Shelf
from service.runtime import Device, check_installation, usable_cores
from service.sampler import Sampler
from service.settings import Settings


@dataclass(frozen=True, slots=True)
class Engine:
    """What every request shares.

    Attributes:
        shelf: The models on disk.
        samplers: The loaded models, by process and model.
        executor: Threads that generate and encode; nothing else runs on them.
        threads: How many there are.
        device: Where the models run.
        default_model: See `Settings.default_model`.
    """

    shelf: Shelf
    samplers: Mapping[tuple[str, str], Sampler]
    executor: ThreadPoolExecutor
    threads: int
    device: Device
    default_model: str

    @classmethod
    def open(cls, settings: Settings) -> "Engine":
        """Verify and load all models, one after the other, as sessions must not be created side by side.

        Raises:
            ArtefactError: If a model is damaged, or there is none.
            DeviceError: If the device cannot be used.
            OutputError: If a model gives what no event can be made of.
        """
        check_installation()
        shelf = Shelf.open(settings.models)
        if not shelf.processes:
            raise ArtefactError("there is no model to serve; set models to a folder of <process>/<model>/")
        samplers = {
            (artefact.manifest.process, artefact.manifest.model): Sampler.open(artefact, settings.device)
            for artefact in shelf
        }
        _warm_up(samplers.values())
        threads = settings.threads or usable_cores()
        executor = ThreadPoolExecutor(threads, thread_name_prefix="eventmill")
        return cls(shelf, samplers, executor, threads, settings.device, settings.default_model)

    @property
    def ahead(self) -> int:
        """Blocks of one request in flight: one for every thread while another is encoded and sent."""
        return self.threads + 1

    def default(self, process: str) -> str:
        """The model that serves a process unless another is asked for.

        The process's only model, else the configured one, else the first in alphabetical order.

        Raises:
            UnknownModelError: If there is no such process.
        """
        models = self.shelf.models(process)
        return self.default_model if self.default_model in models else models[0]

    def sampler(self, process: str, model: str | None = None) -> Sampler:
        """The sampler of a process's model, or of its default one.

        Raises:
            UnknownModelError: If there is no such process or model.
        """
        manifest = self.shelf.get(process, model or self.default(process)).manifest
        return self.samplers[manifest.process, manifest.model]

    def close(self) -> None:
        """Drop work that has not begun, and let the threads end."""
        self.executor.shutdown(cancel_futures=True)


def _warm_up(samplers: Iterable[Sampler]) -> None:
    """Generate a block of each model and encode it in each format.

    This shows that the models work, and spares the first requests what is built on first use.
    """
    for sampler in samplers:
        block = sampler.generator.block(seed=0, index=0, validity="valid")
        for name in FORMAT_NAMES:
            make_format(name).encoder({}).encode(block.events)
