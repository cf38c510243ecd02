import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from florilegium.manifests import derived
from florilegium.manifests import manifest as manifests
from florilegium.manifests.layout import shard_path
from florilegium.manifests.manifest import FORMAT, Manifest, Resource, encode, read


def but_first(things, **changes):
    """The same things, the first with other values."""
    return (replace(things[0], **changes), *things[1:])


def one_more(manifest, collection, field):
    things = getattr(manifest, collection)
    return {collection: but_first(things, **{field: getattr(things[0], field) + 1})}


def without_last_step(manifest):
    return {"funnel": manifest.funnel[:-1]}


def a_step_that_loses_more(manifest):
    step = manifest.funnel[0]
    return {"funnel": but_first(manifest.funnel, received=step.received + 1, kept=step.kept + 1)}


def languages_that_swap(manifest):
    one, other, *rest = manifest.languages
    return {"languages": (replace(one, lang=other.lang), replace(other, lang=one.lang), *rest)}


def a_language_twice(manifest):
    one, other, *rest = manifest.languages
    more = replace(one, documents=0, tokens=0)
    return {"languages": (one, other, *rest, more)}


def shards_that_swap(manifest):
    one, other, *rest = manifest.shards
    moved = replace(one, first_leaf=other.rows)
    return {"shards": (replace(other, first_leaf=0), moved, *rest)}


def a_shard_of_another_number(manifest):
    one = manifest.shards[0]
    path = shard_path(one.lang, one.index, 2 * one.of)
    return {"shards": but_first(manifest.shards, of=2 * one.of, path=path)}


def a_file_twice(manifest):
    one, other, *rest = manifest.ledger
    return {"ledger": (one, replace(other, path=one.path), *rest)}


def an_input_twice(manifest):
    one, other, *rest = manifest.inputs
    return {"inputs": (one, replace(other, name=one.name), *rest)}


def an_input_without_ledger(manifest):
    empty = replace(manifest.inputs[0], name="another", records=0)
    return {"inputs": (*manifest.inputs, empty)}


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda m: {"format": 1}, f"of format 1, not {FORMAT}"),
        (lambda m: {"recipe": m.recipe | {"keep": "latest"}}, "^recipe: SHA-256 is"),
        (lambda m: {"records": m.records + 1}, "records reaching read: .* 1 astray"),
        (lambda m: {"documents": m.documents - 1}, "documents kept: .* 1 astray"),
        (without_last_step, "in the order of the flow"),
        (a_step_that_loses_more, "astray"),
        (lambda m: one_more(m, "inputs", "records"), "^records of the inputs: "),
        (lambda m: one_more(m, "shards", "rows"), "^rows of the shards: "),
        (lambda m: one_more(m, "ledger", "rows"), "^rows of the ledger: "),
        (lambda m: one_more(m, "languages", "documents"), "^documents by language: "),
        (lambda m: one_more(m, "languages", "tokens"), "^tokens by licence: "),
        (lambda m: one_more(m, "licences", "documents"), "^documents by licence: "),
        (lambda m: one_more(m, "licences", "tokens"), "^tokens by licence: "),
        (lambda m: {"licences": ()}, "^documents by licence: "),
        (lambda m: one_more(m, "shards", "tokens"), "^tokens of the shards: "),
        (lambda m: one_more(m, "shards", "first_leaf"), "first leaf 1, not 0"),
        (languages_that_swap, "^documents by language: the funnel keeps"),
        (a_language_twice, "language 'deu_Latn' is named more than once"),
        (an_input_without_ledger, "4 inputs, but 3 ledger files"),
        (an_input_twice, "input '0.warc.gz' is named more than once"),
        (a_file_twice, "file 'audit/losses/00000.parquet' is named more than once"),
        (lambda m: one_more(m, "shards", "index"), "should be data/deu_Latn/0000"),
        (lambda m: one_more(m, "shards", "of"), "should be data/deu_Latn/0000"),
        (shards_that_swap, "does not follow that of"),
        (a_shard_of_another_number, "does not follow that of"),
    ],
)
def test_a_manifest_that_does_not_add_up_cannot_be_made(sealed, change, complaint):
    with pytest.raises(ValueError, match=complaint):
        replace(sealed.manifest, **change(sealed.manifest))


def test_a_file_counted_by_two_shards_is_refused(sealed):
    """Every row would be counted twice, and every sum and the root could be made to fit."""
    manifest = sealed.manifest
    last = manifest.shards[-1]
    again = replace(last, first_leaf=last.first_leaf + last.rows)
    *others, language = manifest.languages
    more = replace(
        language,
        documents=language.documents + last.rows,
        tokens=language.tokens + last.tokens,
    )
    licence, *licences = manifest.licences
    more_licensed = replace(
        licence,
        documents=licence.documents + last.rows,
        tokens=licence.tokens + last.tokens,
    )
    steps = tuple(
        replace(step, received=step.received + last.rows, kept=step.kept + last.rows)
        if step.lang in (None, last.lang)
        else step
        for step in manifest.funnel
    )
    with pytest.raises(ValueError, match="named more than once"):
        replace(
            manifest,
            records=manifest.records + last.rows,
            documents=manifest.documents + last.rows,
            inputs=but_first(manifest.inputs, records=manifest.inputs[0].records + last.rows),
            funnel=steps,
            captured={"2026-03": manifest.documents + last.rows},
            languages=(*others, more),
            licences=(more_licensed, *licences),
            shards=(*manifest.shards, again),
        )


