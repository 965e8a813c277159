"""Who said yes or no to what, and what that allows."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Literal

Default = Literal["unless-refused", "if-agreed"]
"""What holds for somebody who never answered."""

_CATEGORIES: dict[str, tuple[str, ...]] = {
    # Names that consent tools, Segment and Google's consent mode give their categories, letters only.
    "analytics": (
        "analytics", "analytic", "analyticscookies", "analyticsstorage", "statistics", "statistic", "statistical",
        "performance", "performancecookies", "measurement", "audiencemeasurement",
        "统计", "统计分析", "数据分析", "分析", "性能", "统计类", "分析类",
    ),
    "personalisation": (
        "personalisation", "personalization", "personalised", "personalized", "personalisedrecommendations",
        "personalizedrecommendations", "personalisedcontent", "personalizedcontent", "personalizationstorage",
        "recommendations", "recommendation", "preferences", "functionalandpersonalization",
        "个性化", "个性化推荐", "个性化内容", "推荐", "偏好",
    ),
    "marketing": (
        "marketing", "marketingcookies", "advertising", "advertisement", "advertisements", "ads", "targeting",
        "targetingcookies", "targetedadvertising", "marketingandattribution", "adstorage", "aduserdata",
        "adpersonalization", "adpersonalisation", "socialmedia", "email", "sms", "newsletter",
        "营销", "市场营销", "广告", "精准广告", "个性化广告", "营销推送", "营销短信", "推广", "促销",
    ),
    "service": (
        "service", "services", "customerservice", "support", "customersupport", "functional", "functionality",
        "functionalitystorage", "livechat", "客服", "客户服务", "客服服务", "服务", "功能", "功能性",
    ),
}  # fmt: skip
_PURPOSE_OF = {name: purpose for purpose, names in _CATEGORIES.items() for name in names}
_WORDS = {
    "true": True, "granted": True, "yes": True, "on": True, "1": True, "allow": True, "accepted": True,
    "false": False, "denied": False, "no": False, "off": False, "0": False, "deny": False, "rejected": False,
    "是": True, "同意": True, "否": False, "拒绝": False, "不同意": False,
}  # fmt: skip


def allowed(status: bool | None, default: Default, *, refused_by_signal: bool = False) -> bool:
    """Tell whether a purpose may be pursued for somebody.

    An explicit answer wins over the browser's signal, because it is about this shop and the signal is about every
    site; the signal wins over the default.

    Parameters
    ----------
    status
        The current answer; None when there was none.
    default
        What holds without an answer.
    refused_by_signal
        The browser asks not to be tracked (see `signal`).
    """
    if status is not None:
        return status
    return not refused_by_signal and default == "unless-refused"


def purposes_of(preferences: Mapping[str, object]) -> dict[str, bool]:
    """Return our purposes for the categories of a consent tool.

    Names are read without regard to case, spaces and punctuation, in English and Chinese; those of no purpose
    (`Necessary`) and answers that are neither yes nor no are left out. Where two categories make up one purpose
    (`Advertising`, `Marketing`), it is agreed to only if both are.
    """
    found: dict[str, bool] = {}
    for name, answer in preferences.items():
        purpose, given = _PURPOSE_OF.get(_letters(name)), _yes_or_no(answer)
        if purpose is not None and given is not None:
            found[purpose] = given and found.get(purpose, True)
    return found


def _letters(name: str) -> str:
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", name).casefold())


def _yes_or_no(answer: object) -> bool | None:
    if isinstance(answer, str):
        return _WORDS.get(answer.strip().casefold())
    return bool(answer) if answer in (0, 1) else None
