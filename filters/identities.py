"""National identifiers: how each is told from any other number."""
# ruff: noqa: RUF001  (names are in the languages of Europe)

import re
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

import re2
from stdnum.bg import egn, pnf
from stdnum.ch import ssn
from stdnum.cz import rc
from stdnum.de import idnr
from stdnum.ee import ik
from stdnum.es import dni, nie
from stdnum.fi import hetu
from stdnum.fr import nif as french_nif
from stdnum.fr import nir
from stdnum.gb import nhs, utr
from stdnum.gr import amka
from stdnum.hr import oib
from stdnum.ie import pps
from stdnum.is_ import kennitala
from stdnum.it import codicefiscale
from stdnum.lt import asmens
from stdnum.lv import pvn
from stdnum.nl import bsn
from stdnum.pl import pesel
from stdnum.pt import cc, nif
from stdnum.ro import cnp
from stdnum.ru import inn
from stdnum.si import emso
from stdnum.tr import tckimlik
from stdnum.ua import rntrc

from florilegium.filters import identity_checks as checks


class Identity(NamedTuple):
    """A number that is only believed beside one of its names."""

    kind: str
    names: str
    """Beginnings of its names, alternatives of a regular expression."""
    shape: str
    """What the number looks like without its separators, a regular expression."""
    is_valid: Callable[[str], bool]


_IDENTITIES: Final = (
    Identity(
        "at_vnr",
        r"sv-?nr|sv-nummer|sozialversicherungsn|sozialvers|vers(?:icherungs)?\.?-?n(?:umme)?r|svnr",
        "[0-9]{10}",
        checks.is_austrian,
    ),
    Identity(
        "be_nn",
        r"rijksregister|registre national|num[ée]ro national|insz|niss|nationalregister|rrn",
        "[0-9]{11}",
        checks.is_belgian,
    ),
    Identity("bg_egn", r"егн|единен граждански|egn", "[0-9]{10}", egn.is_valid),
    Identity("bg_pnf", r"лнч|личен номер на чужденец", "[0-9]{10}", pnf.is_valid),
    Identity(
        "cz_rc", r"rodn\pL* č[íi]s|r\. ?č|rč|rod\. ?č|birth number", "[0-9]{9,10}", rc.is_valid
    ),
    Identity(
        "de_idnr",
        r"steuer-?id|steuerl?\pL* id|idnr|id-?nr|identifikationsn|tin",
        "[0-9]{11}",
        idnr.is_valid,
    ),
    Identity(
        "de_rvnr",
        r"rentenversicherung|sozialversicherung|rv-?nummer|rvnr|sv-?nummer|versicherungsn",
        "[0-9]{8}[A-Z][0-9]{3}",
        checks.is_german_pension,
    ),
    Identity("ee_ik", r"isikuko", "[0-9]{11}", ik.is_valid),
    Identity("es_dni", r"d\.?n\.?i|n\.?i\.?f|documento nacional", "[0-9]{8}[A-Z]", dni.is_valid),
    Identity("es_nie", r"nie|nif|n\.i\.e|extranjero", "[XYZ][0-9]{7}[A-Z]", nie.is_valid),
    Identity(
        "fi_hetu",
        r"henkilötunnu|hetu|personbeteckning|sotu",
        "[0-9]{9}[0-9A-Y]",
        checks.is_finnish,
    ),
    Identity(
        "fr_nif", r"num[ée]ro fiscal|n[°º] fiscal|spi|identifiant fiscal", "[0-9]{13}",
        french_nif.is_valid,
    ),
    Identity(
        "fr_nir",
        r"nir|s[ée]cu|num[ée]ro de s[ée]c|assur[ée] social|num[ée]ro insee|immatriculation",
        "[12][0-9]{4}(?:[0-9]{2}|2[AB])[0-9]{8}",
        nir.is_valid,
    ),
    Identity("gb_nhs", r"nhs", "[0-9]{10}", nhs.is_valid),
    Identity(
        "gb_nino", r"national insurance|ni n|nino", "[A-Z]{2}[0-9]{6}[A-D]", checks.is_british
    ),
    Identity("gb_utr", r"utr|unique taxpayer|tax reference", "[0-9]{10}", utr.is_valid),
    Identity("gr_amka", r"αμκα|amka|α\.μ\.κ\.α|α\. μ\. κ\. α", "[0-9]{11}", amka.is_valid),
    Identity("hr_oib", r"oib|osobni identifikacijski", "[0-9]{11}", oib.is_valid),
    Identity(
        "hu_adojel", r"adóazonosító|adóaz|adójel", "8[0-9]{9}", checks.is_hungarian_tax
    ),
    Identity(
        "hu_szemelyi", r"személyi (?:azonosító|szám)|szem\. ?sz", "[1-8][0-9]{10}",
        checks.is_hungarian_person,
    ),
    Identity(
        "hu_taj", r"taj|társadalombiztosítási azonosító", "[0-9]{9}", checks.is_hungarian_health
    ),
    Identity("ie_pps", r"pps|psp|upsp|uimhir phearsanta", "[0-9]{7}[A-W][A-IW]?", pps.is_valid),
    Identity("is_kennitala", r"kennit|kt", "[0-9]{10}", kennitala.is_valid),
    Identity("lt_asmens", r"asmens kod|a\. ?k", "[0-9]{11}", asmens.is_valid),
    Identity(
        "lu_matricule", r"matricule|matrikel|sozialversicherungsn", "[12][0-9]{12}",
        checks.is_luxembourgish,
    ),
    Identity("lv_pk", r"personas kod|p\. ?k", "[0-9]{11}", pvn.is_valid),
    Identity(
        "mt_id",
        r"karta ta(?:l-|’|'| )?identit|identity card|id card|id numb|numru tal-(?:karta|id)",
        "[0-9]{7}[ABGHLMPZ]",
        lambda number: int(number[:5]) > 0,
    ),
    Identity("nl_bsn", r"bsn|burgerservice|sofi|burger service", "[0-9]{8,9}", bsn.is_valid),
    Identity(
        "no_fodselsnummer", r"fødselsn|personn|f\. ?nr|fnr|d-nummer", "[0-9]{11}",
        checks.is_norwegian,
    ),
    Identity("pl_pesel", r"pesel", "[0-9]{11}", pesel.is_valid),
    Identity("pt_cc", r"cart[ãa]o d[eo] cidad|cc|bilhete de identidade", "[0-9]{9}[A-Z]{2}[0-9]",
             cc.is_valid),
    # Those of companies begin with other digits.
    Identity("pt_nif", r"nif|contribuinte", "(?:[123]|45)[0-9]+", nif.is_valid),
    Identity("ro_cnp", r"cnp|cod\pL* numeric personal", "[0-9]{13}", cnp.is_valid),
    Identity("ru_inn", r"инн", "[0-9]{12}", inn.is_valid),
    Identity(
        "se_personnummer", r"personn|pers\. ?nr|pnr|samordningsn", "[0-9]{10}|[0-9]{12}",
        checks.is_swedish,
    ),
    Identity(
        "si_emso",
        r"emšo|emso|enotn\pL* matičn|jmbg|јмбг|емшо|матичен број|матични број|matični broj",
        "[0-9]{13}",
        emso.is_valid,
    ),
    Identity("tr_tckimlik", r"kimlik|tckn|t\.?c\.? ?no", "[0-9]{11}", tckimlik.is_valid),
    Identity(
        "ua_rntrc", r"рнокпп|іпн|ідентифікаційн|податков", "[0-9]{10}", rntrc.is_valid
    ),
    # Last, for it has no check digit: a Swedish number is not taken for a Danish one.
    Identity("dk_cpr", r"cpr|personnummer", "[0-9]{10}", checks.is_danish),
)  # fmt: skip


