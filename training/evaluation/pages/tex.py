"""Labels of axes as HTML."""

import re
from typing import Final

from markupsafe import Markup, escape

_LETTERS: Final = {r"\Delta": "Δ", r"\eta": "η", r"\phi": "φ"}
_SCRIPTS: Final = {"_": "sub", "^": "sup"}


def tex_to_html(label: str) -> Markup:
    """A label with TeX between dollars, as far as our labels go: Greek letters, sub- and superscripts."""
    text, *rest = label.split("$")
    parts = [escape(text)]
    for number, part in enumerate(rest):
        parts.append(_formula(part) if number % 2 == 0 else escape(part))
    return Markup("").join(parts)


def _formula(formula: str) -> Markup:
    for tex, letter in _LETTERS.items():
        formula = formula.replace(tex, letter)
    html = re.sub(
        r"([_^])(?:\{([^}]*)\}|(\w))",
        lambda found: f"<{_SCRIPTS[found[1]]}>{found[2] or found[3]}</{_SCRIPTS[found[1]]}>",
        str(escape(formula)),
    )
    return Markup(html)  # noqa: S704
