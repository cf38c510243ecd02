"""Values for the slots of planted sentences: personal data with right check digits, and the rest.

Every value is made up of chance digits and syllables. Numbers with check digits are drawn until
they have them.
"""

import random
import string
from collections.abc import Callable

import phonenumbers
from stdnum import iban, isbn, luhn, numdb
from stdnum.at import vnr
from stdnum.be import nn
from stdnum.bg import egn
from stdnum.cz import rc
from stdnum.de import idnr
from stdnum.dk import cpr
from stdnum.ee import ik
from stdnum.es import dni, nie
from stdnum.fi import hetu
from stdnum.fr import nif as french_nif
from stdnum.fr import nir
from stdnum.gb import nhs
from stdnum.gr import amka
from stdnum.hr import oib
from stdnum.ie import pps
from stdnum.it import codicefiscale
from stdnum.lt import asmens
from stdnum.lv import pvn
from stdnum.nl import bsn
from stdnum.pl import pesel
from stdnum.pt import cc, nif
from stdnum.ro import cnp
from stdnum.se import personnummer
from stdnum.si import emso

from florilegium.filters import identity_checks

Chance = random.Random
COUNTRY = {
    "cs": "CZ", "da": "DK", "el": "GR", "en": "GB", "et": "EE", "ga": "IE", "sl": "SI", "sv": "SE",
}  # fmt: skip
"""Countries of languages that are not called like their language."""

# What stands for what: # a digit, $ a capital letter, * either; d, m and y a date of birth.
FORMS: dict[str, tuple[tuple[str, ...], Callable[[str], bool]]] = {
    "at_vnr": (("#### ddmmyy", "####ddmmyy"), vnr.is_valid),
    "be_nn": (("yy.mm.dd-###.##", "yymmdd#####", "yymmdd ### ##"), nn.is_valid),
    "bg_egn": (("yymmdd####",), egn.is_valid),
    "cz_rc": (("yymmdd/####", "yymmdd####", "yymmdd / ####"), rc.is_valid),
    "de_idnr": (("## ### ### ###", "###########"), idnr.is_valid),
    "de_rvnr": (("## ddmmyy $ ###", "##ddmmyy$###"), identity_checks.is_german_pension),
    "dk_cpr": (("ddmmyy-####", "ddmmyy####", "ddmmyy ####"), cpr.is_valid),
    "ee_ik": (("#yymmdd####",), ik.is_valid),
    "es_dni": (("########$", "########-$", "##.###.###-$"), dni.is_valid),
    "es_nie": (("X#######$", "Y-#######-$", "Z#######-$"), nie.is_valid),
    "fi_hetu": (("ddmmyy-###*", "ddmmyyA###*"), hetu.is_valid),
    "fr_nif": (("## ## ### ### ###", "#############"), french_nif.is_valid),
    "fr_nir": (("1 yy mm ## ### ### ##", "2yymm## ###### ##", "1yymm##########"), nir.is_valid),
    "gb_nhs": (("### ### ####", "##########"), nhs.is_valid),
    "gb_nino": (("JK ## ## ## A", "PR######C", "WE ## ## ## D"), identity_checks.is_british),
    "gr_amka": (("ddmmyy#####",), amka.is_valid),
    "hr_oib": (("###########",), oib.is_valid),
    "hu_adojel": (("8#########", "8### ### ###"), identity_checks.is_hungarian_tax),
    "hu_taj": (("### ### ###", "#########", "###-###-###"), identity_checks.is_hungarian_health),
    "ie_pps": (("#######$", "#######$A"), pps.is_valid),
    "it_codicefiscale": (("$$$$$$yyHddF###$", "$$$$$$yyPddL###$"), codicefiscale.is_valid),
    "lt_asmens": (("#yymmdd####",), asmens.is_valid),
    "lv_pk": (("ddmmyy-1####", "32####-#####"), pvn.is_valid),
    "mt_id": (("0######M", "0######G"), lambda number: number[1:3] != "00"),
    "nl_bsn": (("#########", "####.##.###", "### ### ###"), bsn.is_valid),
    "pl_pesel": (("yymmdd#####",), pesel.is_valid),
    "pt_cc": (("######## # ZZ#", "#########ZY#"), cc.is_valid),
    "pt_nif": (("2## ### ###", "1########"), nif.is_valid),
    "ro_cnp": (("1yymmdd######", "2yymmdd######"), cnp.is_valid),
    "se_personnummer": (("yymmdd-####", "19yymmdd-####", "19yymmdd####"), personnummer.is_valid),
    "si_emso": (("ddmm9yy50####",), emso.is_valid),
}
BARE = ("es_dni", "es_nie", "hu_adojel", "hu_taj", "de_rvnr")
"""Kinds whose check takes no separators."""
_SYLLABLES = [
    "ba",
    "ko",
    "lu",
    "mi",
    "ra",
    "te",
    "vo",
    "na",
    "si",
    "dor",
    "fen",
    "gal",
    "hum",
    "jek",
    "lam",
    "por",
    "sul",
    "tin",
]


