"""Settings: round trip, every one explained, mistakes named."""

from __future__ import annotations

import tomllib
from pathlib import Path

import msgspec
import pytest

from regulars.core.errors import SettingsError
from regulars.core.settings import (
    DataSettings,
    RecommendSettings,
    Settings,
    ShopSettings,
    descriptions,
    load_settings,
    render,
    save_settings,
    validated,
)

DOCS = Path(__file__).resolve().parents[2] / "docs" / "settings.md"


def test_settings_survive_the_file(tmp_path: Path) -> None:
    """What is written is read back equal, unusual values included."""
    settings = Settings(
        shop=ShopSettings(name='Käse "& mehr" 店', time_zone="Asia/Shanghai", currency="CNY"),
        data=DataSettings(buckets=3, max_future_hours=0.5),
        recommend=RecommendSettings(repeat="exclude"),
    )
    save_settings(tmp_path, settings)
    assert load_settings(tmp_path) == settings


def test_a_missing_line_is_the_default(tmp_path: Path) -> None:
    """Nothing has to be in the file."""
    (tmp_path / "regulars.toml").write_text('[shop]\nname = "Only a name"\n')
    assert load_settings(tmp_path).serve == Settings().serve


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('[shop]\ntime_zone = "Mars/Olympus"\n', "Mars/Olympus"),
        ("[serve]\nport = 0\n", "port"),
        ("[serve]\nprot = 80\n", "prot"),
        ("[shop\n", "TOML"),
        ("[recommend]\nrepeat = true\n", "repeat"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, text: str, named: str) -> None:
    """The error holds the field or the value that is wrong."""
    (tmp_path / "regulars.toml").write_text(text)
    with pytest.raises(SettingsError, match=named):
        load_settings(tmp_path)


def test_values_from_a_command_line_are_checked_too() -> None:
    """A currency of four letters never reaches a file."""
    with pytest.raises(SettingsError, match="currency"):
        validated(Settings(shop=ShopSettings(currency="EURO")))


def test_every_setting_is_explained_in_the_file_and_in_the_documentation() -> None:
    """A setting without a description, or one that docs/settings.md lacks, fails."""
    documented = DOCS.read_text("utf-8")
    for section in msgspec.structs.fields(Settings):
        explained = descriptions(type(getattr(Settings(), section.name)))
        for name, text in explained.items():
            assert text, f"{section.name}.{name} has no description"
            assert f"`{section.name}.{name}`" in documented
            assert text in documented
    assert set(tomllib.loads(render(Settings()))) == {f.name for f in msgspec.structs.fields(Settings)}
