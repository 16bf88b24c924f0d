"""Text between two markers of a document, such as a table that a command makes."""


def markers(name: str) -> tuple[str, str]:
    """The lines that begin and end what is named."""
    return f"<!-- {name} -->\n", f"<!-- /{name} -->\n"


def with_marked(text: str, name: str, content: str) -> str:
    """A text with the content between its markers, where it has them."""
    first, last = markers(name)
    before, begin, rest = text.partition(first)
    _, end, after = rest.partition(last)
    return before + begin + content + end + after if end else text
