import json
import os
import signal
import subprocess
import sys
import time
from hashlib import sha256
from pathlib import Path

import pytest

from events.batch import concatenate
from events.files import read_events
from events.selection import valid_events
from training.simulate.cards import load_card
from training.simulate.errors import UnknownFormatError
from training.simulate.response import Response
from training.simulate.run import Request, sidecar_path, simulate
from training.simulate.shards import Plan

PLAN = Plan(load_card("ttbar"), seed=4, response=Response(), shard_events=20, batch_events=25)
EVENTS = 110

INTERRUPTED = f"""
import sys
from pathlib import Path
from training.simulate.cards import load_card
from training.simulate.response import Response
from training.simulate.run import Request, simulate
from training.simulate.shards import Plan
plan = Plan(load_card("ttbar"), seed=4, response=Response(), shard_events=20, batch_events=25)
simulate(Request(plan, {EVENTS}, Path(sys.argv[1]), 1), lambda n: print(n, flush=True))
"""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on two cores without interruption."""
    out = tmp_path_factory.mktemp("whole") / "ttbar.csv"
    seen: list[int] = []
    simulate(Request(PLAN, EVENTS, out, workers=2), seen.append)
    assert sorted(seen) == [10, 20, 20, 20, 20, 20]
    return out


def test_all_events_are_there_and_valid(whole: Path) -> None:
    events = concatenate(list(read_events(whole)))
    assert events.event_id.tolist() == list(range(EVENTS))
    assert events.processes == ("ttbar",)
    assert valid_events(events).all()
    assert sorted(path.name for path in whole.parent.iterdir()) == ["ttbar.csv", "ttbar.csv.json"]


def test_the_facts_beside_the_file_are_its_own(whole: Path) -> None:
    facts = json.loads(sidecar_path(whole).read_text())
    assert facts["sha256"] == sha256(whole.read_bytes()).hexdigest()
    assert facts["digest"] == PLAN.digest
    assert facts["events"] == EVENTS <= facts["generated"]
    assert 300 < facts["cross_section_pb"] < 700


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes under /proc")
def test_a_killed_run_on_one_core_goes_on_to_the_same_bytes(whole: Path, tmp_path: Path) -> None:
    out = tmp_path / "ttbar.csv"
    with subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED, str(out)], stdout=subprocess.PIPE, text=True
    ) as run:
        assert run.stdout is not None
        assert run.stdout.readline() == "20\n"
        workers = children(run.pid)
        os.kill(run.pid, signal.SIGKILL)
    deadline = time.monotonic() + 30
    while any(map(alive, workers)):
        assert time.monotonic() < deadline, "workers outlive a killed run"
        time.sleep(0.05)
    assert not out.exists()
    request = Request(PLAN, EVENTS, out, workers=2)
    finished = EVENTS - sum(n for _, n in request.missing())
    assert finished >= 20
    seen: list[int] = []
    simulate(request, seen.append)
    assert sum(seen) == EVENTS - finished
    assert out.read_bytes() == whole.read_bytes()


def test_an_ending_without_a_format_is_refused_before_any_work() -> None:
    with pytest.raises(UnknownFormatError, match=r"ttbar.root ends with none of .csv"):
        Request(PLAN, 10, Path("ttbar.root"), workers=1)
