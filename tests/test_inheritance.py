"""Recipes that follow from others: what is joined, and what is refused."""

import pytest

from florilegium.filters.catalogue import DEFAULTS, PROFILES
from florilegium.filters.length import Length
from florilegium.filters.repetition import Repetition
from florilegium.pipelines.recipe import RecipeError, lineage, load, parse, resolved

BASE = """
name = "base"
languages = ["deu_Latn", "fra_Latn"]
keep = "latest"
personal_kinds = { ip = "count" }

[shards]
size = 1000
row_group_bytes = 2048
"""


@pytest.fixture
def write(tmp_path):
    """Write a recipe below a folder and return where it is."""

    def make(name, text):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return str(path)

    return make


@pytest.fixture
def heir(write):
    """Load a recipe that follows from `BASE` and has some more lines."""

    def make(lines, base=BASE):
        write("base.toml", base)
        return load(write("heir.toml", f'base = "base.toml"\nname = "heir"\n{lines}'))

    return make


def tags(recipe):
    return [rule.__struct_config__.tag for rule in recipe.filters]


# What is joined.


def test_what_a_recipe_does_not_give_is_taken_from_its_base(heir):
    found = heir("")
    assert (found.name, found.keep) == ("heir", "latest")
    assert found.languages == ("deu_Latn", "fra_Latn")


def test_tables_are_joined_key_by_key_and_lists_replaced(heir):
    found = heir(
        'languages = ["swe_Latn"]\npersonal_kinds = { email = "drop" }\n[shards]\nsize = 9'
    )
    assert found.languages == ("swe_Latn",)
    assert found.personal_kinds == {"ip": "count", "email": "drop"}
    assert (found.shards.size, found.shards.row_group_bytes) == (9, 2048)


def test_filters_that_are_given_stand_for_all_of_the_base(heir):
    assert heir('[[filters]]\nuse = "length"\n').filters == (Length(),)
    assert heir("filters = []").filters == ()


def test_a_profile_comes_before_filters_of_the_base_and_filters_before_its_profile(heir):
    own = f'{BASE}\n[[filters]]\nuse = "length"\n'
    assert heir("", own).filters == (Length(),)
    assert heir('profile = "datatrove"', own).filters == PROFILES["datatrove"]
    assert heir("", f'profile = "datatrove"{BASE}').filters == PROFILES["datatrove"]
    found = heir('[[filters]]\nuse = "length"', f'profile = "datatrove"{BASE}')
    assert (found.filters, found.profile) == ((Length(),), "even")


def test_single_limits_of_filters_are_changed_and_the_others_stay(heir):
    found = heir(
        "[change.filters.repetition]\nmax_top_bigram = 0.25\n"
        "languages.deu_Latn.max_top_bigram = 0.2\n"
    )
    assert tags(found) == [rule.__struct_config__.tag for rule in DEFAULTS]
    (rule,) = (rule for rule in found.filters if isinstance(rule, Repetition))
    assert rule.max_top_bigram == 0.25
    assert rule.limit("max_top_bigram", "deu_Latn") == 0.2
    assert rule.max_top_trigram is None


def test_entries_of_lists_are_removed_changed_and_added_in_this_order(heir):
    found = heir(
        '[remove]\nfilters = ["lines", "quality"]\nlanguages = ["fra_Latn"]\n'
        '[remove.rights]\nagents = ["training"]\n'
        '[add]\nlanguages = ["mlt_Latn"]\n[[add.filters]]\nuse = "licence"\n'
        '[add.rights]\nagents = ["GPTBot"]\n'
    )
    assert found.languages == ("deu_Latn", "mlt_Latn")
    assert found.rights.agents == ("*", "florilegium", "GPTBot")
    expected = [rule.__struct_config__.tag for rule in DEFAULTS]
    assert tags(found) == [t for t in expected if t not in ("lines", "quality")] + ["licence"]


def test_lists_are_changed_without_a_base_too():
    text = 'name = "x"\nlanguages = ["deu_Latn"]\n[change.filters.length]\nmin_chars = 7\n'
    found = parse(text.encode(), "x.toml")
    assert found.filters == (Length(min_chars=7), *DEFAULTS[1:])
    assert parse(f'profile = "datatrove"\n{text}'.replace("length", "c4").replace(
        "min_chars", "min_sentences").encode(), "x.toml").filters[2].min_sentences == 7  # fmt: skip


def test_named_tables_are_told_by_their_names(heir):
    lists = "".join(
        f'[[blocklists]]\nname = "{name}"\npath = "{name}.txt"\n' for name in ("one", "two")
    )
    found = heir(
        '[remove]\nblocklists = ["one"]\n[change.blocklists.two]\npath = "2.txt"\n'
        '[[add.blocklists]]\nname = "three"\npath = "3.txt"\n',
        BASE + lists,
    )
    assert [(one.name, one.path) for one in found.blocklists] == [
        *(("two", "2.txt"), ("three", "3.txt"))
    ]


def test_a_line_of_bases_is_followed_and_told(write):
    write("a.toml", 'name = "a"\nlanguages = ["deu_Latn"]\nkeep = "latest"')
    write("b.toml", 'name = "b"\nbase = "a.toml"\ndescription = "The middle."\nreasons = "all"')
    found = lineage(write("c.toml", 'name = "c"\nbase = "b.toml"\npersonal = "drop"'))
    assert [one.recipe.name for one in found] == ["a", "b", "c"]
    assert [one.descent.description for one in found] == ["", "The middle.", ""]
    last = found[-1].recipe
    assert (last.keep, last.reasons, last.personal) == ("latest", "all", "drop")


