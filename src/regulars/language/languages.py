"""Which of the languages that are understood here a text is in."""

from __future__ import annotations

import re
from typing import Literal

from regulars.language.tokens import normalised

Language = Literal["zh", "en", "unknown"]
LEAST_CHINESE = 0.5
"""Of a text's words and Chinese characters, at least this share is Chinese: 'iPad 很好' is, 'great phone 好' is not."""
LEAST_ENGLISH = 0.25
"""Of a text's words, at least this share is among the commonest English ones."""
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
_OTHER = re.compile(r"[\u0370-\u1fff\u3040-\u30ff\u3130-\u318f\uac00-\ud7af]")
"""Greek, Cyrillic, Arabic, Indic and the like; kana and Hangul: Japanese is written with Chinese characters, too."""
_WORD = re.compile(r"[a-z\u00df-\u00f6\u00f8-\u024f]+(?:'[a-z]+)?")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_ENGLISH = _words(
    """
    the be to of and a in that have i it for not on with he as you do at this but his by from they we say her she or
    an will my one all would there their what so up out if about who get which go me when make can like time no just
    him know take people into year your good some could them see other than then now look only come its over think
    also back after use two how our work first well way even new want because any these give day most us is are was
    were been has had did does doing am being very too much really never always again still don't doesn't didn't isn't
    wasn't can't won't it's i'm i've bought buy buying price money great nice love loved loves excellent perfect awful
    terrible horrible bad worst best poor fast slow quick quickly quality product item delivery shipping arrived
    service works worked working broken broke cheap expensive recommend happy disappointed refund return returned
    size fits fit color colour comfortable easy week weeks days month months years everything nothing thing things
    here where every few more less than off thanks thank ok okay fine better worse box packaging package customer
    seller store shop order ordered received sent wrong waste value worth star stars highly super amazing awesome
    beautiful pretty small big large little long short hard soft light heavy
    """
)
_ELSEWHERE = _words(
    """
    der die das und ist nicht ein eine sehr mit auf für ich es zu den dem war aber auch nur noch schnell
    le la les un une des et est pas très pour avec je il que qui dans ce sur mais plus bien trop
    el los las y es no muy por con para una lo se pero más como bueno buena todo este esta
    o os as e não muito com um uma do da que em mas mais bom produto
    il lo gli di che è non molto per con una sono ma più buono tutto questo
    de het een en is niet zeer met voor van ik dat maar goed ook
    och är att det som inte på jag med men bra på av til og ikke jeg
    """
)
"""The commonest words of German, French, Spanish, Portuguese, Italian, Dutch and the Scandinavian languages."""
_BOTH = _ENGLISH & _ELSEWHERE


def language_of(text: str) -> Language:
    """Return `zh`, `en`, or `unknown`: another language, a mixture, or nothing to tell by.

    Rules, no model: an error is seen for what it is. Chinese is told by its characters; Japanese and Korean by
    theirs. English is told by its commonest words, which have to outnumber those of its neighbours.
    """
    plain = normalised(text)
    han = len(_HAN.findall(plain))
    words = _WORD.findall(plain)
    if len(_OTHER.findall(plain)) > 0.1 * (han + sum(map(len, words))):
        return "unknown"
    if han and han >= LEAST_CHINESE * (han + len(words)):
        return "zh"
    if not words or han:
        return "unknown"
    english = sum(word in _ENGLISH for word in words)
    elsewhere = sum(word in _ELSEWHERE and word not in _BOTH for word in words)
    return "en" if english >= max(1.0, LEAST_ENGLISH * len(words)) and english > 2 * elsewhere else "unknown"