@pytest.mark.parametrize("collection", ["shards", "ledger", "tables"])
@pytest.mark.parametrize(
    ("path", "complaint"),
    [
        ("/etc/hostname", "leads out of the release"),
        ("../other/00000.parquet", "leads out of the release"),
        ("data/../../x.parquet", "leads out of the release"),
        ("data/..", "leads out of the release"),
        ("data/./x.parquet", r"should be written data/x\.parquet"),
        ("data//x.parquet", "should be written"),
        ("", "should be written"),
    ],
)
def test_a_path_that_is_not_plainly_inside_the_release_is_refused(
    sealed, collection, path, complaint
):
    things = but_first(getattr(sealed.manifest, collection), path=path)
    with pytest.raises(ValueError, match=complaint):
        replace(sealed.manifest, **{collection: things})


def test_a_manifest_survives_the_way_through_json(sealed, tmp_path):
    written = encode(sealed.manifest)
    (tmp_path / manifests.NAME).write_bytes(written)
    again = read(tmp_path)
    assert encode(again) == written
    # JSON has no tuples, so the recipe comes back with lists.
    assert replace(again, recipe=sealed.manifest.recipe) == sealed.manifest


@given(st.randoms(use_true_random=False))
def test_the_same_manifest_is_written_in_the_same_bytes_whatever_the_order_of_its_keys(
    sealed, random
):
    mixed = {key: list(table.items()) for key, table in _tables(sealed.manifest).items()}
    for items in mixed.values():
        random.shuffle(items)
    other = replace(sealed.manifest, **{key: dict(items) for key, items in mixed.items()})
    assert encode(other) == encode(sealed.manifest)


def _tables(manifest):
    return {name: getattr(manifest, name) for name in ("recipe", "code", "environment")}


def test_every_key_is_written_in_order_a_line_each(sealed):
    text = encode(sealed.manifest).decode()

    def sorted_keys(pairs):
        assert [key for key, _ in pairs] == sorted(key for key, _ in pairs)
        return dict(pairs)

    plain = json.loads(text, object_pairs_hook=sorted_keys)
    assert plain["root"] == sealed.manifest.root
    assert text.endswith("}\n")
    assert f'\n  "root": "{sealed.manifest.root}",\n' in text


@pytest.mark.parametrize(
    ("edit", "complaint"),
    [
        (lambda m: m | {"colour": "blue"}, "unknown field `colour`"),
        (lambda m: m | {"format": 1}, r"of format 1, .* made by florilegium 0\.1\.0,"),
        (lambda m: m | {"format": FORMAT + 1, "code": {}}, "of format .* of an unknown version"),
        (lambda m: m | {"format": 1, "colour": "blue"}, "of format 1, .* build it anew"),
        (lambda m: {k: v for k, v in m.items() if k != "format"}, "missing .* field `format`"),
        (lambda m: m | {"format": "1"}, r"Expected `int`, got `str` - at `\$.format`"),
        (lambda m: m | {"records": m["records"] + 1}, "astray"),
        (lambda m: {k: v for k, v in m.items() if k != "root"}, "missing required field `root`"),
        (
            lambda m: m | {"shards": [m["shards"][0] | {"more": 1}, *m["shards"][1:]]},
            r"unknown field `more` - at `\$.shards\[0\]`",
        ),
        (
            lambda m: m | {"funnel": [m["funnel"][0] | {"kept": 0}, *m["funnel"][1:]]},
            r"read: .* received, but 0 kept",
        ),
    ],
)
def test_a_manifest_that_is_not_right_cannot_be_read(sealed, tmp_path, edit, complaint):
    plain = json.loads(encode(sealed.manifest))
    (tmp_path / manifests.NAME).write_text(json.dumps(edit(plain)))
    with pytest.raises(ValueError, match=complaint):
        read(tmp_path)


def test_a_missing_manifest_is_told_apart_from_a_wrong_one(tmp_path):
    with pytest.raises(FileNotFoundError):
        read(tmp_path)
    (tmp_path / manifests.NAME).write_bytes(b"")
    with pytest.raises(ValueError, match="truncated"):
        read(tmp_path)


def test_a_manifest_cannot_be_changed(sealed):
    with pytest.raises(AttributeError):
        sealed.manifest.records = 0
    with pytest.raises(AttributeError):
        sealed.manifest.resources[0].name = "other"


def test_every_file_of_a_release_is_in_its_manifest_or_follows_from_it(sealed):
    stated = {entry.path for entry in sealed.manifest.files}
    there = {
        path.relative_to(sealed.folder).as_posix()
        for path in sealed.folder.rglob("*")
        if path.is_file()
    }
    assert there == stated | {manifests.NAME, *derived.there(sealed.folder)}
    assert len(stated) == len(sealed.manifest.files)


def test_the_format_can_be_described_by_a_schema():
    schema = msgspec.json.schema(Manifest)
    assert schema["$defs"]["Manifest"]["additionalProperties"] is False
    assert schema["$defs"]["Manifest"]["properties"]["format"]["default"] == manifests.FORMAT
    assert set(Resource.__struct_fields__) == set(schema["$defs"]["Resource"]["properties"])
