"""Schemathesis asks what the OpenAPI document allows, and what it does not, on a real socket."""

import subprocess
import sys
from pathlib import Path

from tests.support.servers import served_by_process

# OpenAPI cannot say which valid parameters contradict each other, such as format=csv and layout=nanoaod.
CONFIG = """
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "404", "409", "422"]
"""


def test_schemathesis_finds_nothing(shelf_root: Path, tmp_path: Path) -> None:
    config = tmp_path / "schemathesis.toml"
    config.write_text(CONFIG)
    with served_by_process(shelf_root, "--max-events", "2000") as port:
        done = subprocess.run(
            [
                sys.executable, "-c", "from schemathesis.cli import schemathesis; schemathesis()",
                "--config-file", str(config), "run", f"http://127.0.0.1:{port}/openapi.json",
                "--phases", "examples,coverage,fuzzing", "--checks", "all", "--max-examples", "10",
                "--seed", "1", "--no-color",
            ],
            check=False, capture_output=True, text=True, timeout=180, cwd=tmp_path,
        )  # fmt: skip
    assert done.returncode == 0, done.stdout
