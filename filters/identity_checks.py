"""Check digits of national identifiers that python-stdnum lacks, or checks by the clock.

A build must say the same of a page next year, so no year of birth is compared with today's. All
functions take a number without separators, of the right length and alphabet.
"""

from collections.abc import Sequence
from typing import Final

from stdnum import luhn, verhoeff
from stdnum.dk import cpr
from stdnum.exceptions import ValidationError
from stdnum.fi import hetu
from stdnum.no import fodselsnummer


def is_austrian(number: str) -> bool:
    """Say whether ten digits are a Sozialversicherungsnummer, with a date of birth in it."""
    weights = (3, 7, 9, 0, 5, 8, 4, 2, 1, 6)
    return (
        number[0] != "0"
        and int(number[3]) == _weighted(weights, number) % 11
        and 1 <= int(number[4:6]) <= 31
        and 1 <= int(number[6:8]) <= 15  # months beyond twelve: more than 999 births on a day
    )


def is_belgian(number: str) -> bool:
    """Say whether eleven digits are a rijksregisternummer, of either century."""
    check = 97 - int(number[9:])
    born = int(number[:9]) % 97, int("2" + number[:9]) % 97
    return _in_calendar(number[4:6], int(number[2:4]) % 20) and check in born


def is_british(number: str) -> bool:
    """Say whether letters and digits may be a National Insurance number; it has no check."""
    return number[:2] not in ("BG", "GB", "KN", "NK", "NT", "TN", "ZZ")


def is_danish(number: str) -> bool:
    """Say whether ten digits have a date of birth as a CPR-nummer has.

    Its check digit is out of use since 2007.
    """
    try:
        cpr.get_birth_date(number)
    except ValidationError:
        return False
    return True


def is_finnish(number: str) -> bool:
    """Say whether ten characters are a henkilötunnus whose mark of the century is lost."""
    return bool(hetu.is_valid(f"{number[:6]}-{number[6:]}"))


def is_german_pension(number: str) -> bool:
    """Say whether a Rentenversicherungsnummer has its check digit (VKVV, section 2)."""
    digits = number[:8] + f"{ord(number[8]) - ord('A') + 1:02d}" + number[9:]
    weights = (2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1)
    products = (weight * int(digit) for weight, digit in zip(weights, digits, strict=False))
    check = sum(product // 10 + product % 10 for product in products) % 10
    return _in_calendar(number[2:4], int(number[4:6])) and check == int(digits[12])


def is_hungarian_health(number: str) -> bool:
    """Say whether nine digits are a TAJ-szám."""
    return _weighted((3, 7, 3, 7, 3, 7, 3, 7), number) % 10 == int(number[8])


def is_hungarian_person(number: str) -> bool:
    """Say whether eleven digits are a személyi azonosító, of before or after 1997."""
    rising = range(1, 11)
    sums = _weighted(rising, number), _weighted(rising[::-1], number)
    in_calendar = _in_calendar(number[5:7], int(number[3:5]))
    return in_calendar and int(number[10]) in (sums[0] % 11, sums[1] % 11)


def is_hungarian_tax(number: str) -> bool:
    """Say whether ten digits are an adóazonosító jel."""
    return number[0] == "8" and _weighted(range(1, 10), number) % 11 == int(number[9])


def is_luxembourgish(number: str) -> bool:
    """Say whether thirteen digits are a matricule: a Luhn digit, then a Verhoeff digit."""
    in_calendar = _in_calendar(number[6:8], int(number[4:6]))
    return (
        in_calendar
        and bool(luhn.is_valid(number[:12]))
        and bool(verhoeff.is_valid(number[:11] + number[12]))
    )


def is_norwegian(number: str) -> bool:
    """Say whether eleven digits are a fødselsnummer or a D-nummer."""
    first = fodselsnummer.calc_check_digit1(number)
    second = fodselsnummer.calc_check_digit2(number)
    in_calendar = _in_calendar(str(int(number[:2]) % 40), int(number[2:4]) % 40)
    return in_calendar and number[-2:] == f"{first}{second}"


def is_swedish(number: str) -> bool:
    """Say whether ten or twelve digits are a personnummer or a samordningsnummer."""
    in_calendar = _in_calendar(str(int(number[-6:-4]) % 60), int(number[-8:-6]))
    return in_calendar and bool(luhn.is_valid(number[-10:]))


_LAST_DAY: Final = 31


def _in_calendar(day: str, month: int) -> bool:
    return 1 <= int(day) <= _LAST_DAY and 1 <= month <= 12


def _weighted(weights: Sequence[int], number: str) -> int:
    return sum(weight * int(digit) for weight, digit in zip(weights, number, strict=False))
