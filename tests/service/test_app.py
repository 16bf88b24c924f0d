import hashlib
import io
import json
import re
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from models.shelf import Artefact
from service.app import create_app
from service.generation import HEADERS
from service.problems import PROBLEM_MEDIA_TYPE
from service.sampler import Sampler
from service.settings import Settings
from service.state import ServiceState
from tests.support.generators import FailingGenerator
from tests.support.servers import altered, ready_client

Value: TypeAlias = str | int

ARROW = "application/vnd.apache.arrow.stream"


@pytest.fixture(scope="module")
def settings(shelf_root: Path) -> Settings:
    return Settings(models=shelf_root, max_events=5000, threads=2)


@pytest.fixture(scope="module")
def client(settings: Settings) -> Iterator[TestClient]:
    with ready_client(settings) as client:
        yield client


def events(client: TestClient, **query: Value) -> bytes:
    defaults: dict[str, Value] = {"process": "ttbar", "n": 10, "seed": 5}
    answer = client.post("/generate", params=defaults | query)
    assert answer.status_code == 200, answer.text
    return answer.content


def problem(client: TestClient, query: dict[str, Value], accept: str = "*/*") -> dict[str, object]:
    defaults: dict[str, Value] = {"process": "ttbar", "n": 10}
    answer = client.post("/generate", params=defaults | query, headers={"Accept": accept})
    assert answer.headers["Content-Type"] == PROBLEM_MEDIA_TYPE
    body = answer.json()
    assert body["status"] == answer.status_code
    assert body["request_id"] == answer.headers["X-Request-ID"]
    return {name: value for name, value in body.items() if value is not None}


def test_csv_holds_the_events_of_the_sampler(client: TestClient, sampler: Sampler) -> None:
    lines = events(client, n=700, offset=100).decode().splitlines()
    expected = sampler.sample(700, seed=5, offset=100)
    fields = [line.split(";") for line in lines]
    assert [int(line[0]) for line in fields] == expected.event_id.tolist()
    assert {line[1] for line in fields} == {"ttbar"}
    np.testing.assert_allclose([float(line[3]) for line in fields], expected.met * 1000, rtol=1e-5)
    assert [len(line) - 6 for line in fields] == expected.multiplicity.tolist()


def test_arrow_and_parquet_hold_the_same_rows_as_csv(client: TestClient) -> None:
    csv = events(client, n=600).decode().splitlines()
    arrow = pa.ipc.open_stream(events(client, n=600, format="arrow")).read_all()
    parquet = pq.read_table(io.BytesIO(events(client, n=600, format="parquet")))
    for table in (arrow, parquet):
        rows = table.to_pylist()
        assert [row["event_id"] for row in rows] == [int(line.split(";")[0]) for line in csv]
        assert [f"{row['met']:.6g}" for row in rows] == [line.split(";")[3] for line in csv]
        first = [",".join([thing["type"], f"{thing['E']:.6g}"]) for row in rows for thing in row["objects"]]
        assert first == [text.rsplit(",", 3)[0] for line in csv for text in line.split(";")[5:-1]]


@pytest.mark.parametrize("format_", ["csv", "arrow", "parquet"])
def test_the_same_request_gives_the_same_bytes(client: TestClient, format_: str) -> None:
    assert events(client, n=600, format=format_) == events(client, n=600, format=format_)


def test_slices_join_to_the_whole(client: TestClient) -> None:
    cuts = [0, 1, 255, 256, 600]
    parts = [events(client, n=stop - start, offset=start) for start, stop in pairwise(cuts)]
    assert b"".join(parts) == events(client, n=600)


@pytest.mark.parametrize(
    "change", [{"seed": 6}, {"model": "other"}, {"process": "stop_02"}, {"validity": "all"}]
)
def test_other_data_sets_have_other_bytes(client: TestClient, change: dict[str, Value]) -> None:
    assert events(client, n=100, **change) != events(client, n=100)


