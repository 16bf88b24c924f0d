import pytest

from training.evaluation.pages.numbers import grouped, share, with_error


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [
        (0.0096679, 0.000123, "0.00967 ± 0.00012"),
        (0.5, 0.0014, "0.5000 ± 0.0014"),
        (12.345, 1.25, "12.3 ± 1.2"),
        (1234.5, 56.0, "1234 ± 56"),
        (0.12345, 0.0, "0.1235"),
        (1234567.0, 23456.0, "1.235e+06 ± 2.3e+04"),
    ],
)
def test_the_error_sets_the_digits(value: float, error: float, text: str) -> None:
    assert with_error(value, error) == text


def test_shares_are_in_percent() -> None:
    assert share(0.0458) == "4.58 %"
    assert share(1, 8) == "12.5 %"
    assert share(0, 0) == "none"


def test_thousands_are_set_apart() -> None:
    assert grouped(1569352) == "1,569,352"
