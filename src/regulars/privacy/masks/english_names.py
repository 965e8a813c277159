"""Names in Latin letters: after a title, a greeting or an introduction, and where a common first name begins them."""

from __future__ import annotations

import re
from typing import Final

from regulars.privacy.masks.spans import Span

_FIRST_NAMES_TEXT: Final = (
    "Aaron Abigail Adam Adrian Alan Albert Alex Alexander Alexandra Alice Alicia Alison Amanda Amber Amelia"
    " Amy Andrea Andrew Angela Anita Ann Anna Anne Annie Anthony Antonio Arthur Ashley Audrey Barbara Beatrice"
    " Benjamin Bernard Beth Betty Beverly Bonnie Bradley Brandon Brenda Brian Bridget Bruce Bryan Caleb"
    " Cameron Carl Carla Carlos Carol Caroline Carolyn Catherine Cecilia Charles Charlotte Cheryl Chloe"
    " Christian Christina Christine Christopher Cindy Claire Clara Colin Connor Craig Crystal Cynthia Daniel"
    " Danielle David Deborah Debra Denise Dennis Derek Diana Diane Dominic Donald Donna Doris Dorothy Douglas"
    " Dylan Edith Edward Eileen Elaine Eleanor Elena Elizabeth Ella Ellen Emily Emma Eric Erik Erin Ethan"
    " Eugene Eva Evan Evelyn Felix Fiona Frances Francis Frank Fred Frederick Gabriel Gary George Gerald"
    " Gloria Gordon Graham Gregory Hannah Harold Harry Heather Helen Helena Henry Howard Hugo Ian Irene Isaac"
    " Isabella Jack Jacob Jacqueline James Jamie Jane Janet Janice Jason Jean Jeffrey Jennifer Jeremy Jerry"
    " Jesse Jessica Jill Joan Joanna Joe Joel John Jonathan Jordan Jose Joseph Joshua Joyce Juan Judith Judy"
    " Julia Julian Julie Justin Karen Karl Kate Katherine Kathleen Katie Keith Kelly Kenneth Kevin Kimberly"
    " Kyle Larry Laura Lauren Lawrence Leah Leo Leonard Leslie Liam Lillian Linda Lisa Logan Louis Louise"
    " Lucas Lucy Luis Luke Madison Marco Marcus Margaret Maria Marie Marilyn Mario Martha Martin Mary Matthew"
    " Megan Melissa Mia Michael Michelle Miguel Mohamed Mohammed Monica Nancy Natalie Nathan Neil Nicholas"
    " Nicole Nina Noah Nora Oliver Olivia Oscar Pamela Patricia Patrick Paul Paula Peter Philip Phillip Rachel"
    " Ralph Raymond Rebecca Richard Robert Roger Ronald Rosa Rose Roy Russell Ruth Ryan Samantha Samuel Sandra"
    " Sara Sarah Scott Sean Sharon Shirley Simon Sofia Sophia Sophie Stefan Stephanie Stephen Steven Stuart"
    " Susan Suzanne Sylvia Tamara Tara Teresa Theodore Theresa Thomas Timothy Tina Todd Tom Tony Tracy Tyler"
    " Valerie Vanessa Veronica Victor Victoria Vincent Virginia Walter Wayne Wendy William Zachary Zoe"
)
FIRST_NAMES: Final = frozenset(_FIRST_NAMES_TEXT.split())
_UPPER: Final = (
    "A-Z\u00c0-\u00d6\u00d8-\u00de\u0104\u0106\u010c\u010e\u0116\u0118\u0141\u0143\u0150\u0158\u015a\u0160\u0164"
    "\u0170\u017b\u017d"
)
_LOWER: Final = "a-z\u00df-\u00f6\u00f8-\u017f"
_PART: Final = (
    rf"[{_UPPER}](?:[{_LOWER}]+|['’][{_UPPER}]?[{_LOWER}]+|[{_LOWER}]*-[{_UPPER}][{_LOWER}]+"
    rf"|[{_LOWER}]+[{_UPPER}][{_LOWER}]+)(?![{_UPPER}{_LOWER}*])"
)
_INITIAL: Final = rf"[{_UPPER}]\.?(?![{_UPPER}{_LOWER}*])"
_PARTICLE: Final = r"(?:van|der|den|de|la|von|ten|da|di|del|dos|bin|al|el|le)"
_MORE: Final = rf"(?: (?:{_INITIAL} |{_PARTICLE} (?:{_PARTICLE} )?)?{_PART})"
_NAME: Final = rf"{_PART}{_MORE}{{0,3}}"
_FULL: Final = rf"{_PART}{_MORE}{{1,3}}"

