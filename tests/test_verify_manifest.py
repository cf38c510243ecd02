"""Verification of a manifest that was tampered with; the files of the release are as they were."""

import copy
import json
import re
from hashlib import sha256

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from florilegium.manifests import manifest as manifests
from florilegium.manifests.verify import verify

reused = settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture
def release(sealed, tmp_path):
    """A copy of a good release."""
    return sealed.copy(tmp_path)


def stated(release):
    return json.loads((release / manifests.NAME).read_bytes())


def state(release, manifest):
    (release / manifests.NAME).write_text(json.dumps(manifest))


def findings_match(release, *patterns):
    found = list(verify(release))
    assert len(found) == len(patterns), found
    for finding, pattern in zip(found, patterns, strict=True):
        assert re.search(pattern, finding), (finding, pattern)


def places(node, path=()):
    """Yield the path of every plain value in a tree of JSON."""
    if isinstance(node, dict):
        for key in node:
            yield from places(node[key], (*path, key))
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from places(value, (*path, index))
    else:
        yield path


def put(tree, path, value):
    for step in path[:-1]:
        tree = tree[step]
    tree[path[-1]] = value


def get(tree, path):
    for step in path:
        tree = tree[step]
    return tree


# What no file of the release bears out: where it comes from, how it was made, and what its
# program knows of opt-outs.
UNCHECKED = re.compile(
    r"name|build_id|tokens_counted|(code|environment)/.*|resources/.*"
    r"|inputs/\d+/(bytes|sha256)|tables/\d+/rows"
    r"|opt_outs/(agents/\d+|protocols/\d+/specification|origins/\w+)"
)


def test_no_number_and_no_name_of_the_manifest_can_be_changed_unnoticed(release):
    manifest = stated(release)
    unnoticed = []
    for path in places(manifest):
        name = "/".join(map(str, path))
        if UNCHECKED.fullmatch(name) or (path[0] == "recipe" and path[1] != "name"):
            continue  # One digest is over all of the recipe.
        changed = copy.deepcopy(manifest)
        value = get(manifest, path)
        put(changed, path, value + 1 if isinstance(value, int) else f"{value}x")
        state(release, changed)
        if next(verify(release), None) is None:
            unnoticed.append(name)
    assert unnoticed == []


ODD_NUMBERS = (-1, 0, 10**9, 2**63, 10**30, 1.5)
ODD_NAMES = ("", "\0", "..", "../x", "/dev/zero", "data", "manifest.json", "x" * 9_999, "\ud800")
WEIRD = st.sampled_from([*ODD_NUMBERS, *ODD_NAMES, None, [], {}, [[]], "deu_Latn"])


@reused
@given(st.data())
def test_a_manifest_of_any_values_is_checked_to_the_end(release, sealed, data):
    manifest = json.loads(manifests.encode(sealed.manifest))
    for _ in range(data.draw(st.integers(1, 3))):
        put(
            manifest,
            data.draw(st.sampled_from(sorted(places(manifest), key=str))),
            data.draw(WEIRD),
        )
    state(release, manifest)
    assert all(isinstance(finding, str) for finding in verify(release))


def test_shards_of_a_great_many_rows_that_are_not_there_cost_nothing(release):
    """Every sum agrees; only the file that should hold the rows cannot be read."""
    many = 10**15
    manifest = stated(release)
    manifest["records"] += many
    manifest["documents"] += many
    manifest["captured"]["2026-03"] += many
    manifest["inputs"][0]["records"] += many
    for step in manifest["funnel"]:
        if step["lang"] in (None, "gle_Latn"):
            step["received"] += many
            step["kept"] += many
    manifest["languages"][-1]["documents"] += many
    manifest["licences"][-1]["documents"] += many
    manifest["shards"][-1]["rows"] += many
    state(release, manifest)
    path = manifest["shards"][-1]["path"]
    (release / path).write_bytes(b"nothing")
    manifest["shards"][-1]["sha256"] = sha256(b"nothing").hexdigest()
    manifest["shards"][-1]["file_bytes"] = len(b"nothing")
    state(release, manifest)
    findings_match(
        release,
        f"^{path}: cannot be read: ",
        r"^audit/domains: \d+ documents, the manifest says 1\d{15}$",
        r"^audit/tree.parquet: is of \d+ documents, the manifest says 1\d{15}$",
        "^audit/buckets.parquet: the buckets of gle_Latn do not add up",
        "^audit/distributions.parquet: gle_Latn does not add up",
    )


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"null",
        b"\xff\xfe",
        b"{}",
        b'{"recipe":' + b"[" * 200_000,
        b'{"recipe":' + b'{"a":' * 200_000,
        b'{"colour":' + b"[" * 200_000,
        b'{"records":' + b"9" * 5_000 + b"}",
    ],
)
def test_a_manifest_that_is_none_is_one_finding(release, content):
    (release / manifests.NAME).write_bytes(content)
    findings_match(release, r"^manifest\.json: ")


@reused
@given(st.floats(0, 1, exclude_max=True))
def test_a_manifest_cut_short_is_one_finding(release, sealed, place):
    whole = manifests.encode(sealed.manifest).rstrip()
    (release / manifests.NAME).write_bytes(whole[: int(place * len(whole))])
    findings_match(release, r"^manifest\.json: ")


def test_licences_that_the_shards_do_not_have_are_found(release):
    manifest = stated(release)
    manifest["licences"][0]["license"] = "CC-BY-4.0"
    state(release, manifest)
    findings_match(
        release,
        r"^CC-BY-4\.0 \(tier A\): 0 documents in its shards, the manifest says \d+",
        r"^CC0-1\.0 \(tier A\): \d+ documents in its shards, the manifest says 0",
    )


def test_a_manifest_of_another_format_is_one_finding(release):
    state(release, stated(release) | {"format": 1})
    findings_match(
        release,
        r"^manifest\.json: a release of format 1, and this program knows format 4 only; "
        r"made by florilegium 0\.1\.0, code [0-9a-f]{12}, which can verify it",
    )


def test_a_manifest_that_leads_out_of_the_release_is_one_finding(release):
    manifest = stated(release)
    manifest["shards"][0]["path"] = "../../etc/x.parquet"
    state(release, manifest)
    findings_match(release, r"^manifest\.json: \.\./\.\./etc/x\.parquet: leads out of the release")


def test_a_folder_without_manifest_is_one_finding(tmp_path):
    findings_match(tmp_path, r"^manifest\.json: there is none in ")
    findings_match(tmp_path / "nowhere", r"^manifest\.json: there is none in ")
