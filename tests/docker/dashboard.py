"""The provisioned dashboard, read as Grafana reads it."""

import json
from functools import cache
from typing import Any, Final

from tests.docker.compose import ROOT

DASHBOARD_FILE: Final = ROOT / "docker/grafana/dashboards/eventmill.json"


@cache
def dashboard() -> dict[str, Any]:
    content: dict[str, Any] = json.loads(DASHBOARD_FILE.read_text(encoding="utf-8"))
    return content


def panels() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = dashboard()["panels"]
    return found


def expressions() -> list[str]:
    """All PromQL expressions, with the variables as Grafana fills them in at first."""
    found = [target["expr"] for panel in panels() for target in panel["targets"]]
    return [
        text.replace("$__rate_interval", "1m").replace("$process", ".*").replace("$model", ".*")
        for text in found
    ]
