import numpy as np
import numpy.typing as npt
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import Patch, StepPatch

from training.evaluation.judgement import Histogram
from training.evaluation.pages.drawing import style
from training.evaluation.pages.ratio import Counts, ratio_panels

EDGES = (0.0, 5.0, 10.0, 15.0)
TRUTH = (2, 100, 400, 0, 7)


def panels(sample: tuple[int, ...], *, scale: float = 1.0, truth: tuple[int, ...] = TRUTH) -> Figure:
    """The figure of a sample in three bins."""
    histogram = Histogram("pt", "$p_T$", "GeV", EDGES, truth, sample)
    with style():
        figure = Figure()
        ratio_panels(figure, histogram, Counts.of("Truth", truth), [Counts.of("Model", sample, scale)])
    return figure


def heights(patch: Patch) -> npt.NDArray[np.float64]:
    """The heights of a step line."""
    assert isinstance(patch, StepPatch)
    return np.asarray(patch.get_data()[0])


def test_the_ratio_is_that_of_scaled_counts_to_truth() -> None:
    figure = panels((0, 55, 210, 3, 0), scale=2.0)
    top, bottom = figure.axes
    np.testing.assert_allclose(heights(top.patches[0]), [110, 420, 6])
    np.testing.assert_allclose(heights(bottom.patches[1]), np.array([1.1, 1.05, np.nan]))


def test_errors_are_those_of_the_counts_before_scaling() -> None:
    """Garwood's interval of 9 counts reaches from 6.06 to 13.1."""
    found = Counts.of("Model", (0, 9, 0), 10.0)
    np.testing.assert_allclose(found.interval[:, 0], [60.6, 131.1], atol=0.5)
    assert np.isnan(Counts.of("Model", (0, 0, 0)).interval).all()
    assert (Counts.of("Model", (4, 0, 7), 0.5).low, Counts.of("Model", (4, 0, 7), 10.0).high) == (2, 70)


@pytest.mark.parametrize(("second", "half_width"), [(404, 0.2), (560, 0.5), (700, 1.0), (4000, 1.0)])
def test_the_ratio_axis_holds_the_precise_bins(second: int, half_width: float) -> None:
    low, high = panels((0, 100, second, 0, 0)).axes[1].get_ylim()
    assert (low, high) == (1 - half_width, 1 + half_width)


def test_a_ratio_beyond_the_axis_is_a_triangle() -> None:
    bottom = panels((0, 100, 4000, 0, 0)).axes[1]
    places = {str(line.get_marker()): np.asarray(line.get_xdata()) for line in bottom.lines}
    np.testing.assert_array_equal(places["^"], [7.5])
    assert len(places["v"]) == 0


def test_axes_tell_units_widths_overflow_and_names() -> None:
    top, bottom = panels((0, 90, 420, 0, 1)).axes
    assert bottom.get_xlabel() == "$p_T$ [GeV]"
    assert top.get_ylabel() == "Events / 5 GeV"
    legend = top.get_legend()
    assert legend
    assert [text.get_text() for text in legend.get_texts()] == ["Truth", "Model"]
    assert top.texts[0].get_text() == "Truth: 2 below, 7 above\nModel: 1 above"


def test_steep_spectra_are_logarithmic() -> None:
    assert panels((0, 30, 20, 10, 0)).axes[0].get_yscale() == "linear"
    assert panels((0, 30, 20, 10, 0), truth=(0, 100_000, 400, 1, 0)).axes[0].get_yscale() == "log"
