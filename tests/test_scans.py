"""The page of the scans shows what they found."""

from tests.support.scans import PAGE, SCANS, with_scans
from training.scan.plan import ScanPlan


def test_the_page_of_the_scans_has_their_tables_and_pictures() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert with_scans(page) == page, "python -m tests.support.scans"
    for table in SCANS.glob("*.json"):
        assert f"({table.stem}.png)" in page
        assert f"<!-- {table.stem} -->" in page


def test_every_plan_varies_a_shipped_configuration() -> None:
    for path in SCANS.glob("*.toml"):
        plan = ScanPlan.load(path)
        assert plan.config == path.stem
        assert len(list(plan.points())) > 1