def test_the_headers_name_the_events(client: TestClient, artefact: Artefact) -> None:
    answer = client.post("/generate?process=ttbar&n=3&seed=18446744073709551615&offset=7&units=GeV")
    told = [answer.headers[name] for name in list(HEADERS)[:9]]
    digest = artefact.manifest.digest
    assert told == ["ttbar", "exp2", "1", digest, "18446744073709551615", "7", "3", "valid", "GeV"]
    assert answer.headers["Content-Type"].startswith("text/csv")
    assert "ttbar_exp2_seed18446744073709551615_7-9.csv" in answer.headers["Content-Disposition"]
    assert (answer.headers["Vary"], answer.headers["Cache-Control"]) == ("Accept", "no-cache")


def test_a_drawn_seed_is_told_and_can_be_used_again(client: TestClient) -> None:
    first = client.post("/generate?process=ttbar&n=20")
    second = client.post("/generate?process=ttbar&n=20")
    seed = first.headers["X-Eventmill-Seed"]
    assert seed != second.headers["X-Eventmill-Seed"]
    assert events(client, n=20, seed=seed) == first.content


def test_arrow_carries_the_provenance(client: TestClient, artefact: Artefact) -> None:
    schema = pa.ipc.open_stream(events(client, format="arrow")).schema
    told = {name.decode(): value.decode() for name, value in schema.metadata.items()}
    assert told["model_digest"] == artefact.manifest.digest
    assert (told["seed"], told["offset"], told["num_events"], told["units"]) == ("5", "0", "10", "MeV")


def test_the_format_follows_accept_unless_it_is_asked_for(client: TestClient) -> None:
    url, accept = "/generate?process=ttbar&n=1", {"Accept": ARROW}
    assert client.post(url, headers=accept).headers["Content-Type"] == ARROW
    assert client.post(f"{url}&format=csv", headers=accept).headers["Content-Type"].startswith("text/csv")


def test_units_are_a_factor_of_a_thousand(client: TestClient) -> None:
    tables = [
        pa.ipc.open_stream(events(client, format="arrow", units=units)).read_all() for units in ("MeV", "GeV")
    ]
    mev, gev = (table["met"].to_numpy() for table in tables)
    np.testing.assert_allclose(mev, gev * 1000, rtol=1e-6)


def test_nanoaod_has_its_names_and_is_in_gev(client: TestClient) -> None:
    answer = client.post("/generate?process=ttbar&n=5&seed=5&format=arrow&layout=nanoaod")
    table = pa.ipc.open_stream(answer.content).read_all()
    assert {"nJet", "Jet_pt", "MET_pt"} <= set(table.column_names)
    assert answer.headers["X-Eventmill-Units"] == "GeV"
    plain = pa.ipc.open_stream(events(client, n=5, format="arrow", units="GeV")).read_all()
    assert table["MET_pt"].to_pylist() == plain["met"].to_pylist()


@pytest.mark.parametrize(
    ("query", "status", "code", "told"),
    [
        ({"process": "higgs"}, 404, "unknown_process", "stop_02, ttbar"),
        ({"model": "exp9"}, 404, "unknown_model", "exp2, other"),
        ({"n": 0}, 422, "invalid_request", "n: "),
        ({"n": -5}, 422, "invalid_request", "n: "),
        ({"n": "many"}, 422, "invalid_request", "n: "),
        ({"n": 5001}, 422, "limit_exceeded", "5000"),
        ({"seed": -1}, 422, "invalid_request", "seed: "),
        ({"seed": 2**64}, 422, "invalid_request", "seed: "),
        ({"offset": -1}, 422, "invalid_request", "offset: "),
        ({"offset": 2**63 - 1}, 422, "invalid_request", "offset in 0.."),
        ({"format": "root"}, 422, "invalid_request", "format: "),
        ({"validity": "some"}, 422, "invalid_request", "validity: "),
        ({"validity": "weighted"}, 422, "invalid_request", "ttbar/exp2 gives no weights"),
        ({"units": "TeV"}, 422, "invalid_request", "units: "),
        ({"layout": "nanoaod"}, 422, "invalid_request", "csv has no layout nanoaod"),
        ({"layout": "nanoaod", "format": "arrow", "units": "MeV"}, 422, "invalid_request", "units=GeV"),
        ({"sede": 1}, 422, "invalid_request", "sede: "),
    ],
)
def test_bad_input_is_told_in_a_problem(
    client: TestClient, query: dict[str, Value], status: int, code: str, told: str
) -> None:
    body = problem(client, query)
    assert (body["status"], body["code"]) == (status, code)
    assert told in str(body["detail"])


