"""The public surface of `import florilegium`: every name says what it is and has an entry."""

import inspect
import re

import pytest
from shown import ROOT

import florilegium
from florilegium.filters import rule

PAGE = (ROOT / "docs" / "api.md").read_text("utf-8")


RULES = ("Filter", "Measure", "balance", "ratio", "share")


@pytest.mark.parametrize("name", [*florilegium.__all__, *RULES])
def test_a_public_name_says_what_it_is_and_has_an_entry(name):
    thing = getattr(rule if name in RULES else florilegium, name)
    entry = f"florilegium.filters.rule.{name}" if name in RULES else name
    assert inspect.getdoc(thing)
    assert re.search(rf"^\.\. auto(class|function|exception):: {entry}(\(\))?$", PAGE, re.M)
    if inspect.isclass(thing):
        for member, value in vars(thing).items():
            if not member.startswith("_") and (
                inspect.isfunction(value) or isinstance(value, property)
            ):
                assert inspect.getdoc(value), f"{name}.{member}"
