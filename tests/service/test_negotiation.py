import pytest

from service.errors import NotAcceptableError
from service.negotiation import accepted_format

ARROW = "application/vnd.apache.arrow.stream"
PARQUET = "application/vnd.apache.parquet"


@pytest.mark.parametrize(
    ("accept", "name"),
    [
        (None, "csv"),
        ("", "csv"),
        ("*/*", "csv"),
        ("text/csv", "csv"),
        ("text/*", "csv"),
        (ARROW, "arrow"),
        (ARROW.upper(), "arrow"),
        (PARQUET, "parquet"),
        ("application/*", "arrow"),
        (f"text/html, {PARQUET}", "parquet"),
        (f"{ARROW};q=0.5, {PARQUET};q=0.9", "parquet"),
        (f"*/*;q=0.1, {ARROW}", "arrow"),
        ("text/csv;q=0, */*", "arrow"),
        (f"{PARQUET} ; level=1 ; q=0.3, text/csv;q=0.2", "parquet"),
    ],
)
def test_the_best_accepted_format_is_chosen(accept: str | None, name: str) -> None:
    assert accepted_format(accept) == name


@pytest.mark.parametrize("accept", ["text/html", "image/*", "*/*;q=0", f"{ARROW};q=nonsense", "csv"])
def test_a_client_that_accepts_none_is_told_what_there_is(accept: str) -> None:
    with pytest.raises(NotAcceptableError, match=ARROW):
        accepted_format(accept)
