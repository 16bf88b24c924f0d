import pytest

from training.evaluation.pages.tex import tex_to_html


@pytest.mark.parametrize(
    ("label", "html"),
    [
        ("Number of jets", "Number of jets"),
        ("$p_T$ of the jet [GeV]", "p<sub>T</sub> of the jet [GeV]"),
        (r"$\phi(E_T^{miss})$", "φ(E<sub>T</sub><sup>miss</sup>)"),
        (r"Least $\Delta R$ of two", "Least Δ R of two"),
        ("E < p", "E &lt; p"),
        ("$E < p$", "E &lt; p"),
    ],
)
def test_labels_become_html(label: str, html: str) -> None:
    assert tex_to_html(label) == html