def _compile_names(names: Iterable[str]) -> "re2._Regexp[str]":
    return re2.compile(rf"(?i)(?:^|\PL)(?:{'|'.join(names)})")


NAMES: Final = tuple(each.names for each in _IDENTITIES)
"""Beginnings of the names of all numbers, alternatives of a regular expression."""
_TESTS: Final = [
    (re.compile(each.shape).fullmatch, each, _compile_names([each.names])) for each in _IDENTITIES
]
_SHAPE: Final = re.compile("|".join(each.shape for each in _IDENTITIES))
_SEPARATORS: Final = re.compile("[^0-9A-Z]")


def striking(written: str) -> str | None:
    """Return the kind of a number that its form alone gives away, None if it is none.

    Fewer than one in five hundred random numbers of the same form are taken for one: the Italian
    and the Finnish have letters, the Swiss has its 756.
    """
    if written.startswith("756"):
        return "ch_ssn" if ssn.is_valid(written) else None
    if len(written) == 11 and written[6].isalpha() | (written[6] in "-+"):
        return "fi_hetu" if hetu.is_valid(written) else None
    if len(written) == 16 and written[:6].isalpha():
        return "it_codicefiscale" if codicefiscale.is_valid(written) else None
    return None


def named(written: str, before: str) -> str | None:
    """Return the kind of a number that stands behind one of its names, None if it is none.

    Of kinds with the same form, the one whose name stands nearest.
    """
    number = _SEPARATORS.sub("", written)
    if not _SHAPE.fullmatch(number):
        return None
    found: tuple[int, str] | None = None
    for has_shape, each, name in _TESTS:
        if has_shape(number) and each.is_valid(number):
            places = [match.end() for match in name.finditer(before)]
            if places and (found is None or places[-1] > found[0]):
                found = places[-1], each.kind
    return found and found[1]
