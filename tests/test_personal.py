import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from florilegium.filters import identities, personal
from florilegium.filters.personal import Span, count, find, mask
from florilegium.manifests.personal import NATIONAL, Personal

PIECES = [
    *"0123456789 -./(+@:,aZ\n",
    "tel. ",
    "PESEL ",
    "IP ",
    "a@b.de",
    "+49 30 901820",
    "217.160.0.187",
    "44051401359",
    "DE89 3704 0044 0532 0130 00",
    "4111 1111 1111 1111",
    "131052-308T",
    "2a00:1450:4001::200e",
    "<email-pii>",
    "\u00a0",
    "é",
]


def found(text):
    return [(span.kind, text[span.start : span.end]) for span in find(text)]


@pytest.mark.parametrize(
    ("text", "kind", "item"),
    [
        ("Mail: anna.b+c@post.example.de!", "email", "anna.b+c@post.example.de"),
        ("πού; info@bücher-laden.example.at.", "email", "info@bücher-laden.example.at"),
        ("+49 (0)30 901820", "phone", "+49 (0)30 901820"),
        ("Fax 0049 30 901820", "phone", "0049 30 901820"),
        ("Tel.: (030) 90 18 20", "phone", "(030) 90 18 20"),
        ("Tél. 01.23.45.67.89", "phone", "01.23.45.67.89"),
        ("τηλ. 210 1234567", "phone", "210 1234567"),
        ("тел: 8 (495) 123-45-67", "phone", "8 (495) 123-45-67"),
        ("+33\u00a01\u00a023\u00a045\u00a067\u00a089", "phone", "+33\xa01\xa023\xa045\xa067\xa089"),
        ("2024 +49 30 901820", "phone", "+49 30 901820"),
        ("von 217.160.0.187 aus", "ip", "217.160.0.187"),
        ("DNS: 8.8.8.8", "ip", "8.8.8.8"),
        ("[2a00:1450:4001:830::200e]", "ip", "2a00:1450:4001:830::200e"),
        ("DE89370400440532013000", "iban", "DE89370400440532013000"),
        ("ES91 2100 0418 4502 0005 1332 BIC", "iban", "ES91 2100 0418 4502 0005 1332"),
        ("4111 1111 1111 1111 12/27", "card", "4111 1111 1111 1111"),
        ("Visa 4111111111111111", "card", "4111111111111111"),
        ("3782-822463-10005", "card", "3782-822463-10005"),
        ("PESEL: 44051401359", "pl_pesel", "44051401359"),
        ("BSN 111222333", "nl_bsn", "111222333"),
        ("DNI 54362315K", "es_dni", "54362315K"),
        ("NIE X-2482300-W", "es_nie", "X-2482300-W"),
        ("personnummer 880320-0016", "se_personnummer", "880320-0016"),
        ("fødselsnummer 151086 95088", "no_fodselsnummer", "151086 95088"),
        ("rijksregisternummer 85.07.30-033.28", "be_nn", "85.07.30-033.28"),
        ("CPR-nr. 211062-5629", "dk_cpr", "211062-5629"),
        ("ЕГН 7523169263", "bg_egn", "7523169263"),
        ("131052-308T", "fi_hetu", "131052-308T"),
        ("RCCMNL83S18D969H", "it_codicefiscale", "RCCMNL83S18D969H"),
        ("756.9217.0769.85", "ch_ssn", "756.9217.0769.85"),
    ],
)
def test_an_item_is_found_with_its_kind_and_its_bounds(text, kind, item):
    assert found(text) == [(kind, item)]
    assert find(mask(text, find(text))) == ()


@pytest.mark.parametrize(
    "text",
    [
        "logo@2x.png",
        "ISBN 978-3-16-148410-0",
        "EUR 1.234.567,89 + 20 000 000",
        "2024-01-02 12:30:45",
        "Version 2.100.3.1 und 10.0.190.4",
        "see section 6.3.6.2",
        "linux-6.1.0.200-amd64",
        "127.0.0.1, 192.168.178.1",
        "1.3.6.101.4.1.311",
        "01.23.45.67.89",
        "00:1A:2B:3C:4D:5E",
        "DE89 3704 0044 0532 0130 01",
        "4111111111111111",
        "4111 1111 1111 1112",
        "44051401359 111222333 8803200016",
        "PESEL 44051401358",
        "fødselsnummer 15108695077",
        "Hotel 2010 20 000 000",
        "a1234567@ @b.de a@b",
        "",
    ],
)
def test_numbers_that_only_look_like_it_are_left_alone(text):
    assert found(text) == []


def test_a_mask_names_the_kind_and_keeps_all_else():
    text = "É: a@b.de, Tel. 030 901820; oib 33392005961."
    assert mask(text, find(text)) == "É: <email-pii>, Tel. <phone-pii>; oib <hr-oib-pii>."


def test_a_name_counts_for_the_first_number_after_it():
    assert [kind for kind, _ in found("PESEL 44051401359, 02070803628")] == ["pl_pesel"]
    assert found("Tel. " + "x" * 40 + " 030 901820") == []


