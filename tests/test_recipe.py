"""Recipes: what a right one resolves to, what is said of a wrong one, what explains each key."""

import ast
import inspect
import json
from pathlib import Path
from typing import Annotated, get_args, get_origin, get_type_hints

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import fields

from florilegium.filters.catalogue import DEFAULTS, PROFILES, AnyFilter
from florilegium.filters.datatrove import Datatrove
from florilegium.filters.language_table import LANGUAGES, european
from florilegium.filters.length import Length
from florilegium.filters.limits import ByLanguage
from florilegium.manifests.personal import KINDS, NATIONAL
from florilegium.pipelines import recipe as recipe_module
from florilegium.pipelines.provenance import harvest_fingerprint
from florilegium.pipelines.recipe import (
    HARVEST_KEYS,
    Recipe,
    RecipeError,
    changed,
    load,
    parse,
    resolved,
)
from florilegium.pipelines.recipe_files import shipped

START = 'name = "x"\nlanguages = ["deu_Latn"]\n'


def refusal(toml: str) -> str:
    """Return what is said of a recipe that must be refused, the name of its file left out."""
    with pytest.raises(RecipeError) as error:
        parse(toml.encode(), "my.toml")
    source, _, said = str(error.value).partition(": ")
    assert source == "my.toml"
    return said


# A right one.


def test_the_smallest_recipe_has_every_default():
    assert parse(START.encode(), "") == Recipe(name="x", languages=("deu_Latn",))
    assert parse(START.encode(), "").filters == DEFAULTS


def test_languages_are_resolved_sorted_and_named_once():
    found = parse(b'name = "x"\nlanguages = ["swe_Latn", "dan_Latn", "swe_Latn"]', "")
    assert found.languages == ("dan_Latn", "swe_Latn")
    everything = parse(b'name = "x"\nlanguages = ["european", "dan_Latn"]', "")
    assert everything.languages == tuple(sorted(european()))
    assert len(everything.languages) > 100


def test_a_recipe_overrides_only_what_it_names():
    found = parse(
        f'{START}keep = "latest"\n[[filters]]\nuse = "length"\nmin_chars = 7\n'
        "[duplicates]\nmin_similarity = 0.9\n".encode(),
        "",
    )
    assert found.keep == "latest"
    assert found.filters == (Length(min_chars=7),)
    assert found.duplicates.min_similarity == 0.9
    assert found.duplicates.exact is True
    assert found.shards == Recipe(name="x", languages=()).shards


def test_a_profile_stands_for_its_filters():
    found = parse(f'{START}profile = "datatrove"'.encode(), "")
    assert [rule.__struct_config__.tag for rule in found.filters] == [
        *("gopher-repetition", "gopher-quality", "c4", "fineweb")
    ]
    with pytest.raises(RecipeError, match="either a `profile` or"):
        parse(f'{START}profile = "even"\nfilters = []'.encode(), "")


def test_a_profile_with_rules_of_its_own_or_with_what_it_has_no_rule_for_is_refused():
    own = parse(f'{START}[[filters]]\nuse = "length"\n'.encode(), "s.toml")
    with pytest.raises(RecipeError, match="either a `profile` or"):
        changed(own, ["profile=datatrove"])
    with pytest.raises(RecipeError, match="either a `profile` or"):
        changed(load("demo"), ["profile=datatrove", "filters.length.min_chars=5"])
    benchmarks = f'{START}[[benchmarks]]\nname = "b"\npath = "b.jsonl"\n'
    with pytest.raises(RecipeError, match=r"^s\.toml: `benchmarks` are named"):
        parse(f'profile = "datatrove"\n{benchmarks}'.encode(), "s.toml")
    with pytest.raises(RecipeError, match=r"^profile=datatrove: `benchmarks` are named"):
        changed(parse(benchmarks.encode(), "s.toml"), ["profile=datatrove"])


@pytest.mark.parametrize("number", ["inf", "-inf", "nan"])
def test_a_number_that_json_cannot_write_is_refused_with_its_place(number):
    limit = f'[[filters]]\nuse = "lines"\nmax_newlines_per_word = {number}\n'
    said = r"(no number that can be used|Expected `float` >= 0\.0) - at `\$\.filters\["
    with pytest.raises(RecipeError, match=said):
        parse(f"{START}{limit}".encode(), "s.toml")
    with pytest.raises(RecipeError, match=said):
        changed(load("demo"), [f"filters.length.min_mean_word={number}"])


