"""An import that takes columns from a file beside it."""

from __future__ import annotations

from regulars.shop import Shop

MAPPING = """
[columns]
subject = "buyer"
item = "sku"
time = "placed"

[constants]
kind = "purchase"

[[join]]
file = "orders.csv"
on = "order"
columns = ["buyer", "placed"]
"""


def test_a_corrected_joined_file_is_imported_again(tmp_path):
    """The lines stay as they are; the second order's buyer was written wrong at first."""
    (tmp_path / "lines.csv").write_text("order,sku\n1,tea\n2,cup\n")
    (tmp_path / "orders.csv").write_text("order,buyer,placed\n1,ann,2024-01-01\n2,bib,2024-01-02\n")
    (tmp_path / "map.toml").write_text(MAPPING)
    with Shop.create(tmp_path / "shop") as shop:
        first = shop.import_files([tmp_path / "lines.csv"], mapping=tmp_path / "map.toml")
        assert (first.added, first.rejected) == (2, 0)
        again = shop.import_files([tmp_path / "lines.csv"], mapping=tmp_path / "map.toml")
        assert (again.added, again.duplicates) == (0, 2)
        (tmp_path / "orders.csv").write_text("order,buyer,placed\n1,ann,2024-01-01\n2,bob,2024-01-02\n")
        second = shop.import_files([tmp_path / "lines.csv"], mapping=tmp_path / "map.toml")
        assert (second.added, second.duplicates, second.rejected) == (1, 1, 0)
