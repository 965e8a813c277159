"""How well aspects are found: labels by hand for reviews of the Chinese test part, which are named by their hashes."""

from __future__ import annotations

import hashlib
import math
from typing import Any

from benchmarks.reviews_data import chinese
from regulars.language.aspect_words import ASPECTS
from regulars.language.aspects import mentions

_LABELS = """
    1b0981a162a1 q+ p+ | 5d4319d1298e q+ | 0093008cb8a5 q+ | 4b52cb7269a1 q- | 406331f07c7a q+ s+ |
    1bd0ff6055ad q- | ee63e684f370 q- | a97c4beac675 q- p0 | 7922b897d4e1 q+ s+ d+ | 3d778d08862f q+ |
    062f6b04cbb1 q- s- p- | 5ffd13cd81da q+ s- | a5a591381ed7 q- | 5494d9df3723 q+ s+ | 8c0ed2edefc6 q0 p0 |
    1e2bdd21fbe7 q- | a5e1f34254cc q- p- | 279a6dfe695a q- | 2104ce5a630e q+ s+ | 20f06516bbaa q- |
    f04966798bb2 q0 | d78a0fff5f3d q+ d- | 0ed884a06e69 q+ d+ | d6a6a341bc4a q+ d+ | 13204272a61f q+ |
    5c60e1243e26 q- | 75470b03a2c1 d- p- | e13c7f510b9a q- s- | 75396290b6a0 q- | fa9b0c88c0d2 q- d+ |
    a443b84eeec5 d+ | 35c6d767cc15 d- s- | e0b9bdb47d85 q+ p+ d+ | 4f524f69801c q+ | cae6affb96b5 q0 s+ |
    ce17a18fc224 q- | b01401afa5f3 o- | 8867ccf29a47 q- | d717abe9f291 q+ p+ | 463b089acf59 p- |
    636bb477fd54 q+ d+ | 3c29c55fdf1e q+ p+ | e3a9c0989048 q+ | c31c9e50c875 q- | c52267f88e6b q+ |
    7188c12ed1fa q- | bc91c81e1691 q+ s0 | 852c52e0d3e0 q- d- | d05df8be74a1 q- s- | 8cc4caec40df o+ |
    edb486c14a08 q- | 30cf02beac9d q0 | b0d6ce15eed6 q+ p+ | ff622c665c4e q0 d- | 54ab6503ae88 q+ p+ d+ s+ |
    6c0b11ba0f54 q- | de3ea97cbc37 q- | d81de801ea4f q- | 9fc3bb6efc34 q- p0 | 3a58d89e2543 q- |
    31f2bfad10c2 q+ | b7a93fb7f5bb q+ p+ | 76f134980eec q+ d+ | ea4b02bacfbf q+ | 59ba8856e5ba q- |
    7a0cce26018f q- | 6d7b5a3ed627 q- | 97bc8118eb36 q+ d+ | f93562b8fdd9 q- | ddd6fd028817 q0 |
    9b9df2617652 d+ | 1f9a59d65309 q- | 3b3455ddb7fa q- s0 | e5ceccea30fd q- | 99bfa8f86308 q- |
    030a5739a143 q- p- | 546c46056cfd q- s- | e7e08b0b2e00 q- | fca5a4236046 p- s0 | b91c26ac5cad o- |
    07d4fe62f21f q+ d+ | ca6925f670d5 d- s- | 929ccfdb65b6 p- | 98971acba8b1 q+ d+ | d3dbed99ad2a q+ |
    19dde6970264 d- | 2590d50830f9 q+ | 933e4f4b19cd d- | 1451ea09a42e q- s- | 108ca82ee321 q+ |
    e8a77c30bb40 d- s- | 7bec15692d36 q- | c0e7f5e74b22 q- d+ | 75058515be77 q+ | fed22e099761 q- |
    a67de279a28a q+ p+ | 57dfab8929c7 q+ d+ s+ | 4d838d9f9c8b q+ p+ | af68178201b1 q0 d- s- | d4e63d5754ce q+ p+ s+ |
    8aaf860988d5 q- | 9d907784c95d q+ d+ | 7e0b5dbd6e85 q- | c59075226d55 q+ p+ d+ | 632102b5bdad q+ p+ |
    9311da5efb64 o+ | 37252fd06a2b q- s- | 7cd8a78ce834 q+ d+ s0 | 72ccf71aaa50 q+ d+
"""
"""The first 12 digits of the text's SHA-256, then what it speaks of (q quality, p price, d delivery with its people
and the packaging, s service, o none of them), + well, - badly, 0 neither or both. One reader, one reading."""
_NAMES = {name[0]: name for name in ASPECTS}


def labels() -> dict[str, dict[str, str]]:
    """Return, for each text's hash, aspect → + or - or 0."""
    rows = (row.split() for row in _LABELS.split("|"))
    return {name: {_NAMES[mark[0]]: mark[1] for mark in marks} for name, *marks in rows}


def aspects() -> dict[str, Any]:
    """Return precision and recall of each aspect, and how often its sentiment is right where it has a clear one."""
    wanted = labels()
    named = {hashlib.sha256(text.encode()).hexdigest()[:12]: text for text in chinese()["test"].texts}
    texts = [named[name] for name in wanted]
    found = [{one.aspect: one.probability for one in row} for row in mentions(texts)]
    result: dict[str, Any] = {"texts": len(texts)}
    pairs = list(zip(wanted.values(), found, strict=True))
    for aspect in ASPECTS:
        true, told = (sum(aspect in row[side] for row in pairs) for side in (0, 1))
        both = [(gold[aspect], row[aspect]) for gold, row in pairs if aspect in gold and aspect in row]
        clear = [(sign, value) for sign, value in both if sign != "0" and not math.isnan(value)]
        right = sum((value > 0.5) == (sign == "+") for sign, value in clear)
        result[aspect] = {
            "true": true,
            "found": told,
            "precision": len(both) / told if told else None,
            "recall": len(both) / true if true else None,
            "sentiment_right": right,
            "sentiment_of": len(clear),
        }
    return result
