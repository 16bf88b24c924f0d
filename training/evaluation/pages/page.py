"""Pages from templates."""

from importlib.metadata import version
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from training.evaluation.pages.numbers import grouped, share, with_error
from training.evaluation.pages.tex import tex_to_html


def render(template: str, **facts: object) -> str:
    """A page with everything it needs in it: no part of it is fetched from anywhere.

    Args:
        template: Name of the template.
        facts: What the template speaks of.
    """
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"share": share, "with_error": with_error, "grouped": grouped, "tex": tex_to_html}
    return environment.get_template(template).render(**facts, eventmill=version("eventmill"))
