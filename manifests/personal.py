"""Kinds of personal data, and how many of each a document has."""
# ruff: noqa: RUF001  (names of numbers are in the languages of Europe)

from typing import Final

from msgspec import Struct


class Personal(Struct, frozen=True, gc=False, array_like=True):
    """How many items of personal data were found in a text, by kind. Never the items.

    National identifiers are named as in python-stdnum: country, then number.
    """

    email: int = 0
    """Addresses of electronic mail."""
    phone: int = 0
    """Telephone numbers."""
    ip: int = 0
    """Internet addresses, version 4 or 6."""
    iban: int = 0
    """International bank account numbers."""
    card: int = 0
    """Numbers of payment cards."""
    wallet: int = 0
    """Bitcoin addresses."""
    imei: int = 0
    """Numbers of mobile devices."""
    at_vnr: int = 0
    """Austria: Sozialversicherungsnummer."""
    be_nn: int = 0
    """Belgium: rijksregisternummer, numéro national."""
    bg_egn: int = 0
    """Bulgaria: ЕГН."""
    bg_pnf: int = 0
    """Bulgaria: ЛНЧ, of foreigners."""
    ch_ssn: int = 0
    """Switzerland: AHV-Nummer, numéro AVS."""
    cz_rc: int = 0
    """Czech Republic and Slovakia: rodné číslo."""
    de_idnr: int = 0
    """Germany: Steuer-Identifikationsnummer."""
    de_rvnr: int = 0
    """Germany: Rentenversicherungsnummer."""
    dk_cpr: int = 0
    """Denmark: CPR-nummer."""
    ee_ik: int = 0
    """Estonia: isikukood."""
    es_dni: int = 0
    """Spain: DNI."""
    es_nie: int = 0
    """Spain: NIE, of foreigners."""
    fi_hetu: int = 0
    """Finland: henkilötunnus."""
    fr_nif: int = 0
    """France: numéro fiscal."""
    fr_nir: int = 0
    """France: numéro de sécurité sociale."""
    gb_nhs: int = 0
    """United Kingdom: NHS number."""
    gb_nino: int = 0
    """United Kingdom: National Insurance number."""
    gb_utr: int = 0
    """United Kingdom: Unique Taxpayer Reference."""
    gr_amka: int = 0
    """Greece: ΑΜΚΑ."""
    hr_oib: int = 0
    """Croatia: OIB."""
    hu_adojel: int = 0
    """Hungary: adóazonosító jel."""
    hu_szemelyi: int = 0
    """Hungary: személyi azonosító."""
    hu_taj: int = 0
    """Hungary: TAJ-szám."""
    ie_pps: int = 0
    """Ireland: PPS number."""
    is_kennitala: int = 0
    """Iceland: kennitala."""
    it_codicefiscale: int = 0
    """Italy: codice fiscale."""
    lt_asmens: int = 0
    """Lithuania: asmens kodas."""
    lu_matricule: int = 0
    """Luxembourg: matricule."""
    lv_pk: int = 0
    """Latvia: personas kods."""
    mt_id: int = 0
    """Malta: number of the identity card."""
    nl_bsn: int = 0
    """Netherlands: burgerservicenummer."""
    no_fodselsnummer: int = 0
    """Norway: fødselsnummer."""
    pl_pesel: int = 0
    """Poland: PESEL."""
    pt_cc: int = 0
    """Portugal: number of the cartão de cidadão."""
    pt_nif: int = 0
    """Portugal: NIF of a person."""
    ro_cnp: int = 0
    """Romania: CNP."""
    ru_inn: int = 0
    """Russia: ИНН of a person."""
    se_personnummer: int = 0
    """Sweden: personnummer."""
    si_emso: int = 0
    """Slovenia, Bosnia and Herzegovina, Montenegro, North Macedonia, Serbia: EMŠO, JMBG."""
    tr_tckimlik: int = 0
    """Turkey: T.C. kimlik numarası."""
    ua_rntrc: int = 0
    """Ukraine: РНОКПП."""


KINDS: Final = Personal.__struct_fields__
NATIONAL: Final = KINDS[KINDS.index("at_vnr") :]
"""The kinds that are national identifiers."""