def value(slot: str, lang: str, chance: Chance) -> str:
    """Return a value for a slot in a sentence of a language (ISO 639-1)."""
    if slot in FORMS:
        return identifier(slot, chance)
    return VALUES[slot](COUNTRY.get(lang, lang.upper()), chance)


def identifier(kind: str, chance: Chance) -> str:
    """Return a national identifier in one of its forms, drawn until its check digits are right."""
    forms, is_valid = FORMS[kind]
    form = chance.choice(forms)
    for _ in range(1_000_000):
        made = written(form, chance)
        bare = "".join(sign for sign in made if sign.isalnum())
        if is_valid(bare if kind in BARE else made):
            return made
    raise ValueError(f"no number has the form {form}")


def written(form: str, chance: Chance) -> str:
    """Return a form with its signs replaced by digits, letters and a date."""
    date = {"dd": 1 + chance.randrange(28), "mm": 1 + chance.randrange(12)}
    for sign, number in (date | {"yy": 40 + chance.randrange(60)}).items():
        form = form.replace(sign, f"{number:02d}")
    choices = {
        "#": string.digits,
        "$": string.ascii_uppercase,
        "*": "0123456789ABCDEFHJKLMNPRSTUVWXY",
    }
    return "".join(chance.choice(choices.get(sign, sign)) for sign in form)


def _word(chance: Chance) -> str:
    return "".join(chance.choices(_SYLLABLES, k=chance.randint(2, 4)))


def _email(country: str, chance: Chance) -> str:
    local = _word(chance) + chance.choice(["", ".", "_", "-", "+", "__"]) + _word(chance)
    host = chance.choice(["example.com", "example.org", f"{_word(chance)}.example"])
    domain = chance.choice(["", f"{_word(chance)}.", f"post-{_word(chance)}."]) + host
    return local + chance.choice(["@", "@", "@", "@", " [at] ", "(at)"]) + domain


def _phone(country: str, chance: Chance) -> str:
    kind = chance.choice(
        [phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE]
    )
    example = phonenumbers.example_number_for_type(country, kind)
    while True:
        tail = f"{chance.randrange(10_000):04d}"
        number = phonenumbers.parse(
            f"+{example.country_code}{str(example.national_number)[:-4]}{tail}"
            if not example.italian_leading_zero
            else f"+39 0{str(example.national_number)[:-4]}{tail}"
        )
        if phonenumbers.is_valid_number(number):
            break
    form = chance.choice(
        [
            phonenumbers.PhoneNumberFormat.NATIONAL,
            phonenumbers.PhoneNumberFormat.INTERNATIONAL,
            phonenumbers.PhoneNumberFormat.E164,
        ]
    )
    return str(phonenumbers.format_number(number, form))


def _iban(country: str, chance: Chance) -> str:
    [(_, form), *_] = numdb.get("iban").info(country)
    signs = {"n": string.digits, "a": string.ascii_uppercase, "c": string.digits}
    while True:
        bban = "".join(
            "".join(chance.choices(signs[part[-1]], k=int(part.rstrip("!nac"))))
            for part in _parts(form["bban"])
        )
        made = country + iban.calc_check_digits(country + "00" + bban) + bban
        if iban.is_valid(made):
            return chance.choice([made, iban.format(made)])


