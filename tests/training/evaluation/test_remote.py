from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
from typing_extensions import override

from events.formats import make_format
from models.shelf import Shelf
from service.sampler import Sampler
from tests.support.servers import served_by_process
from tests.support.synthetic import synthetic_events
from tests.support.tiny_model import build_artefact
from training.evaluation.remote import ServiceError, request_events
from training.evaluation.sources import service_sample, with_file_digits


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("shelf")
    build_artefact(root)
    return root


@pytest.fixture(scope="module")
def url(shelf: Path) -> Iterator[str]:
    with served_by_process(shelf) as port:
        yield f"http://127.0.0.1:{port}/generate?process=ttbar"


def test_a_service_gives_what_its_sampler_gives(url: str, shelf: Path) -> None:
    artefact = Shelf.open(shelf).get("ttbar", "exp2")
    expected = Sampler.open(artefact).sample(300, 4)
    reply = request_events(url, 300, 4)
    assert with_file_digits(reply.events).E.tobytes() == with_file_digits(expected).E.tobytes()
    assert reply.facts["model-digest"] == artefact.manifest.digest


def test_the_sample_of_a_service_knows_its_model_and_raw_output(url: str, shelf: Path) -> None:
    artefact = Shelf.open(shelf).get("ttbar", "exp2")
    found = service_sample(url, 300, 4)
    assert (found.provenance.kind, found.provenance.name) == ("service", "ttbar/exp2")
    assert found.provenance.digest == artefact.manifest.digest
    assert found.raw is not None
    raw = Sampler.open(artefact).sample(300, 4, validity="all")
    assert with_file_digits(found.raw).E.tobytes() == with_file_digits(raw).E.tobytes()


def test_a_refusal_is_told_in_the_service_s_words(url: str) -> None:
    with pytest.raises(ServiceError, match=r"answered 404: .*nonsense"):
        request_events(url.replace("ttbar", "nonsense"), 10, 1)


def test_an_absent_service_is_told() -> None:
    with pytest.raises(ServiceError, match=r"cannot be read: .*refused"):
        request_events("http://127.0.0.1:9/generate", 10, 1)


@pytest.mark.parametrize(
    ("n", "cut", "message"), [(20, 0, "sent 20 events, where 30 were asked for"), (30, 200, "whole events")]
)
def test_too_few_events_are_refused(n: int, cut: int, message: str) -> None:
    encoder = make_format("arrow").encoder({})
    body = bytes(encoder.encode(synthetic_events(n, seed=1))) + bytes(encoder.finish())

    class Short(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body[: len(body) - cut])

        @override
        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Short)
    Thread(target=server.handle_request).start()
    with pytest.raises(ServiceError, match=message):
        request_events(f"http://127.0.0.1:{server.server_port}/generate", 30, 1)
    server.server_close()
