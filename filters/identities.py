"""National identity numbers: how each is told from any other number."""
# ruff: noqa: RUF001  (names are in the languages of Europe)

import re
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

import re2
from stdnum import luhn
from stdnum.bg import egn
from stdnum.ch import ssn
from stdnum.cz import rc
from stdnum.de import idnr
from stdnum.dk import cpr
from stdnum.ee import ik
from stdnum.es import dni, nie
from stdnum.exceptions import ValidationError
from stdnum.fi import hetu
from stdnum.fr import nir
from stdnum.gb import nhs
from stdnum.gr import amka
from stdnum.hr import oib
from stdnum.ie import pps
from stdnum.is_ import kennitala
from stdnum.it import codicefiscale
from stdnum.lt import asmens
from stdnum.lv import pvn
from stdnum.nl import bsn
from stdnum.no import fodselsnummer
from stdnum.pl import pesel
from stdnum.pt import nif
from stdnum.ro import cnp
from stdnum.si import emso
from stdnum.tr import tckimlik
from stdnum.ua import rntrc


class Identity(NamedTuple):
    """A kind of number that is only believed beside one of its names."""

    names: str
    """Beginnings of its names, alternatives of a regular expression."""
    shape: str
    """What the number looks like without its separators, a regular expression."""
    is_valid: Callable[[str], bool]


def _danish(number: str) -> bool:
    # The check digit is out of use since 2007: what remains is a date.
    try:
        cpr.get_birth_date(number)
    except ValidationError:
        return False
    return True


def _finnish(number: str) -> bool:
    return bool(hetu.is_valid(f"{number[:6]}-{number[6:]}"))


# The three below are not left to stdnum, which compares the year of birth with the clock:
# a build must say the same of a page next year.


def _swedish(number: str) -> bool:
    day, month = int(number[-6:-4]) % 60, int(number[-8:-6])
    return _in_calendar(day, month) and bool(luhn.is_valid(number[-10:]))


def _norwegian(number: str) -> bool:
    day, month = int(number[:2]) % 40, int(number[2:4]) % 40
    first = fodselsnummer.calc_check_digit1(number)
    second = fodselsnummer.calc_check_digit2(number)
    return _in_calendar(day, month) and number[-2:] == f"{first}{second}"


def _belgian(number: str) -> bool:
    day, month = int(number[4:6]), int(number[2:4]) % 20
    check = 97 - int(number[9:])
    born = int(number[:9]) % 97, int("2" + number[:9]) % 97
    return _in_calendar(day, month) and check in born


def _in_calendar(day: int, month: int) -> bool:
    return 1 <= day <= 31 and 1 <= month <= 12


_IDENTITIES: Final = (
    Identity("егн", "[0-9]{10}", egn.is_valid),
    Identity("rijksregister|registre national|num[ée]ro national|insz", "[0-9]{11}", _belgian),
    Identity(r"rodné č[íi]s|r\. ?č|rod\. ?č", "[0-9]{9,10}", rc.is_valid),
    Identity("steuer-?id|idnr|steuerliche id", "[0-9]{11}", idnr.is_valid),
    Identity("cpr", "[0-9]{10}", _danish),
    Identity("isikukood", "[0-9]{11}", ik.is_valid),
    Identity("dni|nif|documento nacional", "[0-9]{8}[A-Z]", dni.is_valid),
    Identity("nie|nif", "[XYZ][0-9]{7}[A-Z]", nie.is_valid),
    Identity("henkilötunnus|hetu|personbeteckning", "[0-9]{10}", _finnish),
    Identity(r"nir|s[ée]cu|num[ée]ro de s[ée]c", "[0-9]{15}", nir.is_valid),
    Identity("nhs", "[0-9]{10}", nhs.is_valid),
    Identity("αμκα|amka|α\\.μ\\.κ\\.α", "[0-9]{11}", amka.is_valid),
    Identity("oib", "[0-9]{11}", oib.is_valid),
    Identity("pps", "[0-9]{7}[A-W][A-IW]?", pps.is_valid),
    Identity("kennital|kt", "[0-9]{10}", kennitala.is_valid),
    Identity("asmens kod|a\\. ?k", "[0-9]{11}", asmens.is_valid),
    Identity("personas kod|p\\. ?k", "[0-9]{11}", pvn.is_valid),
    Identity("bsn|burgerservice|sofi", "[0-9]{8,9}", bsn.is_valid),
    Identity("fødselsn|personn|f\\. ?nr", "[0-9]{11}", _norwegian),
    Identity("pesel", "[0-9]{11}", pesel.is_valid),
    Identity("nif|contribuinte", "[0-9]{9}", nif.is_valid),
    Identity("cnp|cod numeric personal", "[0-9]{13}", cnp.is_valid),
    Identity("personn|pers\\. ?nr|samordningsn", "[0-9]{10}|[0-9]{12}", _swedish),
    Identity("emšo|jmbg|јмбг|матичен број|матични број", "[0-9]{13}", emso.is_valid),
    Identity("kimlik|tckn", "[0-9]{11}", tckimlik.is_valid),
    Identity("рнокпп|іпн|ідентифікаційн", "[0-9]{10}", rntrc.is_valid),
)


def _compile_names(names: Iterable[str]) -> "re2._Regexp[str]":
    return re2.compile(rf"(?i)(?:^|\PL)(?:{'|'.join(names)})")


_ANY_NAME: Final = _compile_names(each.names for each in _IDENTITIES)
_NAMES: Final = tuple(_compile_names([each.names]) for each in _IDENTITIES)
_SEPARATORS: Final = re.compile("[^0-9A-Z]")


def is_identity(written: str, before: str) -> bool:
    """Say whether a number is an identity number, by what stands before it or by its form.

    The form alone is enough for three kinds, which fewer than one in five hundred random
    numbers of the same length fit: the Italian and the Finnish with their letters, the Swiss
    with its 756.
    """
    if _is_striking(written):
        return True
    if not _ANY_NAME.search(before):
        return False
    number = _SEPARATORS.sub("", written)
    return any(
        re.fullmatch(each.shape, number) and name.search(before) and each.is_valid(number)
        for each, name in zip(_IDENTITIES, _NAMES, strict=True)
    )


def _is_striking(written: str) -> bool:
    if written.startswith("756"):
        return bool(ssn.is_valid(written))
    if written[-1].isalpha() and len(written) == 11:
        return bool(hetu.is_valid(written))
    return len(written) == 16 and written[:6].isalpha() and bool(codicefiscale.is_valid(written))
