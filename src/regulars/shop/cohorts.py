"""Saved groups of customers: made from readable rules or from a list of ids, reused in every question."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING

from regulars.core.cohorts import Cohort, CohortMembers
from regulars.core.errors import UsageError
from regulars.insights.cohort_rules import Is, read_rules
from regulars.insights.cohorts import cohort_members
from regulars.privacy.masks.finding import structured

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import ibis.expr.types as ir

    from regulars.insights import Sources
    from regulars.insights.cohort_rules import Rule
    from regulars.shop.facade import Shop

NAME = re.compile(r"[\w][\w.-]{0,63}")
MOST_RULES = 20
MOST_LISTED = 10_000
"""Customers on a fixed list: it becomes part of every query that uses the cohort."""
LONGEST_TEXT = 1_000
PREFIX = "cohort:"


class Cohorts:
    """The cohorts of one shop.

    Parameters
    ----------
    shop
        The open shop.
    """

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._saved = shop.saved_cohorts
        self._found: tuple[Sources | None, dict[str, list[str]]] = (None, {})

    def list(self) -> list[Cohort]:
        """Return every cohort, by name."""
        return self._saved.list()

    def save(
        self,
        name: str,
        rules: Sequence[str] = (),
        *,
        description: str = "",
        customers: Sequence[str] | None = None,
        replace: bool = False,
    ) -> Cohort:
        """Keep a group of customers under a name.

        Parameters
        ----------
        name
            Letters, digits, '-', '_' and '.', at most 64.
        rules
            What all members have in common, such as `purchase >= 3 in 90 days`; see
            `regulars.insights.cohort_rules`.
        description
            What a person says of it.
        customers
            The shop's own ids of those who may be members at all; None: everybody may.
        replace
            Whether a cohort of this name is replaced.

        Raises
        ------
        UsageError
            The name or a rule cannot be used, nothing says who belongs, an id is unknown, a text names a person by
            phone number or address, or the name is taken.
        """
        if not NAME.fullmatch(name):
            fix = "Use letters, digits, '-', '_' and '.', at most 64."
            raise UsageError(f"'{name[:80]}' cannot be a name", where="name", fix=fix)
        if not rules and customers is None:
            raise UsageError("nothing says who belongs", where="rules", fix="Give rules, or a list of customers.")
        if len(rules) > MOST_RULES:
            raise UsageError(f"{len(rules)} rules are more than {MOST_RULES}", where="rules")
        if len(description) > LONGEST_TEXT:
            raise UsageError(f"longer than {LONGEST_TEXT} characters", where="description")
        read = read_rules(tuple(rules))
        self._check_references(name, read)
        # A cohort that cannot be worked out would take every page that counts cohorts with it.
        _ = cohort_members(self._shop.sources(), read, date.min, None)
        _refuse_people(name, description, read)
        subjects = None if customers is None else self._subjects(customers)
        return self._saved.save(name, [str(rule) for rule in read], description, subjects, replace=replace)

    def delete(self, name: str) -> None:
        """Forget a cohort.

        Raises
        ------
        NotFoundError
            There is none of this name.
        UsageError
            Another cohort's rules name it.
        """
        _ = self._saved.get(name)
        users = [other.name for other in self.list() if name in _references(read_rules(other.rules))]
        if users:
            raise UsageError(f"the cohort '{users[0]}' is made of '{name}'", where="name", fix="Delete that one first.")
        self._saved.delete(name)

    def get(self, name: str, limit: int = 50, offset: int = 0) -> CohortMembers:
        """Return a cohort, its size and a page of its members, by their pseudonym's order.

        Raises
        ------
        NotFoundError
            There is none of this name.
        """
        cohort = self._saved.get(name)
        sources = self._shop.sources()
        subjects = self._members(name, sources)
        page = subjects[offset : offset + limit]
        known = self._shop.names.of(page)
        span = sources.span()
        return CohortMembers(
            cohort=cohort,
            as_of=span.last if span else None,
            size=len(subjects),
            customers=len(self._shop.known_subjects()),
            members=[known.get(subject, subject) for subject in page],
        )

    def tables(self) -> CohortTables:
        """Return name → table of members, each made when it is first asked for."""
        definitions = {cohort.name: cohort for cohort in self.list()}
        listed = {name: self._listed(name) for name, cohort in definitions.items() if cohort.listed is not None}
        return CohortTables(definitions, listed)

    def _members(self, name: str, sources: Sources) -> list[str]:
        """Return the pseudonyms of a cohort's members, in order; kept for as long as nothing changes."""
        # Other state, other sources: whoever asks for the next page has the same.
        # Read once: another thread may have put the members of another state there meanwhile.
        found = self._found
        if found[0] is not sources:
            found = self._found = (sources, {})
        kept = found[1]
        if name not in kept:
            kept[name] = sorted(sources.run(sources.cohorts[name]).column("subject").to_pylist())
        return kept[name]

    def _listed(self, name: str) -> list[str]:
        """Return a fixed list under the pseudonyms of today: accounts may have been joined since."""
        names = self._shop.names
        return sorted({names.person(subject, (subject,)) for subject in self._saved.listed(name) or ()})

    def _subjects(self, customers: Sequence[str]) -> list[str]:
        if len(customers) > MOST_LISTED:
            raise UsageError(
                f"{len(customers)} customers are more than {MOST_LISTED:,}",
                where="customers",
                fix="Describe them by rules, or keep an attribute with each customer and use attribute:NAME=VALUE.",
            )
        known = self._shop.known_subjects()
        found: list[str] = []
        for at, customer in enumerate(customers):
            subject = self._shop.names.subject(customer, known)
            if subject not in known:
                raise UsageError(f"there is no customer '{customer[:80]}'", where=f"customers[{at}]")
            found.append(subject)
        return found

    def _check_references(self, name: str, rules: Sequence[Rule]) -> None:
        """Refuse rules that name a cohort which is not there, or which is made of this one."""
        saved = {cohort.name: cohort for cohort in self.list()}
        waiting, seen = sorted(_references(rules)), set[str]()
        while waiting:
            other = waiting.pop()
            if other == name:
                raise UsageError(f"the cohort '{name}' would be made of itself", where="rules")
            if other not in saved:
                raise UsageError(
                    f"there is no cohort '{other[:80]}'",
                    where="rules",
                    fix=f"Saved: {', '.join(sorted(saved)) or 'none yet'}.",
                )
            if other not in seen:
                seen.add(other)
                waiting += sorted(_references(read_rules(saved[other].rules)))