_CUES: Final = re.compile(
    r"\b(?:(?:Mr|Mrs|Ms|Dr|Prof|mr|mrs|ms|dr|prof)\.? |(?:Miss|Professor|Doctor|Madam|Mister) "
    r"|[Nn]ame is |[Nn]ame's |[Nn]ame: ?|[Cc]ustomer: ?|[Rr]ecipient: ?|[Aa]ttn:? |[Cc]ardholder:? |[Cc]ontact: ?"
    rf"|correct it to |change it to |[Dd]ear )(?:(?:Mr|Mrs|Ms|Dr|Prof|Miss)\.? )?({_NAME})"
)
_SIGNED: Final = re.compile(
    rf"(?:[Rr]egards|[Ss]incerely|[Cc]heers|[Yy]ours|[Bb]est|[Tt]hanks),\s{{1,3}}({_NAME})(?=[.!]?\s*$|\n)"
)
_SELF: Final = re.compile(rf"\b(?:I am|I'm|I’m|[Tt]his is|[Ss]igned,?|on behalf of) ({_FULL})")
_FIRST: Final = re.compile(rf"\b({_PART})({_MORE}{{1,3}})")
_KIN: Final = re.compile(
    r"\b[Mm]y (?:kid|son|daughter|husband|wife|brother|sister|friend|boss|colleague|neighbou?r|mother|father|partner) "
    rf"({_NAME})"
)
_ASKED: Final = re.compile(rf"name(?: on [a-z ]{{1,20}})?\? (?:User: |Customer: )?({_NAME})(?=[.!]?\s*$|\n)")
_INITIALLED: Final = re.compile(rf"\b({_PART} {_INITIAL} {_PART})")
_LABEL: Final = re.compile(rf"^[ \t]{{0,8}}({_FULL})[ \t]{{0,8}}\n\s{{0,16}}[0-9]", re.MULTILINE)
"""A line of its own above a house number: an address label."""
_ACTED: Final = re.compile(
    rf"(?:^|[.!?>:,] )({_FULL})(?= (?:lives|lived|said|says|wrote|called|told|asked|bought|ordered|paid) )"
)
_GREETED: Final = re.compile(rf"\b(?:[Hh]i|[Hh]ello|[Hh]ey|[Tt]hanks|[Tt]hank you),? ({_PART})(?=[,.!\s]|$)")
_NO_NAMES_TEXT: Final = (
    "Mr Mrs Ms Miss Dr Prof Sir Madam Customer Customers Team Support Service Seller Shop Store Friend"
    " Friends Everyone All There Bot Not None Your My The This That These We You Our Please Thank Thanks Order"
    " Amazon Google Apple Black Friday Christmas Monday Tuesday Wednesday Thursday Saturday Sunday January"
    " February March April May June July August September October November December Street Avenue Road Lane"
    " Drive Court Suite Apt Unit City New North South East West San Los Las Great Good Very American British"
    " Chinese French German Italian Spanish Japanese English Russian Canadian Dutch Swedish Polish Kong"
    " University College School Hospital Bank Hotel Church Park Island River Inc Ltd Corp Company Group Greek"
    " Cross Clinic In On At And Or But If For From With When Where What Who Why How Is Are Was Do Does Can"
    " Could Would Will It He She They"
)
_NO_NAMES: Final = frozenset(_NO_NAMES_TEXT.split())


_WORDED: Final = (_CUES, _SIGNED, _SELF, _KIN, _ASKED, _INITIALLED, _LABEL, _ACTED)


def english_names(text: str) -> list[Span]:
    """Return names after titles and introductions, at the end of letters, and after common first names, in order."""
    found = {m.span(1) for pattern in _WORDED for m in pattern.finditer(text) if _plausible(m[1])}
    found |= {m.span(1) for m in _GREETED.finditer(text) if m[1] in FIRST_NAMES}
    found |= {m.span() for m in _FIRST.finditer(text) if m[1] in FIRST_NAMES and _plausible(m[0])}
    spans: list[Span] = []
    for start, end in sorted(found, key=lambda span: (span[0], -span[1])):
        if not (spans and start < spans[-1].end):
            spans.append(Span(start, end, "name"))
    return spans


def _plausible(name: str) -> bool:
    return not any(part in _NO_NAMES for part in name.split())
