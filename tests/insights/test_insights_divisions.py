"""China's divisions: every spelling means one province and one city; addresses are read by the longest match."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from regulars.core.errors import SettingsError
from regulars.insights.dimensions import with_group
from regulars.insights.divisions import PROVINCES_ONLY, Divisions, Place, load_divisions, short_name
from regulars.insights.divisions_address import AddressReader
from regulars.insights.divisions_provinces import PROVINCES
from regulars.insights.sources import Sources

if TYPE_CHECKING:
    from pathlib import Path

DAY = "2024-01-01"
CITIES = """code,name,provinceCode,pinyin
1101,市辖区,11,
4403,深圳市,44,Shenzhen
3307,金华市,33,
3310,台州市,33,
4190,省直辖县级行政区划,41,
2102,大连市,21,
2202,吉林市,22,
"""
AREAS = """code,name,cityCode,provinceCode
110105,朝阳区,1101,11
440305,南山区,4403,44
330782,义乌市,3307,33
419001,济源市,4190,41
210202,中山区,2102,21
220211,丰满区,2202,22
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "cities.csv").write_text(CITIES, "utf-8")
    (tmp_path / "areas.csv").write_text(AREAS, "utf-8")
    return tmp_path


@pytest.fixture
def few(folder: Path) -> Divisions:
    return load_divisions(folder)


def groups(events_of, run, divisions, name, *places):
    """Return the group of events at places given as (country, region, city), in order."""
    rows = [("a", DAY, dict(zip(("country", "region", "city"), place, strict=True))) for place in places]
    sources = Sources(events_of(*rows), run, divisions=divisions)
    grouped = with_group(sources, sources.events, name, sources.span().last)
    return run(grouped.order_by("id").select("group"))["group"].to_pylist()


@pytest.mark.parametrize(
    "written",
    [
        "广东",
        "广东省",
        "Guangdong",
        "guangdong sheng",
        "GUANG-DONG  Province.",
        "CN-GD",
        "CN-44",
        "440000",
        " Guang-dong ",
    ],
)
def test_every_spelling_is_one_province(events_of, run, written):
    places = [("CN", written, None), (None, written, None)]
    assert groups(events_of, run, PROVINCES_ONLY, "province", *places) == ["广东省", "广东省"]


def test_letters_and_two_digits_are_a_province_only_where_the_country_says_china(events_of, run):
    """GD is Grenada, 44 a house number: without a country they stay what they are."""
    places = [("CN", "GD", None), ("中国", "44", None), (None, "GD", None), ("FR", "44", None)]
    assert groups(events_of, run, PROVINCES_ONLY, "province", *places) == ["广东省", "广东省", "GD", "44"]


def test_shanxi_and_shaanxi_are_two_provinces(events_of, run):
    places = [("CN", "Shanxi", None), ("CN", "Shaanxi", None), ("CN", "陕西", None)]
    assert groups(events_of, run, PROVINCES_ONLY, "province", *places) == ["山西省", "陕西省", "陕西省"]


def test_elsewhere_and_unknown_a_region_stays_as_it_is_written(events_of, run):
    places = [("DE", "Hebei", None), ("CN", "Atlantis", None), (None, None, None), ("CN", " ", None)]
    assert groups(events_of, run, PROVINCES_ONLY, "province", *places) == ["Hebei", "Atlantis", "", ""]


def test_a_row_without_a_region_has_the_province_of_its_city(events_of, run, few):
    places = [("CN", None, "北京"), ("CN", "", "Shenzhen"), (None, None, "义乌市"), ("DE", None, "北京")]
    assert groups(events_of, run, few, "province", *places) == ["北京市", "广东省", "浙江省", ""]


def test_a_city_has_one_name_and_a_county_level_city_counts_to_its_own(events_of, run, few):
    places = [
        ("CN", "广东", "深圳"),
        ("CN", None, "深圳市"),
        ("CN", "CN-GD", "Shenzhen City"),
        ("CN", "浙江省", "义乌市"),
        ("CN", "北京", None),
        ("CN", None, "Beijing"),
        ("CN", "河南", "济源市"),
        ("CN", "吉林", "吉林"),
    ]
    assert groups(events_of, run, few, "city_division", *places) == [
        "深圳市", "深圳市", "深圳市", "金华市", "北京市", "北京市", "济源市", "吉林市",
    ]  # fmt: skip


def test_a_city_that_is_not_in_the_province_said_stays_as_it_is_written(events_of, run, few):
    places = [("CN", "浙江", "深圳"), ("US", "CA", "深圳"), ("CN", "广东", None)]
    assert groups(events_of, run, few, "city_division", *places) == ["深圳", "深圳", ""]


def test_no_row_is_lost_or_doubled_by_a_spelling(events_of, run, few):
    places = [("CN", one.short, None) for one in PROVINCES] + [(None, None, None)]
    assert groups(events_of, run, few, "province", *places) == [one.full for one in PROVINCES] + [""]


def test_an_address_is_read_by_the_longest_match(few):
    read = AddressReader(few).read
    assert read("广东省深圳市南山区科技园1号") == Place("广东省", "深圳市", "南山区")
    assert read("中国 广东 深圳 南山 科技园") == Place("广东省", "深圳市", "南山区")
    assert read("北京市朝阳区建国路") == Place("北京市", "北京市", "朝阳区")
    assert read("北京市市辖区朝阳区") == Place("北京市", "北京市", "朝阳区")
    assert read("吉林市丰满区") == Place("吉林省", "吉林市", "丰满区")
    assert read("河南省济源市") == Place("河南省", "济源市", "济源市")


def test_numbers_are_never_an_address(few):
    """The first six digits of an identity card are a place of birth, and nobody's business."""
    assert AddressReader(few).read("440305199001011234") == Place()
    assert AddressReader(few).read("440305") == Place()


def test_an_identity_card_in_the_region_is_no_province(events_of, run, few):
    assert groups(events_of, run, few, "province", ("CN", "440305199001011234", None)) == ["440305199001011234"]


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("深圳市", "深圳"),
        ("阿里地区", "阿里"),
        ("双江拉祜族佤族布朗族傣族自治县", "双江"),
        ("东乡族自治县", "东乡族"),
        ("易县", "易县"),
    ],
)
def test_short_names_lose_what_kind_and_which_people(name, short):
    assert short_name(name) == short


def test_files_that_do_not_fit_are_named(folder, tmp_path):
    (folder / "areas.csv").write_text("code,name\n1,x\n", "utf-8")
    with pytest.raises(SettingsError, match="cityCode"):
        load_divisions(folder)
    with pytest.raises(SettingsError, match=r"cities\.csv"):
        load_divisions(tmp_path / "nowhere")


@pytest.mark.data
def test_all_counties_of_the_public_set_are_read_right(data_directory):
    """2,978 counties: in full, with a street behind, and alone where no other has the name (28 names are shared)."""
    divisions = load_divisions(data_directory / "zh_divisions")
    reader = AddressReader(divisions)
    assert len(divisions.counties) == 2978
    names = [county.name for county in divisions.counties]
    shared = {name for name in names if names.count(name) > 1}
    full = [c for c in divisions.counties if reader.read(c.province + c.city + c.name + "人民路12号") == c.place]
    assert len(full) == 2978
    alone = [c for c in divisions.counties if c.name not in shared]
    right = [c for c in alone if reader.read(c.name)[:2] == (c.province, c.city)]
    assert (len(shared), len(alone), len(right)) == (28, 2914, 2914)
    for name in shared:
        place = reader.read(name)
        assert place.city == ""
        assert place.county == name
        assert len(reader.candidates(name)) == names.count(name)
