import pytest

from events.files import write_events
from tests.support.pages import assert_self_contained, text_of
from tests.support.synthetic import synthetic_events
from training.evaluation.describe.description import Description
from training.evaluation.describe.stream import describe
from training.evaluation.pages.description import description_page, mask_name


@pytest.fixture(scope="module")
def description(tmp_path_factory: pytest.TempPathFactory) -> Description:
    """A description of few panels."""
    events = synthetic_events(300, 1)
    few_types = events.take(events.masks()[:, 1:].sum(axis=1) == 0)
    path = tmp_path_factory.mktemp("events") / "a<b>.csv"
    write_events(path, [few_types])
    return describe([path])


@pytest.fixture(scope="module")
def page(description: Description) -> str:
    return description_page(description)


def test_the_page_needs_nothing_else(page: str) -> None:
    assert_self_contained(page)


def test_the_page_tells_every_spectrum(page: str, description: Description) -> None:
    for heading, spectra in description.spectra.items():
        assert heading in text_of(page)
        for spectrum in spectra:
            assert f'alt="Histogram of {spectrum.name}' in page
            if spectrum.shape:
                assert f"D = {spectrum.shape.distance:.4f}, noise {spectrum.shape.noise:.4f}" in text_of(page)


def test_the_page_tells_where_the_events_come_from(page: str, description: Description) -> None:
    assert description.files[0].sha256 in text_of(page)
    assert "a&lt;b&gt;.csv" in page


def test_the_same_description_gives_the_same_page(page: str, description: Description) -> None:
    assert description_page(Description.from_json(description.to_json())) == page


@pytest.mark.parametrize(
    ("mask", "name"),
    [((4, 2, 0, 0, 1, 0, 0), "4j 2b m-"), ((0, 1, 0, 2, 0, 0, 1), "b 2e+ g"), ((0,) * 7, "none")],
)
def test_masks_are_written_as_final_states(mask: tuple[int, ...], name: str) -> None:
    assert mask_name(mask) == name
