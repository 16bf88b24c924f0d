from pathlib import Path

import pytest

from tests.benchmarks.measure import paired, ratio
from tests.benchmarks.report import Better, Figure, Ratio, Report, read_report, worsened
from tests.benchmarks.table import BENCH, MARKED, table, with_table
from tests.support.marked import markers


def test_a_report_survives_its_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = Report({"cores": "2"})
    report.add(Figure("noise", 4e8, "1/s", "normals", 2.5), Ratio("overhead", 1.4, "lower", 1.3))
    report.write(tmp_path / "bench.json")
    assert read_report(tmp_path / "bench.json") == report
    assert "400 M" in capsys.readouterr().out


def test_the_share_of_a_limit_is_a_ratio_to_watch(capsys: pytest.CaptureFixture[str]) -> None:
    report = Report({})
    report.add(Figure("noise", 4e8, "1/s", "normals", 2.5))
    assert report.ratios == [Ratio("noise of normals", 2.5, "higher")]
    assert "250.0% of normals" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("better", "before", "now", "worse"),
    [
        ("higher", 1.0, 0.79, True),
        ("higher", 1.0, 0.81, False),
        ("higher", 1.0, 5.0, False),
        ("lower", 1.0, 1.26, True),
        ("lower", 1.0, 1.24, False),
        ("lower", 1.0, 0.1, False),
    ],
)
def test_a_ratio_is_worse_beyond_the_tolerance(
    better: Better, before: float, now: float, worse: bool
) -> None:
    old, new = Ratio("x", before, better), Ratio("x", now, better)
    assert worsened([old], [new, Ratio("only now", 0.0, better)], 0.2) == ([(old, new)] if worse else [])


@pytest.mark.parametrize(("value", "met"), [(1.2, True), (1.3, True), (1.4, False)])
def test_a_target_is_met_from_the_better_side(value: float, met: bool) -> None:
    assert Ratio("overhead", value, "lower", 1.3).met == met
    assert Ratio("rate", -value, "higher", -1.3).met == met


def test_variants_are_timed_side_by_side() -> None:
    ran: list[str] = []
    ticks = iter(range(100))
    taken = paired(
        {"a": lambda: ran.append("a"), "b": lambda: ran.append("b")}, 2, lambda: float(next(ticks))
    )
    assert ran == ["a", "b"] * 3
    assert taken == {"a": [1.0, 1.0], "b": [1.0, 1.0]}


def test_a_ratio_of_times_is_taken_round_by_round() -> None:
    assert ratio([2.0, 40.0, 3.0], [1.0, 10.0, 1.0]) == 3.0


@pytest.mark.parametrize("name", ["README.md", "docs/performance.md"])
def test_the_documents_quote_the_kept_result(name: str) -> None:
    text = Path(__file__).resolve().parents[1].joinpath(name).read_text(encoding="utf-8")
    how = f"python -m tests.benchmarks.table {name}"
    assert with_table(text, read_report(BENCH)) == text, how


def test_the_table_goes_between_its_markers() -> None:
    report = read_report(BENCH)
    begin, end = markers(MARKED)
    filled = with_table(f"before\n{begin}old\n{end}after\n", report)
    assert filled == f"before\n{begin}{table(report)}{end}after\n"
    assert "| ttbar/exp2 | " in filled
    assert with_table("no markers\n", report) == "no markers\n"