def test_bases_are_found_from_the_folder_of_the_file_and_by_shipped_names(write, monkeypatch):
    write("shared/base.toml", BASE)
    path = write("teams/nordic/heir.toml", 'name = "heir"\nbase = "../../shared/base.toml"')
    assert load(path).keep == "latest"
    shipped = load(write("teams/mine.toml", 'name = "mine"\nbase = "european"'))
    assert shipped.languages == load("european").languages
    assert parse(b'name = "x"\nbase = "european"', "").languages == shipped.languages


def test_a_recipe_with_a_base_is_the_same_written_out(heir):
    by_base = heir('personal = "drop"\n[change.filters.length]\nmin_chars = 7\n')
    written = BASE.replace('"base"', '"heir"').replace("keep", 'personal = "drop"\nkeep')
    filters = "".join(f'[[filters]]\nuse = "{tag}"\n' for tag in tags(by_base))
    filters = filters.replace('"length"\n', '"length"\nmin_chars = 7\n')
    assert resolved(parse(f"{written}{filters}".encode(), "")) == resolved(by_base)


# What is refused, and where.


def refusal(path):
    with pytest.raises(RecipeError) as error:
        load(path)
    return str(error.value)


def test_errors_name_the_file_that_the_wrong_key_is_in(write):
    base = write("base.toml", f"{BASE}sizes = 1\n")
    path = write("heir.toml", 'name = "heir"\nbase = "base.toml"\nkeep = "latest"')
    assert refusal(path) == (
        f"{base}: Object contains unknown field `sizes` - at `$.shards` (did you mean 'size'?)"
    )
    write("base.toml", BASE)
    path = write("heir.toml", 'name = "heir"\nbase = "base.toml"\n[shards]\nsizes = 1')
    assert refusal(path) == (
        f"{path}: Object contains unknown field `sizes` - at `$.shards` (did you mean 'size'?)"
    )


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("", "Object missing required field `name`"),
        ('name = "h"\nbas = "x"', "Object contains unknown field `bas` (did you mean 'base'?)"),
        ('name = "h"\ndescription = 1', "Expected `str`, got `int` - at `$.description`"),
        ('name = "h"\nchange = 1', "Expected `object`, got `int` - at `$.change`"),
        ('name = "h"\n[change.filters.lenght]\nmin_chars = 1',
         "`change.filters`: there is no 'lenght' (did you mean 'length'?); there are: length, "
         "certainty, foreign, words, symbols, lines, repetition, host-lines, quality, bad-words, "
         "benchmarks"),
        ('name = "h"\n[change.filters.words]\nmin_alpha_word = 1',
         "Object contains unknown field `min_alpha_word` - at `$.change.filters.words` (did you "
         "mean 'min_alpha_words'?)"),
        ('name = "h"\n[change.filters.words]\nmin_alpha_words = 2',
         "Expected `float` <= 1.0 - at `$.change.filters.words.min_alpha_words`"),
        ('name = "h"\n[change.filter.words]\nmin_alpha_words = 2',
         "`change.filter`: there is no 'filter' (did you mean 'filters'?)"),
        ('name = "h"\n[change]\nkeep = "longest"',
         "`change.keep`: 'keep' is no list; it can be given as it is"),
        ('name = "h"\n[change.shards]\nsize = 5',
         "`change.shards.size`: 'size' is no list; it can be given as it is"),
        ('name = "h"\n[change]\nfilters = ["words"]',
         "`change.filters` is not a table for each entry that changes"),
        ('name = "h"\n[remove]\nfilters = ["line"]',
         "`remove.filters`: there is no 'line' (did you mean 'lines'?)"),
        ('name = "h"\n[remove]\nfilters = "lines"', "`remove.filters` is not a list of names"),
        ('name = "h"\n[add]\nlanguages = ["deu_Latn"]',
         "`add.languages`: 'deu_Latn' is there already"),
        ('name = "h"\n[add]\nfilters = "words"', "`add.filters` is not a list"),
        ('name = "h"\n[[add.filters]]\nuse = "licenc"',
         "Invalid value 'licenc' - at `$.filters[11].use` (did you mean 'licence'?)"),
        ('name = "h"\nprofile = "even"\nfilters = []',
         "a recipe has either a `profile` or `[[filters]]`, not both"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_an_heir_is_said_with_its_place(write, lines, said):
    write("base.toml", BASE)
    path = write("heir.toml", f'base = "base.toml"\n{lines}')
    assert refusal(path) == f"{path}: {said}"


def test_a_base_that_is_not_there_is_refused_with_the_nearest(write, tmp_path):
    path = write("heir.toml", 'name = "h"\nbase = "europen"')
    assert refusal(path).startswith(
        f"{path}: `base`: there is no recipe '{tmp_path}/europen' (did you mean 'european'?)"
    )


def test_bases_in_a_circle_are_refused_with_the_circle(write):
    one = write("one.toml", 'name = "one"\nlanguages = ["deu_Latn"]\nbase = "two.toml"')
    two = write("two.toml", 'name = "two"\nlanguages = ["deu_Latn"]\nbase = "./one.toml"')
    assert refusal(one) == (f"{one}: a base leads back to where it began: {one} -> {two} -> {one}")
    alone = write("alone.toml", 'name = "alone"\nbase = "alone.toml"')
    assert "leads back" in refusal(alone)


def test_a_line_of_bases_has_an_end(write):
    write("0.toml", 'name = "x"\nlanguages = ["deu_Latn"]')
    for number in range(1, 12):
        write(f"{number}.toml", f'name = "x{number}"\nbase = "{number - 1}.toml"')
    assert len(lineage(write("10.toml", 'name = "x10"\nbase = "9.toml"'))) == 11
    assert "more than 10 bases in a line" in refusal(
        write("11.toml", 'name = "x11"\nbase = "10.toml"')
    )
