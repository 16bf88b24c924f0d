"""The command ``eventmill``."""

import json
import secrets
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

# Nothing else is imported until a command needs it, so that --help is instant.
if TYPE_CHECKING:
    from events.formats import LayoutName
    from events.units import EnergyUnit
    from service.generator import Validity
    from service.settings import Settings


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="eventmill")
def main() -> None:
    """LHC collision events from trained generative models."""


_models = click.option(
    "--models",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of the models, <process>/<model>/; by default those shipped.",
)
_device = click.option("--device", help="Where the models run: cpu (the default), cuda, or cuda:1 and so on.")
_threads = click.option("--threads", type=int, help="Threads that generate; by default one for each core.")


@main.command()
@click.option("--host", help="Address to listen on; by default 127.0.0.1.")
@click.option("--port", type=int, help="Port to listen on; by default 8000.")
@_models
@_device
@_threads
@click.option("--default-model", help="Model that serves a process of several unless a request names one.")
@click.option("--max-events", type=int, help="Most events of one request; by default 100 million.")
@click.option("--max-streams", type=int, help="Requests answered at once; by default 32.")
@click.option("--max-waiting", type=int, help="Requests that wait for one of them to end; by default 64.")
@click.option("--max-per-client", type=int, help="Requests of one client, of both kinds; by default 24.")
@click.option("--queue-seconds", type=float, help="Longest wait of a request; by default 30.")
@click.option("--request-seconds", type=float, help="Longest answer; by default 21600, six hours.")
@click.option("--stall-seconds", type=float, help="Longest time a client may read nothing; by default 60.")
@click.option("--receipt-seconds", type=float, help="Time for which receipts are kept; by default 3600.")
@click.option("--reload-seconds", type=float, help="Pause between looks for changed models; by default 2.")
@click.option("--drain-seconds", type=float, help="Time from not being ready to closing the port: 2.")
@click.option("--shutdown-seconds", type=int, help="Time that running requests have after that: 30.")
def serve(**options: object) -> None:
    """Serve events over HTTP.

    SIGTERM ends the service in steps; a second signal ends it at once. Every option can also be set in the
    environment, as EVENTMILL_PORT and so on.
    """
    from service.app import create_app  # noqa: PLC0415
    from service.server import Server  # noqa: PLC0415
    from service.state import ServiceState  # noqa: PLC0415

    state = ServiceState.of(_settings(options))
    with closing(state.workers):
        Server(create_app(state), state).run()
    with _clear_errors():
        if state.failure is not None:
            raise state.failure


@main.command()
@click.option("--process", required=True, help="Process ID, such as ttbar; `eventmill models` lists them.")
@click.option("-n", "--events", "n", type=int, required=True, help="Number of events.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="File to write; its ending says the format: .csv, .csv.gz, .parquet, .arrow or .arrows.",
)
@click.option("--model", help="Model; by default the one that serves the process.")
@click.option("--seed", type=int, help="Seed of the data set; by default one is drawn and told.")
@click.option("--offset", type=int, default=0, show_default=True, help="Index of the first event.")
@click.option(
    "--validity",
    type=click.Choice(["valid", "weighted", "all"]),
    default="valid",
    show_default=True,
    help="Draw events that fail the selection, or that a refined model refuses, again; refuse none and give "
    "them weights; or write the raw output.",
)
@click.option("--units", type=click.Choice(["MeV", "GeV"]), help="MeV by default; nanoaod is in GeV always.")
@click.option("--layout", type=click.Choice(["objects", "nanoaod"]), default="objects", show_default=True)
@_models
@_device
@_threads
def generate(
    process: str,
    n: int,
    out: Path,
    model: str | None,
    seed: int | None,
    offset: int,
    validity: "Validity",
    units: "EnergyUnit | None",
    layout: "LayoutName",
    **options: object,
) -> None:
    """Write events to a file, the same as a server would send."""
    from models.shelf import Shelf  # noqa: PLC0415
    from service.collection import default_model  # noqa: PLC0415
    from service.generation import resolved_units  # noqa: PLC0415
    from service.offline import write_slice  # noqa: PLC0415
    from service.runtime import usable_cores  # noqa: PLC0415
    from service.sampler import Sampler  # noqa: PLC0415
    from service.workers import Workers  # noqa: PLC0415

    settings = _settings(options)
    seed = secrets.randbits(32) if seed is None else seed
    with _clear_errors(), closing(Workers(settings.threads or usable_cores())) as workers:
        shelf = Shelf.open(settings.models)
        artefact = shelf.get(process, model or default_model(shelf, process, settings.default_model))
        events = Sampler.open(artefact, settings.device).slice(n, seed, offset, validity)
        with click.progressbar(length=n, label=f"{process}, seed {seed}", file=sys.stderr) as bar:
            write_slice(workers, events, out, resolved_units(units, layout), layout, bar.update)


@main.command("models")
@_models
def list_models(**options: object) -> None:
    """List the models, as JSON."""
    from models.shelf import Shelf  # noqa: PLC0415

    with _clear_errors():
        shelf = Shelf.open(_settings(options).models)
    fields = {"process", "model", "version", "description", "figures"}
    entries = [
        {**artefact.manifest.model_dump(include=fields), "digest": artefact.manifest.digest}
        for artefact in shelf
    ]
    click.echo(json.dumps(entries, indent=2))


def _settings(options: dict[str, object]) -> "Settings":
    """The settings: options that were given, then the environment, then the defaults."""
    from pydantic import ValidationError  # noqa: PLC0415

    from service.settings import Settings  # noqa: PLC0415

    given = {name: value for name, value in options.items() if value is not None}
    try:
        return Settings.model_validate(given)
    except ValidationError as error:
        raise click.UsageError(str(error)) from error


@contextmanager
def _clear_errors() -> Iterator[None]:
    """Turn errors that say all there is to say into messages without a traceback."""
    from models.errors import UnknownModelError  # noqa: PLC0415
    from service.runtime import DeviceError, OutputError  # noqa: PLC0415

    try:
        yield
    except (ValueError, OSError, UnknownModelError, DeviceError, OutputError) as error:
        raise click.ClickException(str(error)) from error
