"""Which format a client wants, from its ``Accept`` header (RFC 9110, section 12.5.1)."""

from dataclasses import dataclass

from events.formats import FORMAT_NAMES, FormatName, make_format
from service.errors import NotAcceptableError


@dataclass(frozen=True, slots=True)
class _Range:
    """One media range of an Accept header, such as ``text/*;q=0.5``."""

    type: str
    subtype: str
    quality: float

    @classmethod
    def parse(cls, text: str) -> "_Range":
        name, *parameters = (part.strip().lower() for part in text.split(";"))
        type_, _, subtype = name.partition("/")
        weights = [parameter[2:] for parameter in parameters if parameter.startswith("q=")]
        return cls(type_, subtype, _quality(weights[0]) if weights else 1.0)

    def specificity(self, media_type: str) -> int:
        """How closely this range names a media type; 0 if it does not cover it."""
        type_, _, subtype = media_type.partition("/")
        if (self.type, self.subtype) == (type_, subtype):
            return 3
        if self.subtype != "*":
            return 0
        return {type_: 2, "*": 1}.get(self.type, 0)


def _quality(text: str) -> float:
    try:
        return min(max(float(text), 0.0), 1.0)
    except ValueError:
        return 0.0


def accepted_format(accept: str | None) -> FormatName:
    """The format that suits a client best; CSV if it has no preference, so that plain curl is readable.

    Args:
        accept: The Accept header, or None if there is none.

    Raises:
        NotAcceptableError: If no format suits.
    """
    ranges = [_Range.parse(text) for text in (accept or "*/*").split(",")]
    media_types = {name: make_format(name).media_type for name in FORMAT_NAMES}

    def quality(name: FormatName) -> float:
        closest = max(ranges, key=lambda range_: range_.specificity(media_types[name]))
        return closest.quality if closest.specificity(media_types[name]) else 0.0

    best = max(FORMAT_NAMES, key=quality)
    if not quality(best):
        raise NotAcceptableError(accept or "", list(media_types.values()))
    return best
