"""Numbers as physicists write them."""

from math import floor, isfinite, log10


def with_error(value: float, error: float) -> str:
    """A value with its error, both to the error's second digit; without an error, to four digits."""
    if not (error > 0 and isfinite(error)):
        return f"{value:.4g}"
    digits = 1 - floor(log10(error))
    if not 0 <= digits <= 8:
        return f"{value:.4g} ± {error:.2g}"
    return f"{value:.{digits}f} ± {error:.{digits}f}"


def share(part: float, whole: float = 1.0) -> str:
    """A share in percent."""
    return f"{100 * part / whole:.3g} %" if whole else "none"


def grouped(number: int) -> str:
    """A whole number with its thousands set apart."""
    return f"{number:,}"
