"""Prices: what is assumed, and files of one's own."""

import pytest

from florilegium.pipelines.forecast.prices import PRICES, Prices, PricesError, prices_of


def test_the_price_of_a_core_hour_holds_its_memory():
    assert PRICES["embedded"].core_hour == pytest.approx(0.05)


def test_a_file_changes_what_it_names_and_nothing_else(tmp_path):
    file = tmp_path / "prices.toml"
    file.write_text("vcpu_hour = 1\npue = 1.5\n")
    found = prices_of("dataflow", str(file))
    assert (found.vcpu_hour, found.pue) == (1.0, 1.5)
    assert found.shuffled_gb == PRICES["dataflow"].shuffled_gb > 0
    assert prices_of("flink") == PRICES["flink"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("vcpu_hour = -1", "vcpu_hour"),
        ("vcpu_hour = nan", "`vcpu_hour` is no number"),
        ("watts_busy = inf", "`watts_busy` is no number"),
        ("vcpu_hour = '1'", "vcpu_hour"),
        ("pue = 0.9", "pue"),
        ("cores_paid = 0", "cores_paid"),
        ("core_hour = 1", "core_hour"),
        ("no TOML", "line 1"),
        ("[table]\nvcpu_hour = 1", "table"),
    ],
)
def test_a_file_that_has_no_prices_in_it_is_refused(text, said, tmp_path):
    (file := tmp_path / "prices.toml").write_text(text)
    with pytest.raises(PricesError, match=said) as refused:
        prices_of("embedded", str(file))
    assert str(refused.value).startswith(f"{file}: ")


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_a_file_that_cannot_be_read_is_refused(content, tmp_path):
    file = tmp_path / "prices.toml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(PricesError):
        prices_of("embedded", str(file))


def test_a_core_that_does_nothing_takes_what_it_takes_when_idle():
    still = Prices(vcpu_hour=0.0, memory_gb_hour=0.0, watts_idle=2.0, watts_busy=2.0,
                   watts_memory_gb=0.5, memory_gb_a_core=2.0, pue=1.5)  # fmt: skip
    assert still.core_watts == pytest.approx(4.5)
