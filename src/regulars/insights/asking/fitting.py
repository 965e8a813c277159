"""What was said as the parameters of one question: each question calls the same thing by its own name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from regulars.core.errors import UsageError
from regulars.insights.asking.words import ASPECTS, Said, first_said, words_of
from regulars.insights.dimensions import OF_CUSTOMERS, OF_EVENTS
from regulars.insights.params import kind_of, parse
from regulars.insights.questions import QUESTIONS
from regulars.insights.where import read_condition

if TYPE_CHECKING:
    from collections.abc import Callable

    from regulars.insights.asking.slots import Slots

CHOICES: dict[str, dict[str, tuple[Any, ...]]] = {
    "retention": {
        "variant": words_of({
            "unbounded": r"\bunbounded\b|\bor later\b|\bat any time after\b|\brolling retention\b|或之后|及以后",
            "recurring": r"\brecurring\b|\bnew or not\b|\bexisting and new\b|不论新老|新老客户",
        }),
    },
    "time-to-return": {"after": words_of({"each": r"\beach visit\b|\bevery (?:visit|purchase)\b"
    r"|\bbetween (?:two )?visits\b|每次之后"})},
    "rfm": {
        "show": words_of({
            "segments": r"\bsegments?\b|\bgroups?\b|\bchampions?\b|\bat risk\b|\bhibernat|分层|分群|流失|重要|客群",
            "scores": r"\bscores?\b|\bmatrix\b|分数|得分|矩阵",
        }),
    },
    "affinity": {
        "sort": words_of({
            "confidence": r"\bconfidence\b|置信度", "support": r"\bsupport\b|\bmost orders\b|支持度",
            "lift": r"\blift\b|提升度",
        }),
    },
    "products": {
        "sort": words_of({
            "buy_rate": r"\bconver\w+|\bbuy rate\b|\blook(?:ing|ed)? (?:to|and) buy|转化率?|看了就买",
            "viewers": r"\bview(?:s|ed|ers)?\b|\blooked at\b|浏览|看的人|被看",
            "quantity": r"\bquantit\w+|\bunits?\b|\bpieces\b|件数|销量|数量",
            "buyers": r"\bmost (?:customers|buyers|people)\b|\bby (?:number of )?(?:buyers|customers)\b|买家(?:数"
            r"|最多)|买的人最?多",
            "revenue": r"\brevenues?\b|\bsales\b|\bturnover\b|销售额|金额|收入",
        }),
    },
    "influence": {"ties": words_of({
        "households": r"\bhouseholds?\b|\bfamil\w+|\blive together\b|一家|家里|家人|家庭|同住",
        "referrals": r"\breferr\w+|\binvit\w+|推荐|邀请|介绍",
    })},
    "sessions": {
        "view": words_of({
            "depth": r"\bdeep\b|\bdepth\b|\bpages per\b|\bhow many (?:events|pages)\b|深度|多深|几个页面|多少页",
            "duration": r"\bhow long\b|\bduration\b|\blengths?\b|\btime spent\b|\bhow much time\b|时长|多久|多长|停留",
        }),
        "boundary": words_of({"sender": r"\bsender\b", "channel": r"\bchange of channel\b",
        "campaign": r"\bchange of campaign\b"}),
    },
    "channels": {"touch": words_of({
        "first": r"\bfirst[- ](?:touch|click|visit|contact)\b|首次触点|首触|首次点击|首次访问",
        "last": r"\blast[- ](?:touch|click|visit|contact)\b|末次|最后一?次?(?:触点|点击)",
    })},
    "search": {"sort": words_of({
        "no_result": r"\b(?:without|no|zero|0)(?: any)? (?:results?|hits)\b|\b(?:finds?|found) nothing\b|搜不到"
        r"|无结果|没有?结果|失败",
        "left": r"\bg(?:ive|ave|iven) up\b|\babandon\w*|\bnothing follow\w*|\bleft\b|\bnobody clicks\b"
        r"|\bwithout (?:clicking|a click)\b"
        r"|放弃|没点|什么都没|离开|走了",
    })},
    "funnel": {
        "order": words_of({
            "strict": r"\b(?:directly|immediately|strictly)\b|紧接着|直接", "any": r"\bany order\b|不分先后|任意顺序",
        }),
        "unit": words_of({"session": r"\b(?:in|within) (?:one|a|the same) (?:session|visit)\b|同一次(?:访问|会话)"}),
    },
    "paths": {"view": words_of({
        "matrix": r"\bmatrix\b|\btransitions?\b|\bwhat follows what\b|矩阵|转移",
        "paths": r"\b(?:commonest|common|frequent|typical|top|popular|usual) (?:\w+ )?(?:paths?|journeys?|sequences?)\b"
        r"|常见.{0,6}路径|路径排行|主要路径",
        "flow": r"\bflows?\b|\bsankey\b|流向|桑基",
    })},
    "reviews": {
        "show": words_of({
            "complaints": r"\bsudden(?:ly)?\b|\balerts?\b|\bmore complaints than\b|突然|预警|异常",
            "products": r"\b(?:which|what|by|per|each) (?:\w+ )?(?:products?|items?)\b|(?:哪些|哪个|各|每个"
            r"|按)(?:商品|产品)"
            r"|(?:商品|产品)(?:有哪些|是哪)",
            "aspects": r"\bcomplain\w* (?:about|of)\b|\bwhat .{0,40}(?:unhappy|dissatisf\w+|dislike|complain)"
            r"|\baspects?\b|\btopics?\b"
            r"|抱怨什么|什么不满|不满什么|吐槽什么|哪些?方面|在抱怨|都?在?抱怨",
        }),
        "aspect": ASPECTS,
    },
}  # fmt: skip
"""Question → parameter → the words for its choices."""
_AFTER = re.compile(r"\b(?:after|following|from|starting with|once)\b(.*)$|^(.*?)(?:之后|以后|后)")
_BEFORE = re.compile(r"\b(?:before|end(?:s|ed|ing)?(?: up)? (?:in|with|at)|lead(?:s|ing)? (?:up )?to|towards)\b(.*)$"
                     r"|^(.*?)(?:之前|以前|前的?)|(?:最后|最终|通向|通往|直到)(.*)$")  # fmt: skip
_SHARE = re.compile(r"\bconver\w+|\bratio\b|\brate\b|\bshare of\b|\bpercent\w*|转化率|比率|占比|比例")
_AGAIN = re.compile(r"\b(?:purchases?|orders?|buy|bought)\b|购买|下单|复购|回购|买")
MONEY = ("value", "average_value", "value_per_customer")


class Fitting:
    """Parameters of one question as they come together, and the words each was read from."""

    def __init__(self, name: str, slots: Slots) -> None:
        self.name = name
        self.slots = slots
        self.fields: dict[str, Any] = {f.encode_name: f.type for f in msgspec.structs.fields(QUESTIONS[name].params)}
        self.params: dict[str, str] = {}
        self.words: dict[str, str] = {}

    def put(self, param: str, said: Said | None) -> None:
        """Set a parameter, unless it was set before or the question has none of that name."""
        if said is not None and param in self.fields and param not in self.params:
            self.params[param] = said.value
            self.words[param] = said.words

    def is_possible(self, param: str, value: str) -> bool:
        """Say whether the question takes such a parameter with that value."""
        if param not in self.fields:
            return False
        choices = kind_of(self.fields[param]).choices
        return not choices or value in choices


def fitted(name: str, slots: Slots) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """Return the parameters of a question as text, and what each was read from; all can be used.

    Parameters
    ----------
    name
        The question.
    slots
        What was said.
    """
    fitting = Fitting(name, slots)
    for put in (_put_days, _put_choices, *_OWN.get(name, ()), _put_split, _put_kinds, _put_where, _put_numbers):
        put(fitting)
    _drop_unusable(fitting)
    reading = [(fitting.words[param], f"{param}={value}") for param, value in fitting.params.items()]
    return fitting.params, reading


def _drop_unusable(fitting: Fitting) -> None:
    """Leave out what the question would refuse: better less understood than an error."""
    while fitting.params:
        try:
            typed = parse(QUESTIONS[fitting.name].params, fitting.params)
            for condition in typed.where:
                _ = read_condition(condition)
        except UsageError as error:
            if error.where in fitting.params:
                del fitting.params[error.where]
            else:
                fitting.params.popitem()
        else:
            return


def _put_days(fitting: Fitting) -> None:
    days, slots = fitting.slots.days, fitting.slots
    if days is None:
        fitting.put("period", slots.period)
        return
    rolling = {"rfm": "days", "days-active": "window"}.get(fitting.name)
    if days.rolling and rolling:
        fitting.put(rolling, Said(str(days.rolling), days.words))
    else:
        if days.first is not None:
            fitting.put("from", Said(days.first.isoformat(), days.words))
        if days.last is not None:
            fitting.put("to", Said(days.last.isoformat(), days.words))
    fitting.put("period", slots.period)


def _put_choices(fitting: Fitting) -> None:
    for param, words in CHOICES.get(fitting.name, {}).items():
        fitting.put(param, first_said(words, fitting.slots.text))


def _put_split(fitting: Fitting) -> None:
    """Put the first dimension that is possible into what the question calls the split."""
    named = list(fitting.slots.dimensions)
    if fitting.name in _MENTIONED:
        named += [said for said in fitting.slots.mentioned if said.value != "item"]
    for param in ("level", "by", "breakdown"):
        if param not in fitting.fields or (fitting.name, param) in _NO_SPLIT:
            continue
        for said in named:
            value = _of_customers(said.value) if fitting.name in _BY_CUSTOMERS else said.value
            if fitting.is_possible(param, value):
                fitting.put(param, Said(value, said.words))
                break
    if fitting.name == "channels" and len(fitting.slots.dimensions) > 1:
        across = fitting.slots.dimensions[1]
        if fitting.is_possible("across", across.value):
            fitting.put("across", across)
    if fitting.name == "search" and fitting.slots.period:
        fitting.put("by", Said("period", fitting.slots.period.words))


_BY_CUSTOMERS = ("stickiness", "retention", "days-active")
_MENTIONED = ("places", "affinity", "channels")
"""Questions whose split is meant wherever its name stands: 'the distance of customers', 'categories in one basket'."""
_NO_SPLIT = frozenset({("search", "by")})


def _of_customers(name: str) -> str:
    return f"first_{name}" if name in OF_EVENTS and f"first_{name}" in OF_CUSTOMERS else name


def _put_kinds(fitting: Fitting) -> None:
    kinds = fitting.slots.kinds
    if not kinds or "kinds" not in fitting.fields or fitting.name == "lifecycle":
        return
    # Only buying again is another activity than coming again; other kinds are named in passing.
    if fitting.name in ("time-to-return", "retention"):
        kinds = [said for said in kinds if said.value == "purchase"]
    if kinds:
        fitting.put("kinds", Said(",".join(said.value for said in kinds), "; ".join(said.words for said in kinds)))


def _put_where(fitting: Fitting) -> None:
    conditions = list(fitting.slots.conditions)
    if fitting.slots.item and "item" not in fitting.fields:
        conditions.append(Said(f"item={fitting.slots.item.value}", fitting.slots.item.words))
    if conditions:
        words = "; ".join(said.words for said in conditions)
        fitting.put("where", Said(",".join(said.value for said in conditions), words))


def _put_numbers(fitting: Fitting) -> None:
    slots = fitting.slots
    fitting.put("limit" if "limit" in fitting.fields else "top", slots.top)
    if fitting.name in ("affinity", "reviews"):
        fitting.put("item", slots.item)
    if fitting.name in ("sessions", "paths"):
        fitting.put("timeout", slots.minutes)
    if fitting.name == "search":
        fitting.put("minutes", slots.minutes)
    if slots.follow and fitting.name == "retention":
        fitting.put("periods", slots.follow)
    if slots.within:
        if fitting.name == "funnel":
            fitting.put("window", slots.within)
        elif days := _days(slots.within):
            param = next((name for name in ("days", "lookback", "again_days") if name in fitting.fields), "")
            if fitting.name != "rfm":
                fitting.put(param, days)


def _days(said: Said) -> Said | None:
    number, unit = int(said.value[:-1]), said.value[-1]
    return Said(str(number * (7 if unit == "w" else 1)), said.words) if unit in "dw" else None


def _trends(fitting: Fitting) -> None:
    slots = fitting.slots
    kinds = slots.kinds[:8]
    measure = slots.measure
    if measure and measure.value in MONEY and not any(said.value in ("purchase", "refund") for said in kinds):
        # Money is in purchases: the value of a view would count it twice.
        kinds = [Said("purchase", measure.words)]
    if measure and measure.value == "orders":
        kinds = []
    if kinds:
        words = "; ".join(said.words for said in kinds)
        fitting.put("series", Said(",".join(said.value for said in kinds), words))
        if len(kinds) == 2 and (share := _SHARE.search(slots.text)):
            fitting.put("formula", Said("B / A", share[0]))
    if measure and not (slots.cumulative and measure.value in ("customers", "sessions")):
        fitting.put("measure", measure)
    fitting.put("compare", slots.compare)
    fitting.put("smooth", slots.smooth)
    fitting.put("cumulative", slots.cumulative)


def _funnel(fitting: Fitting) -> None:
    kinds = fitting.slots.kinds
    # One step is no funnel: what is named then only says where to look.
    if len(kinds) > 1:
        words = "; ".join(said.words for said in kinds)
        fitting.put("steps", Said(",".join(said.value for said in kinds), words))


def _paths(fitting: Fitting) -> None:
    """Put what stands after 'after' as the start, what stands after 'before' as the end."""
    text = fitting.slots.text
    for param, pattern in (("end", _BEFORE), ("start", _AFTER)):
        found = pattern.search(text)
        around = next((group for group in found.groups() if group), "") if found else ""
        said = next((said for said in fitting.slots.kinds if said.words in around), None)
        if said and "start" not in fitting.params and "end" not in fitting.params:
            fitting.put(param, said)


def _promotions(fitting: Fitting) -> None:
    if found := re.search(r"\bcampaigns?\b|营销活动", fitting.slots.text):
        fitting.put("campaign", Said("true", found[0]))


_OWN: dict[str, tuple[Callable[[Fitting], None], ...]] = {
    "trends": (_trends,),
    "funnel": (_funnel,),
    "paths": (_paths,),
    "promotion-response": (_promotions,),
}