def test_a_number_behind_a_phone_number_is_one_too():
    assert [item for _, item in found("Tel. 030 901820 oder 040 1234567, 040 765432")] == [
        "030 901820",
        "040 1234567",
        "040 765432",
    ]
    assert found("<phone-pii> or 040 1234567") == [("phone", "040 1234567")]
    assert len(found("Tel. 030 901820, geboren 040 1234567")) == 1
    assert len(found("Tel. 030 901820, 24.12.2024")) == 1


def test_counts_are_by_kind():
    assert count(find("a@b.de c@d.org IP 8.8.8.8")) == Personal(email=2, ip=1)
    assert count(()) == Personal()


@given(st.text() | st.lists(st.sampled_from(PIECES)).map("".join) | st.text(st.characters()))
def test_nothing_is_left_to_mask_in_a_masked_text(text):
    spans = find(text)
    assert find(mask(text, spans)) == ()
    ends = [0, *(place for span in spans for place in (span.start, span.end)), len(text)]
    assert ends == sorted(ends)
    assert all(isinstance(span, Span) and span.start < span.end for span in spans)


@pytest.mark.parametrize(
    "piece",
    [
        *(
            "-a",
            "9",
            "@",
            ".",
            "a@",
            "a@b.cc.1",
            "1 ",
            "DE89 ",
            "dead:",
            "1.2.3.",
            "A1B2",
            "(",
            "+1",
        ),
        *("+49 30 901820 ", "PESEL 1 1 1 1 1 1 1 1 1 1 1 1 ", "[at]", "a (at) b.de", "\\_", "é."),
    ],
)
def test_the_work_is_bounded_by_the_length(piece, monkeypatch):
    """Work is counted, not timed: candidates that were looked at, and their characters."""
    looked_at = []
    verify = personal._verify

    def counted(page, written, *rest):
        looked_at.append(len(written))
        return verify(page, written, *rest)

    monkeypatch.setattr(personal, "_verify", counted)
    for size in (1_000, 8_000):
        looked_at.clear()
        find((piece * size)[:size])
        assert len(looked_at) <= size / 2 + 1
        assert sum(looked_at) <= 45 * size


@pytest.mark.parametrize("piece", ["-a", "9", "@", "1 ", "a@b.cc.1", "PESEL 1 1 1 1 1 1 1 1 1 "])
def test_time_grows_no_faster_than_length(piece):
    def seconds(repeats):
        start = time.process_time()
        find(piece * repeats)
        return time.process_time() - start

    assert min(seconds(8_000) for _ in range(3)) < 8 * max(seconds(2_000), 0.01)


NUMBERS = {
    "at_vnr": "SVNR 1237 010180",
    "ch_ssn": "AHV 756.9217.0769.85",
    "de_rvnr": "Rentenversicherungsnummer 65 170839 J 003",
    "fr_nir": "numéro de sécurité sociale 2 95 10 99 126 111 93",
    "gb_nhs": "NHS number 943 476 5870",
    "gb_nino": "National Insurance: JK 12 34 56 C",
    "hu_taj": "TAJ 123 456 788",
    "imei": "IMEI 490154203237518",
    "is_kennitala": "kennitala 120174-3399",
    "lu_matricule": "matricule 1893120105732",
    "lv_pk": "personas kods 161175-19997",
    "mt_id": "karta tal-identità 0123456M",
    "ro_cnp": "CNP 1630615123457",
    "si_emso": "ЈМБГ 0101006500006",
    "tr_tckimlik": "T.C. kimlik no 17291716060",
    "ua_rntrc": "РНОКПП 1759013776",
    "ru_inn": "ИНН 500100732259",
    "wallet": "Bitcoin: 1NEDqZPvTWRaoho48qXuLLsrYomMXPABfD",
}


@pytest.mark.parametrize(("kind", "text"), NUMBERS.items())
def test_published_numbers_are_found_with_their_kind(kind, text):
    assert [one for one, _ in found(text)] == [kind]
    digit = max(place for place, sign in enumerate(text) if sign.isdigit())
    wrong = text[:digit] + str((int(text[digit]) + 1) % 10) + text[digit + 1 :]
    if kind not in ("gb_nino", "is_kennitala", "mt_id"):  # whose last digit checks nothing
        assert found(wrong) == []


@given(
    st.lists(st.sampled_from(PIECES)).map("".join),
    st.sets(st.sampled_from(["email", "phone", "ip", "iban", "card", "pl_pesel"])),
)
def test_masking_some_kinds_twice_is_masking_them_once(text, kinds):
    once = mask(text, find(text), kinds)
    assert mask(once, find(once), kinds) == once


@pytest.mark.parametrize(
    "text",
    [
        "a@b.exampleномерът9488-c.d@e.example",
        "tel 2a00:5c8e:94b0::1149:12341799",
        "a@b.example.org-był-c.d@e.example.org",
    ],
)
def test_what_a_mask_cuts_short_is_not_taken_for_more(text):
    once = mask(text, find(text))
    assert "<" in once
    assert find(once) == ()


def test_every_national_identifier_has_its_kind():
    strong = {"ch_ssn", "it_codicefiscale"}
    assert {each.kind for each in identities._IDENTITIES} | strong == set(NATIONAL)
