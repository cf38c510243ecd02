"""The log of erasures: a chain that shows every change, of hashes that tell nothing without key."""

import os
import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from florilegium.manifests import erasures
from florilegium.manifests.erasures import BASES, LogError, appended, decode, findings, new, noted
from florilegium.manifests.ledger import Loss
from florilegium.manifests.secret import Secret, SecretError, load, load_or_make
from florilegium.pipelines.erasure.blocked import Blocked, encoded

SECRET = Secret(b"a key for nothing but this test!")


def erasure(basis="gdpr-17", secret=SECRET, **named):
    """An erasure of some values by kind."""
    hashes = {
        kind: tuple(sorted(secret.digest(kind, one).hex() for one in some))
        for kind, some in named.items()
    }
    return new(
        time="2026-11-28T12:00:00Z", basis=basis, release="a/1", root="00", documents=1,
        promote="none", key=secret.name, hashes=hashes,
    )  # fmt: skip


def log_of(*some):
    content = b""
    for one in some:
        content = appended(content, one)
    return content


several = st.lists(st.sampled_from([erasure(basis) for basis in BASES]), max_size=5)


@given(several)
def test_what_is_appended_is_read_again_in_its_place(some):
    found = decode(log_of(*some))
    assert [one.basis for one in found] == [one.basis for one in some]
    assert [one.number for one in found] == list(range(1, len(some) + 1))


@given(several.filter(bool), st.data())
def test_no_byte_of_a_log_but_of_its_last_line_can_change_unseen(some, data):
    content = bytearray(log_of(*some, erasure("other")))
    last = content.rindex(b"\n", 0, -1)
    place = data.draw(st.integers(0, last))
    content[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(LogError):
        decode(bytes(content))


@pytest.mark.parametrize(
    "content", [b"{}\n", b"\n", b"\xff\n", b"[" * 100_000 + b"\n", log_of(erasure())[:-1]]
)
def test_what_is_no_log_is_refused_by_line(content):
    with pytest.raises(LogError, match=r"^(line 1: |its last line does not end)"):
        decode(content)


def test_losses_by_a_basis_of_which_the_log_says_nothing_are_a_finding():
    (found,) = findings(log_of(erasure("other")), ["other", "gdpr_17"])
    assert (
        found == "audit/erasures.jsonl: documents were erased by gdpr_17, of which it says nothing"
    )
    assert list(findings(log_of(erasure("gdpr-17")), ["gdpr_17"])) == []


def test_an_erasure_is_noted_once_and_one_of_more_is_another():
    log = decode(log_of(erasure(url=[b"a", b"b"])))
    assert noted(log, erasure(url=[b"a"]))
    assert not noted(log, erasure(url=[b"c"]))
    assert not noted(log, erasure("other", url=[b"a"]))


@given(st.binary(max_size=40), st.binary(max_size=40))
def test_a_hash_tells_values_kinds_and_keys_apart(one, other):
    assert SECRET.digest("url", one) != SECRET.digest("id", one)
    assert Secret(bytes(32)).digest("url", one) != SECRET.digest("url", one)
    assert (SECRET.digest("url", one) == SECRET.digest("url", other)) == (one == other)


def test_a_key_is_made_once_and_for_its_owner_alone(tmp_path):
    os.umask(os.umask(0))
    made = load_or_make(tmp_path / "key")
    assert load_or_make(tmp_path / "key") == made == load(tmp_path / "key")
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600
    assert made.key.hex() not in repr(made)
    assert [path.name for path in tmp_path.iterdir()] == ["key"]


@pytest.mark.parametrize("content", ["", "00", "zz" * 32, "00" * 33, "ü"])
def test_a_file_that_holds_no_key_is_refused(tmp_path, content):
    (tmp_path / "key").write_text(content)
    with pytest.raises(SecretError):
        load(tmp_path / "key")


def test_what_is_blocked_is_known_however_it_is_written():
    log = decode(
        log_of(
            erasure("gdpr-21", url=[encoded("//a.example/x")], below=[encoded("b.example")]),
            erasure("copyright", host=[encoded("xn--mller-kva.example")], id=[b"1" * 16]),
        )
    )
    blocked = Blocked(log, SECRET)
    assert blocked.by_url("HTTP://A.example:80/./x?utm_source=y#z") == "gdpr-21"
    assert blocked.by_url("https://c.b.example/anything") == "gdpr-21"
    assert blocked.by_url("https://b.example/anything") is None
    assert blocked.by_url("https://notb.example/") is None
    assert blocked.by_url("https://Müller.example/") == "copyright"
    assert blocked.by_host("MÜLLER.example.") == "copyright"
    assert blocked.by_id(b"1" * 16) == "copyright"
    assert blocked.by_id(b"2" * 16) is None
    assert blocked.by_words(b"1" * 16) is None
    for odd in ("", "no address", "http://[", "http://a b/", "\ud800", "https://" + "a." * 5_000):
        assert blocked.by_url(odd) is None
        assert blocked.by_host(odd) is None


def test_the_wrong_key_is_noticed():
    with pytest.raises(SecretError, match="not the key of the log"):
        Blocked(decode(log_of(erasure())), Secret(bytes(32)))


def test_a_line_of_the_ledger_says_no_more_than_it_may():
    log = decode(log_of(erasure(id=[b"1" * 16], host=[b"a.example"])))
    blocked = Blocked(log, SECRET)
    fields = {"warc": "w", "warc_offset": 9, "size": 9, "detail": "x"}
    copy = Loss(id=b"1" * 16, stage="duplicates", rule="exact_duplicate", lang="deu_Latn",
                host="b.example", **fields)  # fmt: skip
    found = blocked.loss(copy)
    assert (found.stage, found.rule, found.id) == ("erase", "gdpr_17", blocked.masked(b"1" * 16))
    assert (found.host, found.warc_offset, found.size, found.detail) == ("", -1, 0, None)
    early = Loss(id=b"2" * 16, stage="decode", rule="charset", host="a.example",
                 domain="a.example", **fields)  # fmt: skip
    found = blocked.loss(early)
    assert (found.stage, found.id, found.warc_offset) == ("decode", b"2" * 16, 9)
    assert (found.host, found.domain, found.detail) == ("", "", None)
    follower = Loss(id=b"3" * 16, stage="duplicates", rule="near_duplicate", lang="deu_Latn",
                    host="c.example", dup_of=b"1" * 16, **fields)  # fmt: skip
    assert blocked.loss(follower).dup_of == blocked.masked(b"1" * 16)
    other = Loss(id=b"4" * 16, stage="quality", rule="words", lang="deu_Latn", **fields)
    assert blocked.loss(other) is other
    assert erasures.rule("court-order") == "court_order"
