from dataclasses import replace

import numpy as np

from events.objects import ObjectType
from tests.support.synthetic import synthetic_events
from training.evaluation.judgement import Figure
from training.evaluation.multiplicity import count_table, multiplicity_figures
from training.evaluation.observables import observables

TRUTH = synthetic_events(5000, seed=1)


def figures(other_seed: int, extra: float = 0.0) -> dict[str, Figure]:
    """Figures for like events, a share of whose jets is called b-jets."""
    other = synthetic_events(5000, other_seed)
    renamed = (other.type == ObjectType.JET) & (np.random.default_rng(1).random(other.n_objects) < extra)
    other = replace(other, type=np.where(renamed, np.int8(ObjectType.B_JET), other.type))
    return {one.name: one for one in multiplicity_figures(observables(TRUTH), observables(other))}


def test_like_events_have_like_numbers() -> None:
    found = figures(2)
    assert all(one.value > 1e-3 for name, one in found.items() if name.startswith("p_"))
    assert all(abs(one.value - 1) < 4 * one.error for name, one in found.items() if name.startswith("chi2_"))


def test_a_changed_type_is_told_and_the_others_are_not() -> None:
    found = figures(2, extra=0.1)
    assert max(found["p_n_jet"].value, found["p_n_b_jet"].value) < 1e-6
    assert found["chi2_n_b_jet"].value > 5
    assert found["p_n_muon"].value > 1e-3
    assert found["p_n_objects"].value > 1e-3


def test_rare_numbers_are_joined() -> None:
    truth, sample = np.array([0] * 50 + [1] * 20 + [2, 3, 9]), np.array([0] * 60 + [1] * 20 + [2] * 3)
    table = count_table(truth, sample)
    assert table.sum(axis=1).tolist() == [73, 83]
    assert (table.sum(axis=0) * 73 / 156 >= 5).all()
    assert table.shape == (2, 2)


def test_a_type_that_nobody_has_has_no_figure() -> None:
    alone = replace(TRUTH, type=np.zeros_like(TRUTH.type))
    found = [one.name for one in multiplicity_figures(observables(alone), observables(alone))]
    assert found == ["chi2_n_objects", "p_n_objects", "chi2_n_jet", "p_n_jet"]
