"""What a mapping does to the rows of a file before anything is checked: joins, then rules, then computed columns."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from regulars.core.errors import InputError
from regulars.events.computed import add_computed
from regulars.events.joined import Joined
from regulars.events.plan import is_there, listed
from regulars.events.row_rules import KIND, apply_rules

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from regulars.events.batch import Raw
    from regulars.events.mapping import Mapping
    from regulars.events.plan import Plan
    from regulars.events.rules import Rules


class JoinedFiles:
    """The other files of the joins of one import; those of one folder are in memory at a time."""

    def __init__(self, mapping: Mapping, max_field: int) -> None:
        self._joins = mapping.join
        self._max_field = max_field
        self._folder: Path | None = None
        self._files: list[Joined] = []

    def of(self, folder: Path) -> list[Joined]:
        """Return them as they lie in `folder`, in the order of the joins."""
        if folder != self._folder:
            self._files = []
            self._files = [Joined(join, folder, self._max_field) for join in self._joins]
            self._folder = folder
        return self._files


class Shape:
    """The steps of a mapping for one file.

    Parameters
    ----------
    path
        The file.
    mapping
        What its steps are.
    joined
        The other files.
    rules
        How times are written.
    """

    def __init__(self, path: Path, mapping: Mapping, joined: JoinedFiles, rules: Rules) -> None:
        self._path = path
        self._mapping = mapping
        self._joined = joined.of(path.parent)
        self._rules = rules
        self._kind: tuple[str | None, str | None] = (None, None)

    def names(self, found: Sequence[str]) -> list[str]:
        """Return the columns of the file and those that are added.

        Raises
        ------
        InputError
            A step needs a column that is not there, or adds one that is.
        """
        names = list(found)
        for where, needed, added in self._steps():
            for name in needed:
                if not is_there(name, names):
                    raise InputError(
                        f"has no column '{name}', which the mapping needs for {where}; its columns are {listed(names)}",
                        where=str(self._path),
                        fix="Correct the mapping file.",
                    )
            for name in added:
                if name in names:
                    raise InputError(
                        f"has a column '{name}' already, which the mapping adds in {where}",
                        where=str(self._path),
                        fix="Leave it out there, or give it another name.",
                    )
            names += added
        return names

    def plan(self, plan: Plan) -> Plan:
        """Return the plan in which kinds come from the rules, if they give any."""
        self._kind = (plan.sources.get("kind"), str(plan.constants.get("kind", "")) or None)
        if plan.table != "events" or not any(rule.kind for rule in self._mapping.when):
            return plan
        return replace(plan, sources={**plan.sources, "kind": KIND})

    def reads(self, wanted: Sequence[str]) -> list[str]:
        """Return which columns of the file itself give the columns `wanted`, and what the steps need."""
        added = {name for _, _, more in self._steps() for name in more} | {KIND}
        needed = [name for _, names, _ in self._steps() for name in names]
        usual = [self._kind[0]] if self._kind[0] else []
        return [name for name in dict.fromkeys([*wanted, *needed, *usual]) if name not in added]

    def apply(self, raw: Raw) -> Raw:
        """Return the rows after every step; what a step sets aside is among the rejects."""
        for other in self._joined:
            lost, other.rejects = other.rejects, []
            raw = replace(raw, rejects=[*raw.rejects, *lost])
        if raw.columns.num_rows == 0:
            return raw
        for other in self._joined:
            raw = other.add(raw)
        if self._mapping.when:
            raw = apply_rules(raw, self._mapping.when, *self._kind)
        return add_computed(raw, self._mapping.computed, self._rules)

    def _steps(self) -> Iterator[tuple[str, tuple[str, ...], tuple[str, ...]]]:
        """Yield each step's name, the columns it needs and the columns it adds."""
        for join in self._mapping.join:
            yield f"the join of {join.file}", (join.on,), join.columns
        for rule in self._mapping.when:
            yield "a rule", (rule.column,), ()
        for name, how in self._mapping.computed.items():
            yield f"the computed column '{name}'", how.inputs(), (name,)