def test_an_invalid_request_is_told_what_is_known(client: TestClient) -> None:
    body = problem(client, {"n": 0})
    assert (body["processes"], body["max_events"]) == (["stop_02", "ttbar"], 5000)


def test_an_unknown_media_type_is_not_acceptable(client: TestClient) -> None:
    body = problem(client, {}, accept="image/png")
    assert (body["status"], body["code"]) == (406, "not_acceptable")
    assert ARROW in str(body["media_types"])


@pytest.mark.parametrize(("method", "path", "status"), [("PUT", "/generate", 405), ("GET", "/nowhere", 404)])
def test_a_wrong_path_or_method_is_a_problem_too(
    client: TestClient, method: str, path: str, status: int
) -> None:
    answer = client.request(method, path)
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, PROBLEM_MEDIA_TYPE)
    assert answer.json()["instance"] == path


def test_a_wrong_method_is_told_all_right_ones(client: TestClient) -> None:
    assert client.put("/generate").headers["Allow"] == "GET, POST"
    assert client.put("/models/ttbar/exp2").headers["Allow"] == "GET"


@pytest.mark.parametrize(
    ("given", "kept"), [("run-7.a_b", True), ("x" * 129, False), ("a b", False), ("", False)]
)
def test_a_sane_request_id_is_kept(client: TestClient, given: str, kept: bool) -> None:
    told = client.get("/health/live", headers={"X-Request-ID": given}).headers["X-Request-ID"]
    assert (told == given) is kept
    assert re.fullmatch(r"[A-Za-z0-9._-]{1,128}", told)


def test_the_catalogue_lists_processes_and_models(client: TestClient) -> None:
    assert client.get("/processes").json() == [
        {"process": "stop_02", "default_model": "exp2", "models": ["exp2"]},
        {"process": "ttbar", "default_model": "exp2", "models": ["exp2", "other"]},
    ]
    assert [(entry["process"], entry["model"]) for entry in client.get("/models").json()] == [
        ("stop_02", "exp2"), ("ttbar", "exp2"), ("ttbar", "other"),
    ]  # fmt: skip


def test_a_model_is_told_in_full(client: TestClient, artefact: Artefact) -> None:
    detail = client.get("/models/ttbar/exp2").json()
    assert detail["digest"] == artefact.manifest.digest
    assert detail["manifest"] == json.loads(artefact.manifest.model_dump_json())
    assert detail["card"] == "# ttbar/exp2\n"