class CohortTables(Mapping[str, "ir.Table"]):
    """Saved cohorts as tables; the rules of one may name others.

    Parameters
    ----------
    definitions
        The cohorts.
    listed
        The pseudonyms of those with a fixed list.
    """

    def __init__(self, definitions: Mapping[str, Cohort], listed: Mapping[str, Sequence[str]]) -> None:
        self._definitions = definitions
        self._listed = listed
        self._made: dict[str, ir.Table] = {}
        self._sources: Sources | None = None

    def look_at(self, sources: Sources) -> None:
        """Say what the rules are asked of."""
        self._sources = sources

    def __getitem__(self, name: str) -> ir.Table:
        """Return the table of members, with the column `subject`, as of the last day with activity."""
        definition = self._definitions[name]
        if name not in self._made:
            if self._sources is None:
                raise RuntimeError("look_at comes first")
            span = self._sources.span()
            as_of = span.last if span else date.min
            rules = read_rules(definition.rules)
            self._made[name] = cohort_members(self._sources, rules, as_of, self._listed.get(name))
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        """Yield the names."""
        return iter(self._definitions)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._definitions)


def _references(rules: Sequence[Rule]) -> set[str]:
    """Return the cohorts that rules name."""
    return {rule.name.removeprefix(PREFIX) for rule in rules if isinstance(rule, Is) and rule.name.startswith(PREFIX)}


def _refuse_people(name: str, description: str, rules: Sequence[Rule]) -> None:
    """Refuse texts that name somebody: an erasure could not take that person out of them."""
    texts = {"name": name, "description": description}
    for at, rule in enumerate(rules):
        # Elsewhere a number is a product's or a place's.
        if isinstance(rule, Is) and rule.name.startswith(("attribute:", "property:")):
            texts[f"rules[{at}]"] = " ".join(rule.values)
    for where, text in texts.items():
        if any(span.kind in ("email", "phone") for span in structured(text)):
            raise UsageError(
                "holds an address or a number of a person", where=where, fix="Put people on the cohort's list instead."
            )
