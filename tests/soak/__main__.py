"""A soak: clients of every kind at a service that is killed and stopped meanwhile.

In the first half the service is ended again and again, by SIGKILL or SIGTERM, and started anew; the second
half is one life, which must end as it began. Fails on wrong bytes, on broken connections that nothing
excuses, and on requests, threads, file descriptors or memory that are left.
"""

import random
import signal
import socket
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

import click

from models.shelf import SHIPPED
from tests.soak.clients import CLIENTS, World
from tests.soak.lives import MIB, Service, Vitals
from tests.soak.reference import references
from tests.support.servers import metrics, wait_until

_GROWTH = 48 * MIB
"""Memory that a life may gain once it is warm: the allocators' slack, independent of how long it lasts."""


@click.command()
@click.option("--seconds", type=float, default=600, show_default=True, help="How long.")
@click.option("--models", type=click.Path(path_type=Path), default=SHIPPED, help="Models; those shipped.")
@click.option("--seed", type=int, default=1, show_default=True, help="Seed of the clients.")
def main(seconds: float, models: Path, seed: int) -> None:
    """Soak the service."""
    click.echo("making what it must send")
    with tempfile.TemporaryDirectory() as folder:
        service = Service(models, _free_port(), Path(folder) / "log")
        world = World(service, references(models))
        service.start()
        threads = [
            threading.Thread(target=world.act_for_ever, args=(client, 1000 * seed + number))
            for number, client in enumerate(CLIENTS)
        ]
        for thread in threads:
            thread.start()
        try:
            _end_again_and_again(world, random.Random(seed), seconds / 2)
            idle = _one_life(world, seconds / 2)
        finally:
            world.stop.set()
            for thread in threads:
                thread.join(120)
        _compare(world, *idle)
        status = service.end(signal.SIGTERM)
        if status:
            world.faults.append(f"exit status {status}")
    _report(world)


def _end_again_and_again(world: World, rng: random.Random, seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(rng.uniform(3, 15))
        sig = rng.choice([signal.SIGKILL, signal.SIGTERM])
        world.service.end(sig)
        world.done[f"ended by {sig.name}"] += 1
        world.service.start()


def _one_life(world: World, seconds: float) -> tuple[Vitals, Vitals]:
    """What the service held when it was fresh, and when it was warm."""
    world.service.end(signal.SIGTERM)
    world.service.start()
    fresh = world.service.vitals()
    time.sleep(seconds * 0.3)
    warm = world.service.vitals()
    time.sleep(seconds * 0.7)
    return fresh, warm


def _compare(world: World, fresh: Vitals, warm: Vitals) -> None:
    """Note what the service holds that it did not when it was fresh, or warm."""
    port = world.service.port
    wait_until(lambda: not _requests(port), seconds=30)
    # Connections that are kept alive, and threads of the event loop's pool, end by themselves.
    wait_until(lambda: world.service.vitals().descriptors <= fresh.descriptors + 4, seconds=30)
    last = world.service.vitals()
    click.echo(f"fresh {fresh}\nwarm  {warm}\nlast  {last}")
    if last.threads > fresh.threads + 1:
        world.faults.append(f"{last.threads - fresh.threads} threads are left")
    if last.rss > warm.rss + _GROWTH:
        world.faults.append(f"memory grew by {(last.rss - warm.rss) / MIB:.0f} MiB once it was warm")


def _requests(port: int) -> float:
    counted = metrics(port)
    return counted["eventmill_requests_in_flight"] + counted["eventmill_queue_depth"]


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def _report(world: World) -> None:
    for name, count in sorted(world.done.items()):
        click.echo(f"{count:8,} {name}")
    for fault, count in Counter(world.faults).most_common(20):
        click.echo(f"FAULT {count} times: {fault}")
    click.echo(f"{len(world.faults)} faults in {world.service.lives} lives")
    sys.exit(bool(world.faults))


if __name__ == "__main__":
    main()