@pytest.mark.parametrize("path", ["/models/higgs/exp2", "/models/ttbar/exp9"])
def test_an_unknown_model_is_not_found(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_health(client: TestClient) -> None:
    assert client.get("/health/live").json() == {"status": "live"}
    assert client.get("/health/ready").json() == {
        "status": "ready", "models": 3, "refused": [], "device": "cpu",
    }  # fmt: skip


@pytest.fixture
def app_without_models(settings: Settings) -> Iterator[FastAPI]:
    """An application that has not been started."""
    state = ServiceState.of(settings)
    with closing(state.workers):
        yield create_app(state)


def test_without_models_the_service_lives_but_is_not_ready(app_without_models: FastAPI) -> None:
    client = TestClient(app_without_models)
    assert client.get("/health/live").status_code == 200
    assert client.get("/health/ready").json()["code"] == "not_ready"
    assert client.post("/generate?process=ttbar&n=1").status_code == 503


def test_the_greeting_shows_a_command_that_works(client: TestClient) -> None:
    greeting = client.get("/").json()
    found = re.search(r"curl -X POST 'http://testserver(/generate[^']*)'", greeting["example"])
    assert found
    assert client.post(found[1]).status_code == 200


def test_the_openapi_document_tells_of_formats_headers_and_problems(client: TestClient) -> None:
    operation = client.get("/openapi.json").json()["paths"]["/generate"]["post"]
    answers = operation["responses"]
    assert set(answers["200"]["content"]) == {"text/csv", ARROW, "application/vnd.apache.parquet"}
    assert set(answers["200"]["headers"]) == set(HEADERS)
    assert all(
        PROBLEM_MEDIA_TYPE in answers[status]["content"] for status in ("404", "406", "422", "500", "503")
    )
    assert {"process", "n", "seed", "offset"} <= {parameter["name"] for parameter in operation["parameters"]}


def test_a_model_that_fails_at_once_has_a_status(settings: Settings) -> None:
    failing = altered(partial(FailingGenerator, fails_at=0))
    with ready_client(settings, failing) as client:
        body = problem(client, {})
        assert (body["status"], body["code"], body["detail"]) == (500, "model_failed", "made to fail")
        counted = client.get("/metrics").text
    assert 'outcome="error"' in counted
    assert 'eventmill_rejected_blocks_total{model="exp2",process="ttbar"} 1.0' in counted


def test_an_unforeseen_error_tells_nothing_but_its_request(app_without_models: FastAPI) -> None:
    @app_without_models.get("/broken")
    async def broken() -> None:
        raise KeyError("secret")

    client = TestClient(app_without_models, raise_server_exceptions=False)
    answer = client.get("/broken", headers={"X-Request-ID": "abc"})
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert answer.json()["request_id"] == answer.headers["X-Request-ID"] == "abc"
    assert "secret" not in answer.text


def test_the_content_location_gives_the_same_bytes_again(client: TestClient) -> None:
    first = client.post("/generate?process=ttbar&n=300&offset=7&format=arrow&compression=zstd")
    again = client.get(first.headers["Content-Location"])
    assert again.content == first.content
    assert again.headers["ETag"] == first.headers["ETag"]


@pytest.mark.parametrize(
    "change",
    [{"n": 11}, {"offset": 1}, {"seed": 6}, {"model": "other"}, {"format": "arrow"}, {"units": "GeV"}],
)
def test_other_bytes_have_another_etag(client: TestClient, change: dict[str, Value]) -> None:
    asked: dict[str, Value] = {"process": "ttbar", "n": 10, "seed": 5}
    tags = [client.get("/generate", params=query).headers["ETag"] for query in (asked, asked | change)]
    assert tags[0] != tags[1]


def test_a_client_that_has_the_bytes_is_told_so(client: TestClient) -> None:
    url = "/generate?process=ttbar&n=10&seed=5"
    tag = client.get(url).headers["ETag"]
    answer = client.get(url, headers={"If-None-Match": f'"other", {tag}'})
    assert (answer.status_code, answer.content, answer.headers["ETag"]) == (304, b"", tag)
    assert client.get(url, headers={"If-None-Match": '"other"'}).status_code == 200


def test_a_model_that_has_changed_is_refused_by_its_digest(client: TestClient, artefact: Artefact) -> None:
    assert events(client, model_digest=artefact.manifest.digest) == events(client)
    body = problem(client, {"model_digest": "0" * 64})
    assert (body["status"], body["code"]) == (409, "model_changed")
    assert body["model_digest"] == artefact.manifest.digest


def test_a_receipt_tells_what_was_sent(client: TestClient) -> None:
    url, sent = "/generate?process=ttbar&n=600&seed=5", {"X-Request-ID": "run-7"}
    body = client.post(url, headers=sent).content
    receipt = client.get("/requests/run-7").json()
    assert (receipt["state"], receipt["rows"], receipt["bytes"]) == ("complete", 600, len(body))
    assert receipt["sha256"] == hashlib.sha256(body).hexdigest()
    assert receipt["dataset"]["seed"] == "5"


def test_an_unknown_receipt_is_not_found(client: TestClient) -> None:
    answer = client.get("/requests/nobody")
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_request")
