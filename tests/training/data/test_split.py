import numpy as np
import pytest

from training.data.split import Split, SplitFractions

ORDINALS = np.arange(200_000)


def test_every_event_is_in_exactly_one_split() -> None:
    fractions = SplitFractions(0.6, 0.1)
    members = np.array([fractions.contains(split, ORDINALS) for split in Split])
    assert np.all(members.sum(axis=0) == 1)


def test_splits_have_their_shares() -> None:
    fractions = SplitFractions(0.6, 0.1)
    for split, share in zip(Split, (0.6, 0.1, 0.3), strict=True):
        assert fractions.contains(split, ORDINALS).mean() == pytest.approx(share, abs=0.005)


def test_an_event_s_split_does_not_depend_on_the_batch_it_comes_in() -> None:
    fractions = SplitFractions()
    whole = fractions.contains(Split.TEST, ORDINALS)
    assert np.array_equal(whole[777:999], fractions.contains(Split.TEST, ORDINALS[777:999]))


def test_growing_the_training_share_keeps_its_events() -> None:
    small = SplitFractions(0.3, 0.1).contains(Split.TRAIN, ORDINALS)
    large = SplitFractions(0.5, 0.1).contains(Split.TRAIN, ORDINALS)
    assert np.all(large[small])


@pytest.mark.parametrize(("train", "validation"), [(0.0, 0.1), (0.9, 0.2), (0.5, -0.1)])
def test_impossible_fractions_are_refused(train: float, validation: float) -> None:
    with pytest.raises(ValueError, match="split fractions"):
        SplitFractions(train, validation)


def test_all_events_of_files_beyond_those_that_are_split_are_trained_on() -> None:
    fractions = SplitFractions(0.6, 0.1, split_files=1)
    assert fractions.of_file(0) == fractions
    assert fractions.of_file(1).contains(Split.TRAIN, ORDINALS).all()
    assert SplitFractions(0.6, 0.1).of_file(7) == SplitFractions(0.6, 0.1)


def test_a_negative_number_of_files_is_refused() -> None:
    with pytest.raises(ValueError, match="split_files"):
        SplitFractions(0.6, 0.1, split_files=-1)
