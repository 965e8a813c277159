"""Personal data in free text: where it stands, and the text without it."""

from regulars.privacy.masks.codes import mask_code
from regulars.privacy.masks.finding import find
from regulars.privacy.masks.forms import mask, mask_excerpt, mask_structured
from regulars.privacy.masks.spans import KINDS, PROSE, STRUCTURED, Kind, Span

__all__ = [
    "KINDS",
    "PROSE",
    "STRUCTURED",
    "Kind",
    "Span",
    "find",
    "mask",
    "mask_code",
    "mask_excerpt",
    "mask_structured",
]
