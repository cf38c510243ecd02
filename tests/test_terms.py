"""Pages under licences that a recipe does not want are lost by name, with number and limit."""

import msgspec
import pytest

from florilegium.filters.licence import Flag
from florilegium.filters.licence_names import TERMS, terms
from florilegium.filters.terms import Licensed
from florilegium.pipelines.recipe import RecipeError, load, parse


def verdict(document, rule=None, **about):
    spdx = about.pop("license", None)
    given = {"license": spdx, "license_class": terms(spdx), "license_tier": None} | about
    failed = (rule or Licensed())(document(7, **given))
    return failed and (failed.rule, failed.value, failed.limit)


@pytest.mark.parametrize(
    ("about", "lost"),
    [
        ({"license": "CC-BY-4.0", "license_tier": "A"}, None),
        ({"license": "CC0-1.0", "license_tier": "B"}, None),
        ({"license": "OGL-UK-3.0", "license_tier": "C"}, ("licence_tier", 3, 2)),
        ({"license": "CC-BY-4.0", "license_tier": "D"}, ("licence_tier", 4, 2)),
        ({"license": "CC-BY-SA-4.0", "license_tier": "A"}, ("licence_class", 1, 0)),
        ({"license": "CC-BY-NC-SA-4.0", "license_tier": "A"}, ("licence_class", 2, 0)),
        ({"license": "CC-BY-NC-ND-4.0", "license_tier": "A"}, ("licence_class", 3, 0)),
        (
            {"license": "LicenseRef-all-rights-reserved", "license_tier": "C"},
            ("licence_class", 4, 0),
        ),
        ({}, ("licence_class", 5, 0)),
        (
            {"license": "CC-BY-4.0", "license_tier": "A", "license_flags": int(Flag.DISAGREEMENT)},
            ("licence_disagreement", 1, 0),
        ),
        (
            {"license": "CC-BY-4.0", "license_tier": "A", "license_flags": int(Flag.OTHERS)},
            None,
        ),
    ],
)
def test_only_what_is_permissive_sure_and_uncontradicted_stays_by_default(document, about, lost):
    assert verdict(document, **about) == lost


def test_a_recipe_says_how_much_may_be_asked_and_how_sure_it_must_be(document):
    rule = Licensed(max_class="non-commercial", min_tier="D", max_disagreement=1)
    weak = {"license_tier": "D", "license_flags": int(Flag.DISAGREEMENT)}
    assert verdict(document, rule, license="CC-BY-NC-4.0", **weak) is None
    assert verdict(document, rule, license="CC-BY-ND-4.0", **weak) == ("licence_class", 3, 2)
    assert verdict(document, Licensed(max_class="unknown")) is None


def test_classes_are_written_in_recipes_as_in_documents():
    recipe = parse(
        b'name="x"\nlanguages=["deu_Latn"]\n[[filters]]\nuse="licence"\nmax_class="share-alike"', ""
    )
    assert recipe.filters == (Licensed(max_class="share-alike"),)
    wrong = b'name="x"\nlanguages=["deu_Latn"]\n[[filters]]\nuse="licence"\nmax_class="sharealike"'
    with pytest.raises(RecipeError, match="did you mean 'share-alike'"):
        parse(wrong, "")


def test_the_recipe_of_free_texts_has_all_other_rules_too():
    free, plain = load("permissive"), load("european")
    assert free.filters == (Licensed(), *plain.filters)
    assert free.licences.consensus == "apply"
    others = {"name", "filters", "licences", "keep"}
    for name in set(free.__struct_fields__) - others:
        assert getattr(free, name) == getattr(plain, name)


def test_every_class_has_a_licence_and_every_licence_a_class():
    found = {terms(name) for name in (None, "CC-BY-4.0", "GFDL-1.3-only", "CC-BY-NC-4.0",
             "CC-BY-ND-4.0", "LicenseRef-all-rights-reserved")}  # fmt: skip
    assert found == set(TERMS)
    assert msgspec.json.decode(b'"permissive"') in TERMS
