"""Slates from learned models: in a millisecond, with the true reason of each item."""

from __future__ import annotations

from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

import numpy as np

from regulars.core.errors import NotFoundError
from regulars.core.ids import new_id
from regulars.core.records import Item, Reason, Slate, SlateItem
from regulars.interests import Histories
from regulars.interests.blend_features import Candidates
from regulars.interests.interactions import DAY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from regulars.interests import Blend, Interactions
    from regulars.interests.covisitation import CoVisitation
    from regulars.interests.item_knn import ItemKNN

NEXT, TOGETHER = 0.6, 0.4
"""How 'bought next' and 'bought by the same people' weigh in a slate for an item or a basket."""


class Recommendations:
    """Answers 'what to show' from one learned blend.

    Parameters
    ----------
    blend
        The fitted models.
    interactions
        What they learned from: known customers' histories and the names behind the numbers.
    items
        The catalogue: id → item. Items without an entry are shown under their id.
    version
        Of the models, for the decision's policy.
    """

    def __init__(self, blend: Blend, interactions: Interactions, items: Mapping[str, Item], version: str) -> None:
        self.blend = blend
        self.interactions = interactions
        self.items = items
        self.version = version
        self._next: CoVisitation = blend.parts_["covisitation"]  # type: ignore[assignment]
        self._similar: ItemKNN = blend.parts_["knn"]  # type: ignore[assignment]
        self._popular = np.argsort(-blend.parts_["popularity"].score(Histories.of([[]]))[0], kind="stable")

    def for_customer(self, subject: str, n: int) -> Slate:
        """Return a slate for a customer; one without a history gets what is popular, marked as a fallback."""
        number = self.interactions.user_index.get(subject)
        history = None if number is None else self.interactions.histories.row(number)
        if history is None or len(history.items) == 0:
            return self._fallback("customer", subject, n, set())
        blend = self.blend
        candidates = next(blend.featurizer_.candidates(history, known=blend.config.repeat))
        scores = blend.rate(candidates)
        # Candidates come in the order of their numbers, so that a stable sort leaves ties to the smaller one.
        order = np.argsort(-scores, kind="stable")[:n]
        shares = blend.shares(Candidates(candidates.items[order], candidates.features[order]))
        owned = set(history.items.tolist())
        chosen: list[SlateItem] = []
        for place, at in enumerate(order.tolist()):
            item = int(candidates.items[at])
            parts = {name: round(float(values[place]), 4) for name, values in shares.items()}
            reason = self._reason(history, item, parts, known=item in owned)
            chosen.append(self._line(item, float(scores[at]), reason, parts))
        return self._slate("customer", subject, "blend", chosen)

    def for_item(self, item: str, n: int) -> Slate:
        """Return what goes with an item.

        Raises
        ------
        NotFoundError
            Neither the catalogue nor the events know it.
        """
        if item not in self.interactions.item_index:
            if item not in self.items:
                raise NotFoundError(f"there is no item '{item}'")
            return self._fallback("item", None, n, set())
        return self._together("item", [item], n)

    def for_basket(self, basket: Sequence[str], n: int) -> Slate:
        """Return what goes with a basket of a visitor without a name; unknown items are passed over."""
        known = [item for item in basket if item in self.interactions.item_index]
        if not known:
            return self._fallback("basket", None, n, set())
        return self._together("basket", known, n)

    def _together(self, kind: str, basket: list[str], n: int) -> Slate:
        index = self.interactions.item_index
        history = np.array([index[item] for item in basket], np.int32)
        # Every item of a basket counts alike, so the decay by recency is left out.
        parts = {
            "covisitation": _share(self._next.neighbours_.score(_as_history(history), 0.0, len(history))[0]),
            "knn": _share(self._similar.neighbours_.score(_as_history(history), 0.0, len(history))[0]),
        }
        scores = NEXT * parts["covisitation"] + TOGETHER * parts["knn"]
        scores[history] = 0
        order = np.argsort(-scores, kind="stable")[:n]
        chosen: list[SlateItem] = []
        for at in order[scores[order] > 0]:
            added = {"covisitation": round(NEXT * float(parts["covisitation"][at]), 4),
                     "knn": round(TOGETHER * float(parts["knn"][at]), 4)}  # fmt: skip
            reason = self._source(history, int(at), next_first=added["covisitation"] >= added["knn"])
            chosen.append(self._line(int(at), float(scores[at]), reason, added))
        if len(chosen) < n:
            taken = {index[item] for item in basket} | {index[line.item] for line in chosen}
            chosen += self._fallback(kind, None, n - len(chosen), taken).items
        return self._slate(kind, None, "together", chosen)

    def _fallback(self, kind: str, subject: str | None, n: int, taken: set[int]) -> Slate:
        numbers = [int(i) for i in self._popular[: n + len(taken)] if int(i) not in taken][:n]
        top = float(self.blend.featurizer_.log_season.max(initial=1.0)) or 1.0
        lines: list[SlateItem] = []
        for number in numbers:
            score = float(self.blend.featurizer_.log_season[number]) / top
            lines.append(self._line(number, score, Reason(code="popular", facts={"days": 28}), {"popularity": score}))
        return self._slate(kind, subject, "popular", lines, fallback=True)

    def _reason(self, history: Histories, item: int, parts: dict[str, float], *, known: bool) -> Reason:
        """Word the part that adds most; a reason must be true of this customer, not merely possible.

        For an item the customer has, matrix factorisation too says little more than 'had it before': where the
        repeat part adds anything, its facts are the reason.
        """
        if known and parts["repeat"] > 0:
            return _buy_again(history, item, self.blend.now_)
        for part in sorted(parts, key=lambda name: -parts[name]):
            if part in ("covisitation", "knn"):
                reason = self._source(history.items, item, next_first=part == "covisitation")
                if reason.code != "popular":
                    return reason
            if part in ("als", "neighbours"):
                return Reason(code="similar_customers")
            if part == "popularity":
                break
        return Reason(code="popular", facts={"days": 7})

    def _source(self, history: NDArray[np.int32], item: int, *, next_first: bool) -> Reason:
        """Return which item of the history led to this one."""
        model = self._next if next_first else self._similar
        recent = history[-model.config.history_depth :]
        target = np.array([item], np.int32)
        source = int(model.neighbours_.strongest_source(recent, target, model.history_decay)[0])
        if source < 0:
            return Reason(code="popular", facts={"days": 7})
        name = self.interactions.items[source]
        code = "bought_next" if next_first else "bought_with"
        return Reason(code=code, facts={"item": name, "title": self._item(name).title or name})

    def _item(self, name: str) -> Item:
        return self.items.get(name) or Item(item=name, title=name)

    def _line(self, number: int, score: float, reason: Reason, parts: dict[str, float]) -> SlateItem:
        item = self._item(self.interactions.items[number])
        return SlateItem(
            item=item.item, title=item.title or item.item, score=round(score, 6), reason=reason, category=item.category,
            brand=item.brand, price=item.price, currency=item.currency, parts=parts,
        )  # fmt: skip

    def _slate(
        self, kind: str, subject: str | None, policy: str, items: list[SlateItem], *, fallback: bool = False
    ) -> Slate:
        return Slate(
            decision=new_id("dec"), kind=kind, subject=subject, policy=f"{policy}@{self.version}", items=items,
            fallback=fallback,
        )  # fmt: skip


def _as_history(items: NDArray[np.int32]) -> Histories:
    return Histories(
        np.array([0, len(items)], np.int64), items, np.zeros(len(items), np.int64), np.ones(len(items), np.float32)
    )


def _share(values: NDArray[np.float32]) -> NDArray[np.float32]:
    top = values.max(initial=0)
    return values / top if top > 0 else values


def _buy_again(history: Histories, item: int, now: int) -> Reason:
    # Plain lists: a customer buys one item a dozen times, and NumPy's own overhead is most of its time on so few.
    days = sorted({at // DAY for at in history.times[history.items == item].tolist()})
    facts: dict[str, int] = {"times": len(days), "days_ago": max(0, now // DAY - days[-1])}
    if len(days) > 1:
        facts["every_days"] = max(1, round(median(later - sooner for sooner, later in pairwise(days))))
    return Reason(code="buy_again", facts=facts)
