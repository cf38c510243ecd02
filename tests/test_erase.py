"""Erasure: what is named is gone, from the release, the parts and later builds; nothing else is."""

import json

import pytest
from erasing import (
    ANNA,
    COPIED,
    COPY,
    EXACT,
    LATER,
    NEAR,
    SHORT,
    florilegium,
    holding,
    losses,
    page,
    root,
    rows,
    text,
    urls,
)
from hosts import capture

from florilegium.manifests import manifest as manifests
from florilegium.manifests.verify import verify

pytest_plugins = ["erasing"]

MUELLER = {"https://müller.example/1", "http://BLOG.Müller.example:80/2"}
JDOE = {"https://uni.example/~jdoe/", "https://uni.example/%7Ejdoe/veröffentlichungen"}


def identity(release, url):
    (found,) = [row["id"].hex() for row in rows(release) if row["url"] == url]
    return found


def check(garden, release, parent):
    """All that can be said against a release made by erasure."""
    said = florilegium(
        "verify", release, "--parent", parent, "--erasure-key", garden.key, "--output", "json"
    )
    assert json.loads(said.stdout)["findings"] == []


def test_the_corpus_has_what_the_other_tests_count_on(built_garden):
    assert urls(built_garden.latest) >= {ANNA, COPIED, *MUELLER, *JDOE}
    rules = [row["rule"] for row in losses(built_garden.latest, "duplicates")]
    assert sorted(rules) == ["exact_duplicate", *["near_duplicate"] * 3]
    assert len(manifests.read(built_garden.latest).shards) > 4


@pytest.mark.parametrize(
    ("words", "gone"),
    [
        (["--url", "HTTP://anna.example:80/über/mich?b=1&utm_source=x&a=2#oben"], {ANNA}),
        (["--domain", "MÜLLER.example"], MUELLER),
        (["--domain", "xn--mller-kva.example."], MUELLER),
        (["--domain", "blog.müller.example"], {"http://BLOG.Müller.example:80/2"}),
        (["--pattern", "https://uni.example/~jdoe/*"], {"https://uni.example/~jdoe/"}),
        (["--pattern", "//uni.example/~jdoe/*"], JDOE),
        (["--regex", r".*/artikel/2[0-3]"], {f"https://seite-{n}.example/artikel/{n}"
                                              for n in range(20, 24)}),
        (["--url", ANNA, "--url", COPIED, "--domain", "uni.example"],
         {ANNA, COPIED, *JDOE, "https://uni.example/~jdoerr/"}),
    ],
)  # fmt: skip
def test_what_is_named_is_gone_and_nothing_else(garden, words, gone):
    before = garden.latest
    answer = garden.erase(*words)
    after = garden.latest
    assert urls(before) - urls(after) == gone
    assert urls(after) < urls(before)
    assert (answer["erased"], answer["root"]) == (len(gone), root(after))
    check(garden, after, before)


def test_ids_and_a_list_of_everything_are_understood(garden):
    before = garden.latest
    named = garden.folder / "list.txt"
    named.write_text(
        f"\ufeff# by letter\n\n{identity(before, ANNA)}\n*.müller.example # all below\n"
        f"seite-30.example\n{COPIED}\n"
        f'{{"id": "{identity(before, "https://uni.example/~jdoerr/")}", "rule": "list"}}\n'
        f"{identity(before, 'https://seite-31.example/artikel/31')}\trobots_txt\tline 2\n"
    )
    garden.erase("--list", named, "--id", identity(before, "https://seite-32.example/artikel/32"))
    assert urls(before) - urls(garden.latest) == {
        ANNA, "http://BLOG.Müller.example:80/2", "https://seite-30.example/artikel/30", COPIED,
        "https://uni.example/~jdoerr/", "https://seite-31.example/artikel/31",
        "https://seite-32.example/artikel/32",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--url", "anna.example"], "is no HTTP address"),
        (["--domain", "https://anna.example/"], "is no host"),
        (["--domain", "co.uk"], "is no domain of one owner"),
        (["--domain", ""], "is no host"),
        (["--id", "12"], "is no id"),
        (["--regex", "("], "is no pattern"),
        (["--list", "LIST"], "list.txt, line 3: 'gar nichts' is no host"),
    ],
)
def test_what_cannot_be_named_is_refused_before_anything_is_done(garden, words, said):
    (garden.folder / "list.txt").write_text(f"# a\n{ANNA}\ngar nichts\n")
    before = sorted(garden.home.iterdir())
    words = [garden.folder / "list.txt" if word == "LIST" else word for word in words]
    assert said in garden.erase(*words, code=2)
    assert sorted(garden.home.iterdir()) == before


def test_nothing_named_is_nothing_done(garden):
    before = garden.latest
    assert "holds nothing that is named" in garden.erase("--url", "https://x.example/", code=3)
    assert garden.latest == before
    assert not (garden.home / "erasures.jsonl").exists()


def test_a_dry_run_says_what_would_go_and_does_nothing(garden):
    before = {path: path.stat().st_mtime_ns for path in garden.home.rglob("*")}
    done = florilegium("erase", garden.latest, "--domain", "uni.example", "--basis", "other",
                       "--dry-run")  # fmt: skip
    assert done.stdout.count("uni.example") == 3
    assert "would erase 3 documents: deu_Latn 3" in done.stderr
    florilegium("erase", garden.latest, "--domain", "x.example", "--basis", "other", "--dry-run",
                code=3)  # fmt: skip
    assert {path: path.stat().st_mtime_ns for path in garden.home.rglob("*")} == before


