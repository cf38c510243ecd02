"""What the documents say is so: shown commands run, references match the code, links lead on."""

import ast
import itertools
import re
import sys
import tomllib

import click
import msgspec
import pytest
from shown import ROOT, blocks, build_demo, check, pattern, printed, shown

from florilegium.dedup.decisions import Reason
from florilegium.filters.catalogue import ON_REQUEST, PROFILES
from florilegium.filters.optouts.signal import Found, Signal
from florilegium.manifests import erasures, mixture
from florilegium.manifests.counts import Counts
from florilegium.manifests.document import Facts
from florilegium.manifests.funnel import STAGES
from florilegium.pipelines.cli.main import main
from florilegium.pipelines.gates import canaries
from florilegium.pipelines.recipe import Recipe, parse

DOCS = ROOT / "docs"
README = (ROOT / "README.md").read_text("utf-8")
FILTERS = [*(rule for filters in PROFILES.values() for rule in filters), *ON_REQUEST]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder where the demonstration was built as `make demo` does, and what that printed."""
    folder = tmp_path_factory.mktemp("readme")
    for text in blocks(README, "toml"):
        (folder / f"{tomllib.loads(text)['name']}.toml").write_text(text)
    return folder, build_demo(folder)


def test_the_commands_of_the_readme_print_what_it_shows(place):
    assert check(README, place[0]) >= 3  # the others are on pages, see test_pages.py


def test_make_demo_prints_what_the_readme_shows(place):
    lines = dict(shown(README))["make demo"]
    ours = [
        line for line in lines if not re.match(r"set|\.venv/|…|not signed$|.*: verified$", line)
    ]
    assert len(ours) >= 18  # the last lines are those of the command `verify`, shown again below
    spaced = [part for line in ours for part in ("…", line)]
    assert pattern([*spaced, "…"]).fullmatch(printed(place[1])), place[1]


def test_what_the_readme_makes_are_targets_of_the_makefile():
    targets = re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE)
    made = re.findall(r"\bmake ([a-z-]+)`|^\$ make ([a-z-]+)$", README, re.MULTILINE)
    assert {"demo", "test"} <= {one or other for one, other in made} <= set(targets)


def test_figures_of_the_readme_are_those_of_the_decisions_it_names():
    rows = re.findall(r"^\| .* \| (.*) \| (`.*`) \| \[\d+\]\((.*)\) \|$", README, re.MULTILINE)
    assert len(rows) >= 10
    for measured, how, decision in rows:
        said = (ROOT / decision).read_text("utf-8").replace(",", "")
        for figure in re.findall(r"(?<![\w.])[\d,]*\.?\d+", measured):
            spelled = re.escape(figure.replace(",", "").lstrip("0"))
            assert re.search(rf"(?<![\d.])0?{spelled}(?!\d)", said), (figure, decision)
        for command in re.findall(r"`([^`]+)`", how):
            kind, _, name = command.rpartition(" ")
            makes = kind == "make" and f"\n{name}:" in (ROOT / "Makefile").read_text()
            assert makes or (ROOT / name).is_file(), command


def test_the_filter_of_the_readme_rejects_numbers_and_keeps_prose():
    names = {}
    exec(blocks(README, "python")[0], names)
    chosen = msgspec.convert({"use": "digits", "max_digits": 0.3}, names["Digits"])
    failed = chosen(facts(digit_chars=40, chars=100))
    assert (failed.rule, failed.value, failed.limit) == ("digit_share", 0.4, 0.3)
    assert chosen(facts(digit_chars=30, chars=100)) is None


def test_every_recipe_that_the_readme_shows_is_one():
    assert [parse(text.encode(), "README").name for text in blocks(README, "toml")] == ["nordic"]


@pytest.mark.parametrize("name", ["quality.md", "recall.md", "common-crawl.md"])
def test_every_recipe_that_a_how_to_shows_is_one(name):
    shown = re.findall(r"```toml\n(.*?)```", (DOCS / name).read_text("utf-8"), re.DOTALL)
    recipes = [parse(text.replace('"…"', f'"{"0" * 64}"').encode(), name) for text in shown]
    assert len({recipe.name for recipe in recipes}) == len(shown) > 1


def commands():
    """Every command by its full name behind `florilegium`, and the context around it."""
    top = main.make_context("florilegium", [], resilient_parsing=True)
    found = {"": (main, None)}
    for name, one in main.commands.items():
        found[name] = one, top
        inner = click.Context(one, info_name=name, parent=top)
        parts = getattr(one, "commands", {})
        found |= {f"{name} {part}": (command, inner) for part, command in parts.items()}
    return found


def test_every_command_and_every_option_says_what_it_does():
    for name, (command, top) in commands().items():
        assert command.help, name
        for option in command.get_params(click.Context(command, parent=top)):
            if isinstance(option, click.Option):
                assert option.help, (name, option.name)


def test_every_command_is_in_the_reference():
    reference = (DOCS / "commands.md").read_text("utf-8")
    for name in filter(None, commands()):
        assert f"## florilegium {name}\n" in reference


@pytest.fixture(scope="module")
def generate():
    sys.path.insert(0, str(DOCS))
    import generate

    return generate


def keys(generate, record=Recipe, path=""):
    """Every key of a recipe, filters apart, by its path, with what is written beside it."""
    about = generate.descriptions(record)
    for field in msgspec.structs.fields(record):
        yield path + field.name, about.get(field.name)
        if isinstance(field.type, type) and issubclass(field.type, msgspec.Struct):
            yield from keys(generate, field.type, f"{path}{field.name}.")


def test_every_key_of_a_recipe_says_what_it_is_and_is_in_the_reference(generate):
    found = dict(keys(generate))
    assert len(found) >= 25
    assert [path for path, about in found.items() if not about] == []
    reference = (DOCS / "recipe.md").read_text("utf-8")
    sections = dict(re.findall(r"^##+ (.*)\n((?:(?!##).*\n)*)", reference, re.MULTILINE))
    for path, about in found.items():
        table, _, key = path.rpartition(".")
        section = sections[f"[{table}]" if table else "Keys at the top"]
        assert re.search(
            rf"^\| `{key}` \| .*\| {re.escape(about or '')} \|$", section, re.MULTILINE
        )
    for rule in FILTERS:
        section = sections[f'use = "{rule.__struct_config__.tag}"']
        for field in rule.__struct_fields__:
            value = getattr(rule, field)
            written = msgspec.json.encode(value).decode()
            default = "of the language" if value is None else f"`{written}`"
            assert f"| `{field}` | {default} |" in section


def facts(**counts):
    return Facts(
        id=b"",
        url="",
        host="",
        domain="",
        crawl_time=0,
        lang="deu_Latn",
        lang_score=1.0,
        lang_second="",
        lang_evidence="heliport fra",
        foreign_share=0.0,
        host_line_share=0.0,
        quality=0.0,
        bad_word_share=0.0,
        benchmark_ngrams=0,
        license_tier="A",
        chars=0,
        text_bytes=0,
        tokens=0,
        counts=Counts(**counts),
        extractor="",
        charset="",
        charset_method="",
        warc="",
        warc_offset=0,
        warc_length=0,
        payload_digest=b"",
    )


OPT_OUTS = {
    Signal.NOAI: ("header", "meta"),
    Signal.NOIMAGEAI: ("header", "meta"),
    Signal.NOINDEX: ("header", "meta"),
    Signal.TDM: ("header", "meta", "file"),
    Signal.CONTENT_USAGE: ("header", "robots"),
    Signal.CONTENT_SIGNAL: ("robots",),
    Signal.ROBOTS_TXT: ("file",),
    Signal.AI_TXT: ("file",),
    Signal.RSL_HOST: ("file",),
    Signal.RSL_PAGE: ("script",),
}
"""Where each opt-out may stand; what is no opt-out by itself is not here."""


def losses():
    """Stage and rule of every loss that the code spells out; a stage of None if it is not told."""
    for path in sorted((ROOT / "pipelines").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                yield from spelled(node)
    yield from (("erase", erasures.rule(basis)) for basis in erasures.BASES)
    yield from ((mixture.STAGE, rule) for rule in mixture.RULES)
    yield canaries.FATE
    yield from (("duplicates", reason.name.lower()) for reason in Reason if reason != Reason.KEPT)
    for signal, places in OPT_OUTS.items():
        yield from (("rights", Found(signal, where, "").rule) for where in places)
    for silence, reaction in itertools.product(("missing", "unreachable"), ("", "_held")):
        yield "rights", f"robots_{silence}{reaction}"


def spelled(call):
    name = getattr(call.func, "id", getattr(call.func, "attr", ""))
    words = [
        [n.value for n in ast.walk(argument) if isinstance(getattr(n, "value", 0), str)]
        for argument in call.args[:3]
        if isinstance(argument, ast.Constant | ast.IfExp)
    ]
    named = {k.arg: k.value.value for k in call.keywords if isinstance(k.value, ast.Constant)}
    if name == "lose":
        yield "read", words[0][0]
    elif name in ("loss", "lost") and len(words) == 2:
        yield words[0][0], words[1][0]
    elif name in ("Failure", "Undecodable"):
        yield from ((None, rule) for rule in words[0])
    elif name == "Loss" and {"stage", "rule"} <= named.keys():
        yield named["stage"], named["rule"]


def test_every_bit_is_an_opt_out_or_says_why_not():
    assert set(Signal) - OPT_OUTS.keys() == {Signal.RSL, Signal.TDM_OPEN}


def test_every_way_to_be_lost_is_in_the_reference_of_rules():
    reference = (DOCS / "rules.md").read_text("utf-8").partition("## Every way to be lost")[2]
    listed = set(re.findall(r"^\| `(\w+)` \| `(\w+)` \| ", reference, re.MULTILINE))
    found = set(losses()) | {("quality", m.rule) for f in FILTERS for m in f.measures(facts())}
    assert {("read", "damaged"), ("identify", "language"), (None, "crash")} <= found
    assert {stage for stage, _ in listed} == set(STAGES)
    rules = {rule for _, rule in listed}
    missing = {(s, r) for s, r in found if (s, r) not in listed and not (s is None and r in rules)}
    assert not missing
    assert rules == {rule for _, rule in found}


def test_the_references_are_what_the_code_says(generate, capsys):
    assert generate.main(["--check"]) == 0, capsys.readouterr().out


def test_a_stale_reference_is_named(generate, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(generate, "HERE", tmp_path)
    assert generate.main(["--check"]) == 1
    assert "rules.md" in capsys.readouterr().out
    assert generate.main([]) == 0
    assert generate.main(["--check"]) == 0


@pytest.mark.parametrize("path", sorted((DOCS / "decisions").glob("0*.md")), ids=lambda p: p.stem)
def test_a_decision_has_a_number_a_title_and_fits_a_page(path):
    lines = path.read_text("utf-8").splitlines()
    assert re.match(rf"# 0*{int(path.name[:4])}[.:] \w", lines[0])
    assert len(lines) <= 60


DOCUMENTS = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md"), *(ROOT / "deploy").rglob("*.md")])


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_between_documents_lead_somewhere(path):
    text = path.read_text("utf-8")
    for target in re.findall(r"\]\((?!https?:)([^)#]*)", text):
        assert (path.parent / target).exists(), target
