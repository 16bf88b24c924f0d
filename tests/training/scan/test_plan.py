from pathlib import Path

import pytest

from training.scan.plan import ScanPlan, replaced

PLAN = """
config = "exp3"
events = 500
[grid]
"variator.beta" = [0.5, 1.5]
"network.latent" = [8, 16]
[set]
"fit.epochs" = 3
"""


@pytest.fixture
def plan(tmp_path: Path) -> ScanPlan:
    (tmp_path / "plan.toml").write_text(PLAN)
    return ScanPlan.load(tmp_path / "plan.toml")


def test_a_scan_has_every_combination_of_its_values(plan: ScanPlan) -> None:
    found = [(point.config["variator"]["beta"], point.config["network"]["latent"]) for point in plan.points()]
    assert found == [(0.5, 8), (0.5, 16), (1.5, 8), (1.5, 16)]


def test_each_point_is_a_model_of_its_own_of_the_same_architecture(plan: ScanPlan) -> None:
    points = list(plan.points())
    assert len({point.name for point in points}) == len(points)
    assert {point.config["architecture"] for point in points} == {"exp3"}
    assert {point.config["fit"]["epochs"] for point in points} == {3}


def test_a_whole_table_may_be_varied() -> None:
    plan = ScanPlan("bgmm", 500, {"variator": [{"beta": 0.1}, {"alpha": 0.2}]})
    assert [point.config["variator"] for point in plan.points()] == [{"beta": 0.1}, {"alpha": 0.2}]
    assert [point.values for point in plan.points()] == [{"variator": "beta 0.1"}, {"variator": "alpha 0.2"}]


def test_replacing_leaves_the_original_alone() -> None:
    config = {"fit": {"epochs": 1}}
    assert replaced(config, {"fit.epochs": 2, "split.train": 0.1}) == {
        "fit": {"epochs": 2},
        "split": {"train": 0.1},
    }
    assert config == {"fit": {"epochs": 1}}


def test_a_key_through_a_value_is_refused() -> None:
    with pytest.raises(ValueError, match="fit is no table"):
        replaced({"fit": 3}, {"fit.epochs": 2})


@pytest.mark.parametrize(
    ("text", "told"),
    [('config = "exp3"\nevents = 500\n', "grid"), (PLAN + "[more]\n", "more"), ("events = 5\n", "events")],
)
def test_a_wrong_plan_is_refused(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "plan.toml").write_text(text)
    with pytest.raises(ValueError, match=told):
        ScanPlan.load(tmp_path / "plan.toml")