@pytest.mark.parametrize("digits", [20, 400, 5000])
def test_a_number_that_no_table_can_hold_is_refused(digits):
    with pytest.raises(RecipeError, match=r"^s\.toml: "):
        parse(f"{START}[mixture]\ntokens = {{ deu_Latn = {'9' * digits} }}".encode(), "s.toml")


def test_limits_of_a_language_come_before_those_of_all():
    text = '[[filters]]\nuse = "repetition"\nmax_top_bigram = 0.2\n'
    own = "[filters.languages.deu_Latn]\nmax_top_bigram = 0.3\n"
    (rule,) = parse(f"{START}{text}{own}".encode(), "").filters
    found = [rule.limit("max_top_bigram", lang) for lang in ("deu_Latn", "fra_Latn")]
    assert found == [0.3, 0.2]
    with pytest.raises(RecipeError, match="deu_Latn has a limit 'max_chars'"):
        parse(f"{START}{text}{own}max_chars = 1\n".encode(), "")


def test_a_recipe_without_filters_keeps_everything():
    assert parse(f"{START}filters = []".encode(), "").filters == ()


def test_the_resolved_recipe_is_whole_and_reads_back_the_same():
    found = load("european")
    plain = resolved(found)
    assert set(plain) == set(Recipe.__struct_fields__) - {"mixture", "gates", "parent", "months"}
    said = ["mixture.tokens.default=1", "gates.canaries=true", "parent=latest", "months.lists=[]"]
    whole = resolved(changed(found, said))
    assert set(whole) == set(Recipe.__struct_fields__)
    assert plain["filters"][0]["use"] == "length"
    assert msgspec.convert(msgspec.json.decode(msgspec.json.encode(plain)), Recipe) == found


def test_harvest_reads_only_keys_that_there_are():
    assert set(HARVEST_KEYS) < set(Recipe.__struct_fields__)


def test_input_is_read_again_for_another_method_but_not_for_another_limit():
    def fingerprint(settings):
        return harvest_fingerprint(parse(f"{START}[duplicates]\n{settings}".encode(), ""))

    assert fingerprint("min_similarity = 0.9") == fingerprint("")
    assert fingerprint('method = "minhash"') != fingerprint("")
    assert fingerprint('method = "fast-similarity-sketch"') == fingerprint("")


def test_recipes_that_come_with_the_package_load():
    assert {"demo", "european", "monthly", "permissive"} < set(shipped())
    for name in shipped():
        assert load(name).name == name


