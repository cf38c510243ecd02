"""Languages by the names that the index has for them.

Common Crawl identifies languages with CLD2, which knows some 160. Some of ours are members of what
CLD2 has as one, and many small ones it does not know at all.
"""

from collections.abc import Iterable

_KNOWN = """
abk afr ara aze bak bel ben bos bre bul cat ces cos cym dan deu ell eng epo est eus fao fas fin fra
fry gla gle glg glv heb hin hrv hun hye ina isl ita jpn kal kat kaz kor kur lat lav lit ltz mkd mlt
nld nno nor oci oss pol por roh ron rus sco slk slv spa sqi srp swe tat tur ukr uzb yid zho
"""
KNOWN = frozenset(_KNOWN.split())
"""Codes of the index that can be meant by codes of ours."""
_NAMED_OTHERWISE = {
    "cnr": ("srp",),
    "hbs": ("bos", "hrv", "srp"),
    "nno": ("nno", "nor"),
    "nob": ("nor",),
    "nor": ("nno", "nor"),
}


def names_in_index(codes: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what the index calls these languages, and those for which it has no name; sorted.

    >>> names_in_index(["nob_Latn", "bar_Latn"])
    (('nor',), ('bar_Latn',))
    """
    named: set[str] = set()
    unnamed: set[str] = set()
    for code in codes:
        language = code.partition("_")[0]
        names = _NAMED_OTHERWISE.get(language, (language,) if language in KNOWN else ())
        named.update(names)
        if not names:
            unnamed.add(code)
    return tuple(sorted(named)), tuple(sorted(unnamed))
