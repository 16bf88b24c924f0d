import re
from itertools import combinations
from typing import Any

import pytest
from prometheus_client.metrics_core import Metric

from service.metrics import Metrics
from tests.docker.compose import ROOT
from tests.docker.dashboard import dashboard, expressions, panels

SUFFIXES = {
    "counter": ["_total"],
    "gauge": [""],
    "histogram": ["_bucket", "_count", "_sum"],
    "info": ["_info"],
}
METRIC_NAME = re.compile(r"\b(?:eventmill|process)_[a-z_]+\b")


def exposed_names() -> set[str]:
    def names(metric: Metric) -> list[str]:
        return [metric.name + suffix for suffix in SUFFIXES[metric.type]]

    return {name for metric in Metrics().registry.collect() for name in names(metric)}


@pytest.mark.parametrize("expression", expressions())
def test_every_metric_of_the_dashboard_is_exposed(expression: str) -> None:
    names = set(METRIC_NAME.findall(expression)) | ({"up"} & set(re.findall(r"\w+", expression)))
    assert names
    assert names <= exposed_names() | {"up"}


@pytest.mark.parametrize("page", ["docker/README.md", "docs/service.md"])
def test_every_metric_in_the_documentation_is_exposed(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    names = set(re.findall(r"`(eventmill_[a-z_]+)", text))
    assert names
    assert names <= exposed_names()


@pytest.mark.parametrize(
    "metric",
    [
        "eventmill_requests_total",
        "eventmill_requests_refused_total",
        "eventmill_requests_in_flight",
        "eventmill_queue_depth",
        "eventmill_request_duration_seconds_bucket",
        "eventmill_time_to_first_byte_seconds_bucket",
        "eventmill_block_generation_seconds_bucket",
        "eventmill_events_generated_total",
        "eventmill_events_delivered_total",
        "eventmill_invalid_event_rate",
        "eventmill_response_bytes_total",
        "eventmill_model_info",
    ],
)
def test_the_dashboard_shows(metric: str) -> None:
    assert any(metric in expression for expression in expressions())


def test_panels_have_an_id_of_their_own_a_unit_and_an_explanation() -> None:
    identifiers = [panel["id"] for panel in panels()]
    assert len(set(identifiers)) == len(identifiers)
    assert all(panel["fieldConfig"]["defaults"]["unit"] and panel["description"] for panel in panels())


def test_panels_lie_beside_each_other_within_the_grid() -> None:
    def overlap(one: dict[str, Any], other: dict[str, Any]) -> bool:
        return all(
            one[at] < other[at] + other[size] and other[at] < one[at] + one[size]
            for at, size in (("x", "w"), ("y", "h"))
        )

    places = [panel["gridPos"] for panel in panels()]
    assert all(place["x"] + place["w"] <= 24 for place in places)
    assert not any(overlap(one, other) for one, other in combinations(places, 2))


def test_everything_asks_the_provisioned_data_source() -> None:
    provisioned = (ROOT / "docker/grafana/provisioning/datasources/prometheus.yml").read_text("utf-8")
    (uid,) = re.findall(r"^ +uid: (\w+)$", provisioned, re.MULTILINE)
    asking = [*panels(), *dashboard()["templating"]["list"]]
    asking += [target for panel in panels() for target in panel["targets"]]
    assert {source["datasource"]["uid"] for source in asking} == {uid}


def test_grafana_knows_how_often_prometheus_scrapes() -> None:
    files = {
        "prometheus/prometheus.yml": r"scrape_interval: (\w+)",
        "grafana/provisioning/datasources/prometheus.yml": r"timeInterval: (\w+)",
    }
    found = [
        re.findall(pattern, (ROOT / "docker" / name).read_text("utf-8")) for name, pattern in files.items()
    ]
    assert found[0] == found[1]
    assert len(found[0]) == 1