def _parts(form: str) -> list[str]:
    """Return the parts of a structure such as `4!a14!n`, each with its letter."""
    parts, part = [], ""
    for sign in form:
        part += sign
        if sign in "nac":
            parts.append(part)
            part = ""
    return parts


def _bad_iban(country: str, chance: Chance) -> str:
    good = _iban(country, chance)
    return good[:2] + f"{(int(good[2:4]) + 1 + chance.randrange(90)) % 97:02d}" + good[4:]


def _card(country: str, chance: Chance) -> str:
    start = chance.choice("45") + "".join(chance.choices(string.digits[1:], k=14))
    digits = start + luhn.calc_check_digit(start)
    separator = chance.choice(" -")
    return separator.join(digits[place : place + 4] for place in range(0, 16, 4))


def _octet(chance: Chance) -> int:
    return chance.choice([place for place in range(20, 100) if place != 100])


def _ip(country: str, chance: Chance) -> str:
    if chance.random() < 0.3:
        return "2a00:{:x}:{:x}::{:x}".format(*(chance.randrange(1, 1 << 16) for _ in range(3)))
    return f"{chance.randrange(23, 90)}.{_octet(chance)}.{_octet(chance)}.{_octet(chance)}"


def _ip_high(country: str, chance: Chance) -> str:
    return f"{chance.randrange(130, 168)}.{_octet(chance)}.{chance.randrange(256)}.{_octet(chance)}"


def _version(country: str, chance: Chance) -> str:
    numbers = [
        chance.randrange(1, 20),
        *(chance.randrange(300) for _ in range(chance.randint(1, 4))),
    ]
    return ".".join(map(str, numbers)) + chance.choice(["", "", "-2", "~rc1", "b4"])


def _isbn(country: str, chance: Chance) -> str:
    start = "97839" + "".join(chance.choices(string.digits, k=7))
    made = start + isbn.ean.calc_check_digit(start)
    return chance.choice([made, isbn.format(made), isbn.to_isbn10(made)])


def _date(country: str, chance: Chance) -> str:
    day, month, year = chance.randint(1, 28), chance.randint(1, 12), chance.randint(1990, 2026)
    return chance.choice(
        [
            f"{day:02d}.{month:02d}.{year}",
            f"{year}-{month:02d}-{day:02d}",
            f"{day}. {month}. {year}",
            f"{day}/{month}/{year}",
            f"{year}-{month:02d}-{day:02d} {chance.randint(10, 23)}:{chance.randint(10, 59)}",
        ]
    )


def _price(country: str, chance: Chance) -> str:
    whole = chance.choice([chance.randrange(5, 100), chance.randrange(1_000, 10**8)])
    grouped = f"{whole:,}"
    return chance.choice(
        [
            grouped.replace(",", " ") + ",50",
            grouped.replace(",", ".") + ",00",
            grouped + ".90",
            grouped.replace(",", "\u00a0"),
        ]
    )


def _coordinates(country: str, chance: Chance) -> str:
    north, east = 35 + chance.random() * 30, 5 + chance.random() * 20
    return chance.choice(
        [
            f"{north:.6f}, {east:.6f}",
            f"{north:.5f} {east:.5f}",
            f"{int(north)}°{chance.randrange(60):02d}'{chance.randrange(60):02d}\"",
        ]
    )


def _order(country: str, chance: Chance) -> str:
    return "".join(chance.choices(string.digits[1:], k=chance.randint(8, 12)))


VALUES: dict[str, Callable[[str, Chance], str]] = {
    "email": _email, "phone": _phone, "iban": _iban, "bad_iban": _bad_iban, "card": _card,
    "card_plain": lambda country, chance: _card(country, chance).replace(" ", "").replace("-", ""),
    "ip": _ip, "ip_high": _ip_high, "version": _version, "isbn": _isbn, "date": _date,
    "price": _price, "coords": _coordinates, "order": _order,
    "doi": lambda country, chance: f"10.{chance.randrange(1000, 9999)}/{_order(country, chance)}",
}  # fmt: skip
