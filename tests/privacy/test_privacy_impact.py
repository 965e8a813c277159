"""The impact assessment follows the settings."""

from __future__ import annotations

import re

import msgspec

from regulars.core.settings import PrivacySettings, Settings
from regulars.privacy.impact import assessment

CAREFUL = Settings(
    privacy=PrivacySettings(
        personalisation="if-agreed",
        marketing="if-agreed",
        under_14="refuse",
        keep_days=400,
        keep_days_by_kind={"search": 90},
        controller="Tea Ltd",
        contact="privacy@tea.example",
    )
)


def row(settings: Settings, law: str, article: str):
    return next(r for r in assessment(settings) if r.law == law and article in re.split(r"[, ]+", r.article))


def test_every_row_is_written_in_both_languages_and_names_real_settings():
    rows = assessment(Settings())
    assert {r.law for r in rows} == {"PIPL", "GDPR"}
    for r in rows:
        for text in (r.requirement, r.answer):
            assert text.keys() == {"en", "zh"}
            assert re.search("[一-鿿]", text["zh"])
            assert not re.search("[一-鿿]", text["en"])
        for name in r.settings:
            section, field = name.split(".")
            assert hasattr(getattr(Settings(), section), field)


def test_the_articles_that_matter_are_there():
    pipl = " ".join(r.article for r in assessment(Settings()) if r.law == "PIPL")
    gdpr = " ".join(r.article for r in assessment(Settings()) if r.law == "GDPR")
    for article in ("6", "13", "17", "19", "24", "28", "45", "46", "47", "50", "51", "54"):
        assert re.search(rf"\b{article}\b", pipl), article
    for article in ("6", "7", "12", "13", "15", "17", "20", "21", "22", "25", "30", "32", "35"):
        assert re.search(rf"\b{article}\b", gdpr), article


def test_settings_change_the_status_and_the_words():
    careless = Settings(privacy=PrivacySettings(keep_days=30_000, honour_signals=False, k=2))
    assert row(CAREFUL, "PIPL", "13").status == "met"
    assert row(careless, "PIPL", "13").status == "partly"
    assert row(CAREFUL, "PIPL", "17").status == "partly"
    assert row(careless, "PIPL", "17").status == "yours"
    assert "Tea Ltd" in row(CAREFUL, "GDPR", "13").answer["en"]
    assert row(CAREFUL, "PIPL", "19").status == "met"
    assert row(careless, "PIPL", "19").status == "partly"
    assert "400" in row(CAREFUL, "PIPL", "19").answer["zh"]
    assert "search after 90" in row(CAREFUL, "PIPL", "19").answer["en"]
    assert row(careless, "GDPR", "21(3)").status == "partly"
    assert row(CAREFUL, "GDPR", "12(3)").status == "met"
    assert row(careless, "PIPL", "73(4)").status == "partly"
    assert "not recorded" in row(CAREFUL, "PIPL", "28–31").answer["en"]


def test_what_no_program_can_do_is_left_to_the_shop():
    for settings in (Settings(), CAREFUL):
        assert row(settings, "PIPL", "54–56").status == "yours"
        assert row(settings, "GDPR", "44–46").status == "yours"


def test_the_assessment_is_json():
    assert msgspec.json.decode(msgspec.json.encode(assessment(Settings())))[0]["law"] == "PIPL"
