"""What decoding is held against: shares of pages read right, and what metadata cost."""

from decoding_floors import missing, shares
from decoding_samples import Sample, from_texts
from page_metadata import times_the_parse

TEXT = "Übermüdet fährt die Bäckerin über die Brücke, während die Störche schläfrig zusähen. " * 20


def test_every_way_of_reading_gets_its_share():
    found = shares("texts", from_texts({"deu_Latn": TEXT}))
    assert found == {
        "undeclared, texts": 1.0, "by header, texts": 1.0, "by page, texts": 1.0,
    }  # fmt: skip


def test_a_page_declared_as_what_it_is_not_lowers_the_share():
    right = next(iter(from_texts({"deu_Latn": TEXT})))
    wrong = Sample("deu_Latn", "windows-1251", "<html><head></head><body>Это не то".ljust(500))
    found = shares("texts", [right, wrong._replace(encoding="koi8-r"), wrong])
    assert found["by header, texts"] == 1.0
    assert shares("none", [])["undeclared, none"] == 0.0


def test_metadata_cost_more_than_the_parse_they_contain():
    assert times_the_parse(["<html><head><title>Uhr</title></head><body><p>Text</p>"] * 50) > 1


def test_a_folder_without_the_sample_is_named(tmp_path):
    assert missing(tmp_path) == f"the sample is not in {tmp_path / 'warc'}"
    (tmp_path / "warc").mkdir()
    (tmp_path / "warc" / "INDEX.tsv").touch()
    assert missing(tmp_path) is None
