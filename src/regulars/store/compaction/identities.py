"""Who did it: one pseudonym a person, whatever the device called them before they said who they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from regulars.events.wire import WireEvent
    from regulars.privacy.pseudonyms import Pseudonyms

CACHE = 500_000
_PENDING = "~"
"""Marks the first person of a device that went on to another before the rows stored under it were joined."""


class Identities:
    """Pseudonyms, and which anonymous visitors are whom.

    What an anonymous visitor did before they became known is joined to the first person they became; on a shared
    device, what comes after belongs to whoever was known last.

    Parameters
    ----------
    pseudonyms
        Makes them.
    links
        Anonymous pseudonym → known pseudonym, and whether the rows stored before are joined on.
    followers
        Called with both when one pseudonym turns out to be another.
    gone
        Tells who was erased: nothing new is noted of them.
    """

    def __init__(
        self,
        pseudonyms: Pseudonyms,
        links: dict[str, tuple[str, bool]],
        followers: Sequence[Callable[[str, str], None]] = (),
        gone: Callable[[str], bool] = lambda _: False,
    ) -> None:
        self._pseudonyms = pseudonyms
        self._gone = gone
        self._followers = followers
        self.links = links
        self.changed: dict[str, tuple[str, bool]] = {}
        self.names: dict[str, str] = {}
        """Known pseudonym → the shop's own id, of everyone met since `names` was last emptied."""
        self._known: dict[str, str] = {}
        self._anonymous: dict[str, str] = {}

    def subject(self, event: WireEvent, *, page: bool) -> str:
        """Return whose event it is, and remember what it says about who is who."""
        if event.user is None:
            return self._latest(self.anonymous(event.anonymous or ""))
        known = self._latest(self.known(event.user))
        if self._gone(known):
            _ = self.names.pop(known, None)
            return known
        if event.anonymous is not None:
            self._link(self.anonymous(event.anonymous), known)
        if event.alias_of is not None and event.alias_of != event.user:
            self._link(self.anonymous(event.alias_of), known)
            # A page may say whom its own visitor became, but not that two customers are one.
            if not page:
                other = self._latest(self.known(event.alias_of))
                if other != known:
                    self._link(other, known)
        return known

    def known(self, user: str) -> str:
        """Return the pseudonym of a customer."""
        found = self._known.get(user)
        if found is None:
            if len(self._known) > CACHE:
                self._known.clear()
            found = self._known[user] = self._pseudonyms.subject(user)
        if found not in self.names:
            self.names[found] = user
        return found

    def anonymous(self, name: str) -> str:
        """Return the pseudonym of a device."""
        found = self._anonymous.get(name)
        if found is None:
            if len(self._anonymous) > CACHE:
                self._anonymous.clear()
            found = self._anonymous[name] = self._pseudonyms.anonymous(name)
        return found

    def referrer(self, user: str) -> str | None:
        """Return who referred somebody; None when they were erased."""
        known = self._latest(self.known(user))
        if self._gone(known):
            _ = self.names.pop(known, None)
            return None
        return known

    def taken(self) -> dict[str, tuple[str, bool]]:
        """Return the links that changed since the last call."""
        changed, self.changed = self.changed, {}
        return changed

    def _latest(self, name: str) -> str:
        """Return who somebody is by now; customers are only ever linked from one who is nobody else to another."""
        while (link := self.links.get(name)) is not None:
            name = link[0]
        return name

    def _link(self, anonymous: str, known: str) -> None:
        before = self.links.get(anonymous)
        if before is not None and self._latest(before[0]) == known:
            return
        if before is not None and not before[1]:
            # Rows that are stored already go to the first person, whenever they are joined.
            pending = anonymous + _PENDING
            self.links[pending] = self.changed[pending] = before
        self.links[anonymous] = self.changed[anonymous] = (known, before is not None)
        for follow in self._followers:
            follow(anonymous, known)


def joins(links: Mapping[str, tuple[str, bool]]) -> dict[str, str]:
    """Return whose rows are still to be joined to whom: who they are in the end, where that went on."""
    first = {name.removesuffix(_PENDING): known for name, (known, joined) in links.items() if not joined}
    found: dict[str, str] = {}
    for name, known in first.items():
        last = known
        while last in first:
            last = first[last]
        found[name] = last
    return found


def joined(links: Mapping[str, tuple[str, bool]]) -> tuple[dict[str, tuple[str, bool]], list[str]]:
    """Return the links that change, and those that go, when everything that was to be joined is."""
    first = {name: known for name, (known, done) in links.items() if not done}
    kept = {name: (known, True) for name, known in first.items() if not name.endswith(_PENDING)}
    return kept, [name for name in first if name.endswith(_PENDING)]
