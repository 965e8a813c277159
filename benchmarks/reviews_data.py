"""Labelled reviews: read where they lie, split once, no text on two sides. Nothing of them is kept here."""

from __future__ import annotations

import csv
import io
import os
import re
import tarfile
import zipfile
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

DATA = Path(os.environ.get("REGULARS_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
VADER = Path(os.environ.get("REGULARS_VADER", DATA / "vader" / "vaderSentiment-2.5.tar.gz"))
"""The source archive of vaderSentiment 2.5 (MIT): it holds sentences that twenty people rated from -4 to 4."""
SEED = 7
PARTS = ("learning", "validation", "test")
SHARES = (0.7, 0.1, 0.2)
ALIKE = 20
"""Texts whose first letters and digits, this many, are the same stay on one side."""
CLEAR = 0.5
"""English sentences rated nearer to 0 than this are neither good nor bad, and left out."""
FIRST_TEST_REVIEW = 151
"""English: the product reviews from this number on are the test. They are of other products than those before, except
for one camera whose reviews are on both sides."""


class Labelled(NamedTuple):
    """Texts, whether each is positive, and how much it counts in learning."""

    texts: list[str]
    positive: NDArray[np.bool_]
    weights: NDArray[np.float64]


def labelled(rows: list[tuple[str, bool]], weight: float = 1.0) -> Labelled:
    return Labelled([text for text, _ in rows], np.array([good for _, good in rows]), np.full(len(rows), weight))


def joined(*parts: Labelled) -> Labelled:
    return Labelled(
        [text for part in parts for text in part.texts],
        np.concatenate([part.positive for part in parts]),
        np.concatenate([part.weights for part in parts]),
    )


def letters(text: str) -> str:
    """Return a text's letters and digits: what makes two texts the same."""
    return re.sub(r"[\W_]+", "", text.casefold())


def chinese_rows(data: Path = DATA) -> list[tuple[str, bool]]:
    """Return the reviews of ten kinds of goods, each text once; those with both labels are left out."""
    with (
        zipfile.ZipFile(data / "zh_shop_reviews" / "online_shopping_10_cats.zip") as archive,
        archive.open("online_shopping_10_cats.csv") as raw,
    ):
        rows = list(csv.DictReader(io.TextIOWrapper(raw, encoding="utf-8-sig", newline="")))
    labels: dict[str, set[str]] = {}
    first: dict[str, str] = {}
    for row in rows:
        key = letters(row["review"])
        labels.setdefault(key, set()).add(row["label"])
        first.setdefault(key, row["review"])
    return [(text, "1" in labels[key]) for key, text in first.items() if key and len(labels[key]) == 1]


def chinese(data: Path = DATA) -> dict[str, Labelled]:
    """Return learning, validation and test reviews: 70, 10 and 20 in a hundred groups of texts that begin alike."""
    groups: dict[str, list[tuple[str, bool]]] = {}
    for text, good in chinese_rows(data):
        groups.setdefault(letters(text)[:ALIKE], []).append((text, good))
    names = sorted(groups)
    order = np.random.default_rng(SEED).permutation(len(names))
    cuts = [int(round(sum(SHARES[:part]), 9) * len(names)) for part in (1, 2)]
    return {
        part: labelled([row for at in sorted(places) for row in groups[names[at]]])
        for part, places in zip(PARTS, np.split(order, cuts), strict=True)
    }


def _sentences(name: str) -> list[tuple[int, float, str]]:
    """Return (review, mean rating, sentence) of one of the rated sets."""
    with tarfile.open(VADER) as outer:
        inner = next(one for one in outer if one.name.endswith(".tar.gz"))
        packed = outer.extractfile(inner)
        assert packed is not None
        with tarfile.open(fileobj=io.BytesIO(packed.read())) as archive:
            raw = archive.extractfile(next(one for one in archive if one.name.endswith(f"{name}_GroundTruth.txt")))
            assert raw is not None
            lines = raw.read().decode("latin-1").splitlines()
    cells = [line.split("\t") for line in lines]
    return [(int(one[0].split("_")[0]), float(one[1]), one[2]) for one in cells if len(one) == 3]


def english() -> dict[str, Labelled]:
    """Return learning, validation and test sentences.

    Learned from: tweets, film reviews, newspaper comments, and two thirds of the product reviews before
    `FIRST_TEST_REVIEW`, which count three times. Validation: the other third. Test: the product reviews after.
    """
    others = [row for name in ("tweets", "movieReviewSnippets", "nytEditorialSnippets") for row in _sentences(name)]
    products = [row for row in _sentences("amazonReviewSnippets") if abs(row[1]) >= CLEAR]
    early = [row for row in products if row[0] < FIRST_TEST_REVIEW]

    def of(rows: list[tuple[int, float, str]], weight: float = 1.0) -> Labelled:
        return labelled([(text, rating > 0) for _, rating, text in rows], weight)

    return {
        "learning": joined(
            of([row for row in others if abs(row[1]) >= CLEAR]), of([row for row in early if row[0] % 3], 3.0)
        ),
        "validation": of([row for row in early if row[0] % 3 == 0]),
        "test": of([row for row in products if row[0] >= FIRST_TEST_REVIEW]),
    }


def english_words() -> Labelled:
    """Return the words of VADER's lexicon as texts of one word: how strong they are says how much they count."""
    with tarfile.open(VADER) as archive:
        raw = archive.extractfile(next(one for one in archive if one.name.endswith("/vader_lexicon.txt")))
        assert raw is not None
        cells = [line.split("\t") for line in raw.read().decode("latin-1").splitlines()]
    rows = [(one[0], float(one[1])) for one in cells if re.fullmatch(r"[a-z][a-z'-]+", one[0])]
    words = labelled([(word, value > 0) for word, value in rows])
    return words._replace(weights=np.array([abs(value) for _, value in rows]))