def test_a_recipe_is_read_from_a_path(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(START)
    assert load(str(path)).name == "x"


# A wrong one: what is wrong, where, and what was probably meant.


def test_an_unknown_key_is_refused_with_its_place_and_the_nearest():
    assert refusal(f"{START}tokeniser = 1") == (
        "Object contains unknown field `tokeniser` (did you mean 'tokenizer'?)"
    )
    assert refusal(f"{START}[shards]\nsizes = 1") == (
        "Object contains unknown field `sizes` - at `$.shards` (did you mean 'size'?)"
    )
    assert refusal(f'{START}[[filters]]\nuse = "length"\nmin_char = 5') == (
        "Object contains unknown field `min_char` - at `$.filters[0]` (did you mean 'min_chars'?)"
    )
    assert refusal(f"{START}[duplicates]\nqwxz = 1") == (
        "Object contains unknown field `qwxz` - at `$.duplicates`"
    )


def test_an_unknown_filter_is_refused_with_its_place_and_the_nearest():
    assert refusal(f'{START}[[filters]]\nuse = "length"\n[[filters]]\nuse = "repetitions"') == (
        "Invalid value 'repetitions' - at `$.filters[1].use` (did you mean 'repetition'?)"
    )


def test_a_filter_without_a_name_is_refused_with_its_place():
    assert refusal(f"{START}[[filters]]\nmin_chars = 5") == (
        "Object missing required field `use` - at `$.filters[0]`"
    )


def test_a_value_outside_a_fixed_list_is_refused_with_the_nearest():
    assert refusal(f'{START}keep = "longst"') == (
        "Invalid enum value 'longst' - at `$.keep` (did you mean 'longest'?)"
    )


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        (f'{START}keep_truncated = "yes"', "Expected `bool`, got `str` - at `$.keep_truncated`"),
        (f'{START}[shards]\nsize = "1"', "Expected `int`, got `str` - at `$.shards.size`"),
        (f"{START}[shards]\nsize = 0", "Expected `int` >= 1 - at `$.shards.size`"),
        (
            f"{START}[duplicates]\nmin_similarity = 1.5",
            "Expected `float` <= 1.0 - at `$.duplicates.min_similarity`",
        ),
        (
            f'{START}[[filters]]\nuse = "length"\nmin_chars = 1.5',
            "Expected `int`, got `float` - at `$.filters[0].min_chars`",
        ),
        ('name = "x"\nlanguages = "deu_Latn"', "Expected `array`, got `str` - at `$.languages`"),
        ('name = "x"\nlanguages = [1]', "Expected `str`, got `int` - at `$.languages[0]`"),
        (
            'name = "x"\nlanguages = []',
            "Expected `array` of length >= 1 - at `$.languages`",
        ),
        (
            'name = "Not A Name"\nlanguages = ["deu_Latn"]',
            "Expected `str` matching regex '^[a-z0-9][a-z0-9-]{0,39}\\\\Z' - at `$.name`",
        ),
        ('languages = ["deu_Latn"]', "Object missing required field `name`"),
        ('name = "x"', "Object missing required field `languages`"),
        ("", "Object missing required field `name`"),
    ],
)
def test_a_wrong_value_is_refused_with_its_place(toml, said):
    assert refusal(toml) == said


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ('[[filters]]\nuse = "length"\nmin_chars = -5',
         "Expected `int` >= 0 - at `$.filters[0].min_chars`"),
        ('[[filters]]\nuse = "words"\nmin_alpha_words = 80',
         "Expected `float` <= 1.0 - at `$.filters[0].min_alpha_words`"),
        ('[[filters]]\nuse = "lines"\nmin_prose_lines = -1.5',
         "Expected `float` >= -1.0 - at `$.filters[0].min_prose_lines`"),
        ('[[filters]]\nuse = "length"\nmin_chars = 9\nmax_chars = 8',
         "`min_chars` is above `max_chars`: nothing passes - at `$.filters[0]`"),
        ("[extraction]\nmin_chars = 9\nmax_chars = 8",
         "`min_chars` is above `max_chars`: nothing passes - at `$.extraction`"),
        ("[extraction]\nmin_chars = -1", "Expected `int` >= 0 - at `$.extraction.min_chars`"),
        ("[extraction]\ncpu_seconds = 0", "Expected `float` > 0.0 - at `$.extraction.cpu_seconds`"),
        ("[extraction]\npages_per_child = 0",
         "Expected `int` >= 1 - at `$.extraction.pages_per_child`"),
        ('[[filters]]\nuse = "repetition"\nlanguages.deu_Latn.max_top_bigram = 20',
         "deu_Latn has a limit 'max_top_bigram' of 20: it is a share - at `$.filters[0]`"),
        ('[[filters]]\nuse = "repetition"\nlanguages.deu_Latm.max_top_bigram = 0.2',
         "`languages` has limits for an unknown language 'deu_Latm' - at `$.filters[0]`"),
        ('[[filters]]\nuse = "quality"\nmin_qualities.deu_Latm = 0.2',
         "`min_qualities` for an unknown language 'deu_Latm' - at `$.filters[0]`"),
    ],
)  # fmt: skip
def test_a_number_that_makes_no_sense_is_refused_with_its_place(table, said):
    assert refusal(START + table) == said


def test_no_limit_of_a_filter_may_be_below_what_it_measures():
    for rule in (*DEFAULTS, *PROFILES["datatrove"]):
        for field in fields(rule):
            if field.name.startswith(("min_", "max_")) and isinstance(field.default, int | float):
                written = f'[[filters]]\nuse = "{rule.__struct_config__.tag}"\n{field.name} = -2'
                assert "Expected" in refusal(START + written), (rule, field.name)


@pytest.mark.parametrize("name", ["../x", "a/b", "x\n", "", "-x", ".x", "x" * 41])
def test_a_name_that_is_no_plain_folder_is_refused(name):
    assert "at `$.name`" in refusal(f"name = {json.dumps(name)}\nlanguages = ['deu_Latn']")


def test_an_unknown_language_is_refused_with_its_place_and_the_nearest():
    assert refusal('name = "x"\nlanguages = ["deu_Latn", "deu_Latin"]') == (
        "unknown language 'deu_Latin' (did you mean 'deu_Latn'?) - at `$.languages[1]`"
    )
    assert refusal('name = "x"\nlanguages = ["europian"]') == (
        "unknown language 'europian' (did you mean 'european'?) - at `$.languages[0]`"
    )
    assert refusal('name = "x"\nlanguages = ["?"]') == (
        "unknown language '?' - at `$.languages[0]`"
    )