def test_nothing_that_is_left_says_what_was_erased(garden):
    parent = garden.latest
    sentence = text(0)[0]
    words = ("anna.example", "spiegel.example", "archiv.example", sentence, text(0)[3])
    named = [row["id"].hex() for row in rows(parent) if row["url"] == ANNA]
    assert holding(garden.home, *words)
    answer = garden.erase("--url", ANNA, "--remove-parent", "--note", "case 12")
    assert answer["removed"] == [str(parent)]
    assert answer["still_hold"] == []
    assert not parent.exists()
    left = holding(garden.home, *words[1:], *named)
    assert left == set()
    # Of the host only what never was a document is told: that one of its pages was not there.
    hosts = [row["host"] for row in rows(garden.latest, "audit/losses")]
    assert hosts.count("anna.example") == 1


def test_of_an_erased_domain_no_line_is_left_anywhere(garden):
    parent = garden.latest
    assert any("seite-20" in row["origin"] for row in rows(parent, "audit/rights"))
    garden.erase("--domain", "seite-20.example", "--domain", "anna.example", "--remove-parent")
    assert holding(garden.home, "seite-20.example", "anna.example") == set()
    assert list(verify(garden.latest)) == []


def test_the_ledger_has_a_line_for_all_that_went_and_the_sums_agree(garden):
    before = manifests.read(garden.latest)
    garden.erase("--url", ANNA, basis="court-order")
    after = manifests.read(garden.latest)
    assert after.records == before.records
    lost = losses(garden.latest)
    assert [(row["rule"], row["host"], row["warc_offset"], row["lang"]) for row in lost] == [
        ("court_order", "", -1, "deu_Latn")
    ] * 3  # the page, its equal and its near copy
    assert len({row["id"] for row in lost}) == 3
    (step,) = [step for step in after.funnel if step.stage == "erase"]
    assert step.lost == {"court_order": 3}
    assert after.parent.build_id == before.build_id
    assert (after.parent.erased, after.parent.promoted) == (1, 0)


def test_the_root_is_that_of_a_build_that_knew_the_log(garden):
    garden.erase("--url", ANNA, "--url", COPIED, "--domain", "müller.example")
    erased = garden.latest
    built = garden.build()
    assert built != erased
    assert root(built) == root(erased)
    for path in sorted((built / "data").rglob("*.parquet")):
        assert path.read_bytes() == (erased / path.relative_to(built)).read_bytes()
    check_build = florilegium("verify", built, "--erasure-key", garden.key)
    assert "verified" in check_build.stdout
    assert holding(built, ANNA, EXACT, NEAR) == set()
    garden.build(code=3)


def test_shards_with_nothing_to_erase_are_the_same_files(garden):
    before = garden.latest
    garden.erase("--id", identity(before, "https://seite-40.example/artikel/40"))
    after = garden.latest
    same = [
        path for path in (before / "data").rglob("*.parquet")
        if (after / path.relative_to(before)).stat().st_ino == path.stat().st_ino
    ]  # fmt: skip
    assert len(same) == len(manifests.read(before).shards) - 1


def test_a_later_crawl_does_not_bring_it_back(garden):
    garden.erase("--url", ANNA, "--domain", "müller.example", "--remove-parent")
    old = garden.latest
    changed = [*text(0)[1:], "Inzwischen ist die Seite eine andere geworden, ganz ohne Frage."]
    html = {"Content_Type": "text/html; charset=utf-8"}
    (garden.folder / "crawl" / "later.warc.gz").write_bytes(
        b"".join(
            [
                capture(ANNA, page(changed), at=LATER, **html),
                capture("https://neu.example/kopie", page(text(0)), at=LATER, **html),
                capture("https://www.müller.example/neu", page(text(100)), at=LATER, **html),
                capture("https://neu.example/anders", page(text(101)), at=LATER, **html),
            ]
        )
    )
    new = garden.build()
    assert urls(new) - urls(old) == {"https://neu.example/anders"}
    assert len([row for row in losses(new) if row["warc"] == "later.warc.gz"]) == 3
    assert list(verify(new)) == []


def test_a_copy_takes_the_place_if_that_is_wanted(garden):
    before = garden.latest
    answer = garden.erase("--url", COPIED, "--promote", "copy", basis="tdm-opt-out")
    after = garden.latest
    assert answer["promoted"] == 1
    assert urls(after) == urls(before) - {COPIED} | {COPY}  # the longest that is left
    (heir,) = [row for row in rows(after) if row["url"] == COPY]
    assert heir["dup_size"] == 2
    check(garden, after, before)
    (other,) = [row for row in losses(after, "duplicates") if row["host"] == "abschrift.example"]
    assert (other["dup_of"], other["value"]) == (heir["id"], None)
    assert root(garden.build()) == root(after)


def test_an_erased_copy_is_no_heir(garden):
    before = garden.latest
    answer = garden.erase("--url", COPIED, "--url", COPY, "--promote", "copy")
    assert answer["promoted"] == 1
    assert urls(garden.latest) == urls(before) - {COPIED} | {SHORT}
    before = garden.latest
    answer = garden.erase("--domain", "abschrift.example", "--promote", "copy")
    assert (answer["promoted"], answer["erased"]) == (0, 1)
    assert urls(garden.latest) == urls(before) - {SHORT}


def test_where_the_text_of_a_copy_is_gone_none_is_promoted_and_that_is_said(garden):
    before = garden.latest
    (garden.home / "work" / "last.json").unlink()
    answer = garden.erase("--url", COPIED, "--promote", "copy")
    assert (answer["promoted"], answer["copies_without_text"]) == (0, 1)
    assert urls(garden.latest) == urls(before) - {COPIED}


def test_everything_can_be_erased(garden):
    garden.erase("--pattern", "*")
    made = manifests.read(garden.latest)
    assert (made.documents, made.shards, made.languages) == (0, (), ())
    assert list(verify(garden.latest)) == []