@pytest.mark.parametrize("toml", ["name = ", "name", "[a\n", 'name = "x"\nname = "y"', "\0"])
def test_what_is_not_toml_is_refused_with_the_line(toml):
    said = refusal(toml)
    assert said.startswith("not TOML: ")
    assert "line" in said or "end of document" in said


def test_what_is_not_utf_8_is_refused():
    with pytest.raises(RecipeError, match=r"^my\.toml: not TOML: "):
        parse(b'name = "caf\xe9"', "my.toml")


def test_toml_nested_beyond_all_bounds_is_refused():
    assert refusal(f"{START}filters = {'[' * 5_000}").startswith("not TOML: ")


def test_a_recipe_that_is_not_there_is_refused_with_the_nearest(tmp_path):
    with pytest.raises(RecipeError) as error:
        load("europen")
    assert str(error.value) == (
        "there is no recipe 'europen' (did you mean 'european'?): give a path or one of "
        + ", ".join(shipped())
    )
    with pytest.raises(RecipeError, match=r"there is no recipe '/.*': give a path"):
        load(str(tmp_path))


@given(st.text() | st.text('[]{}="\n.#x1', max_size=30))
def test_any_text_is_a_recipe_or_refused(text):
    for toml in (text, START + text):
        try:
            found = parse(toml.encode("utf-8", "surrogatepass"), "my.toml")
        except RecipeError:
            continue
        assert set(found.languages) <= set(LANGUAGES)


# Every key is explained, for whoever reads the reference made from it.


def explained(record: type[Struct]) -> set[str]:
    """Return the fields of a record that say what they mean: by a docstring or a description."""
    tree = ast.parse(inspect.getsource(record)).body[0]
    assert isinstance(tree, ast.ClassDef)
    found = {
        field.target.id
        for field, text in zip(tree.body, tree.body[1:], strict=False)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
        and isinstance(text.value.value, str)
    }
    for name, hint in get_type_hints(record, include_extras=True).items():
        if get_origin(hint) is Annotated and any(
            getattr(meta, "description", None) for meta in get_args(hint)[1:]
        ):
            found.add(name)
    return found


def sections(record: type[Struct]) -> list[type[Struct]]:
    """Return the records that a recipe consists of, its filters left out."""
    hints = list(get_type_hints(record).values())
    hints += [kind for hint in hints if get_origin(hint) is tuple for kind in get_args(hint)]
    kinds = [kind for kind in hints if isinstance(kind, type)]
    nested = [kind for kind in kinds if issubclass(kind, Struct)]
    return [record, *(found for kind in nested for found in sections(kind))]


@pytest.mark.parametrize("record", sections(Recipe), ids=lambda record: record.__name__)
def test_every_key_of_a_recipe_is_explained(record):
    assert record.__doc__
    assert set(record.__struct_fields__) - explained(record) == set()


@pytest.mark.parametrize("record", get_args(AnyFilter), ids=lambda record: record.__name__)
def test_every_filter_is_explained_and_its_limits_say_which_side_they_bound(record):
    assert record.__doc__
    if record is Datatrove:  # its limits are among the arguments, as its class calls them
        assert set(record.__struct_fields__) - explained(record) == set()
        return
    for name in record.__struct_fields__:
        assert name.startswith(("min_", "max_")) or name in explained(record) | explained(
            ByLanguage
        )


def test_a_number_lives_in_the_default_of_its_field_alone():
    folder = Path(inspect.getfile(recipe_module)).parent / "recipes"
    plain = msgspec.toml.decode((folder / "european.toml").read_bytes())
    assert set(plain) == {"name", "description", "languages"}


def test_kinds_of_personal_data_may_fare_differently():
    special = b'personal_kinds = { ip = "count", national_id = "drop", pl_pesel = "count" }\n'
    found = parse(b'name = "x"\nlanguages = ["deu_Latn"]\n' + special, "x.toml")
    assert found.kinds_to("count") == {"ip", "pl_pesel"}
    assert found.kinds_to("drop") == set(NATIONAL) - {"pl_pesel"}
    assert found.kinds_to("mask") == set(KINDS) - set(NATIONAL) - {"ip"}


def test_an_unknown_kind_of_personal_data_is_refused_with_the_nearest():
    text = b'name = "x"\nlanguages = ["deu_Latn"]\npersonal_kinds = { emial = "drop" }\n'
    with pytest.raises(RecipeError, match=r"unknown kind of personal data 'emial' .*'email'"):
        parse(text, "x.toml")
