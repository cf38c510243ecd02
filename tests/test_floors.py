"""Quality floors: a fall is found, nothing goes unmeasured unnoticed, and no floor is lowered."""

import json
import math
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import floors
import msgspec
import pytest
from floors import BASELINE, Floor, FloorError, Identity, Section
from hypothesis import given
from hypothesis import strategies as st
from quality_floors import SUITES, hold, raise_floors

ROOT = Path(__file__).parent.parent
GOLD, MODEL = Identity("aa" * 32, "train anew"), Identity("bb" * 32, "raise")
FIGURES = {"gain": 0.0712, "leak": 0.031, "in-sample": 0.95555}
SECTION = Section(
    required={"gain": Floor(at_least=0.07), "leak": Floor(at_most=0.04)},
    recorded={"in-sample": Floor(at_least=0.955)},
    measured_on={"gold": GOLD.sha256, "model": MODEL.sha256},
)
SAME = {"gold": GOLD, "model": MODEL}
OTHER_MODEL = {"gold": GOLD, "model": Identity("cc" * 32, "raise")}


def suite(figures=FIGURES, identity=SAME):
    """A suite that measured this."""
    return SimpleNamespace(identity=lambda _: identity, measure=lambda _: dict(figures))


def held(section=SECTION, figures=FIGURES, identity=SAME):
    return hold(section, suite(figures, identity), Path())


def test_figures_that_keep_their_floors_are_not_complained_of():
    assert held() == []
    assert held(figures={"gain": 0.07, "leak": 0.04, "in-sample": 0.955}) == []


@pytest.mark.parametrize(
    ("fallen", "sentence"),
    [
        ({"gain": 0.0699}, "gain is 0.0699, must be at least 0.07"),
        ({"leak": 0.0401}, "leak is 0.0401, must be at most 0.04"),
        ({"in-sample": 0.9549}, "in-sample is 0.9549, must be at least 0.955"),
        ({"gain": math.nan}, "gain is nan, must be at least 0.07"),
        ({"leak": math.nan}, "leak is nan, must be at most 0.04"),
    ],
)
def test_a_fall_is_found(fallen, sentence):
    assert held(figures=FIGURES | fallen) == [sentence]


@pytest.mark.parametrize("name", FIGURES)
def test_a_floor_whose_figure_is_missing_is_broken(name):
    figures = {key: value for key, value in FIGURES.items() if key != name}
    assert held(figures=figures) == [f"{name}: was not measured, but has a floor"]
    with pytest.raises(FloorError, match=f"{name}: was not measured"):
        raise_floors(SECTION, suite(figures), Path(), {})
    with pytest.raises(FloorError, match=f"{name}: was not measured"):
        raise_floors(SECTION, suite(figures, OTHER_MODEL), Path(), {})


def test_a_figure_without_a_floor_is_told():
    assert held(figures=FIGURES | {"new": 1.0}) == ["new: has no floor; --raise records one"]


def test_another_gold_or_model_is_told_with_what_to_do_and_nothing_is_measured():
    def measure(_):
        raise AssertionError("these figures would be of something else")

    other = {"gold": Identity("dd" * 32, "train anew"), "model": MODEL}
    lazy = SimpleNamespace(identity=lambda _: other, measure=measure)
    assert hold(SECTION, lazy, Path()) == [
        "gold is dddddddddddd, the baseline's is aaaaaaaaaaaa: train anew"
    ]
    assert held(identity=OTHER_MODEL) == [
        "model is cccccccccccc, the baseline's is bbbbbbbbbbbb: raise"
    ]
    assert held(identity={"gold": GOLD}) == [
        "model: the baseline has bbbbbbbbbbbb, but nothing of that name is measured"
    ]
    assert len(held(Section(), identity=SAME)) == 2


def test_floors_are_raised_by_name_and_recorded_as_measured():
    better = {"gain": 0.0834, "leak": 0.021, "in-sample": 0.9619, "new": 0.5}
    made = raise_floors(SECTION, suite(better), Path(), {"gain": 0.08, "leak": 0.03})
    assert made.required == {"gain": Floor(at_least=0.08), "leak": Floor(at_most=0.03)}
    assert made.recorded == {"in-sample": Floor(at_least=0.961), "new": Floor(at_least=0.5)}
    assert made.measured_on == SECTION.measured_on
    assert held(made, better) == []
    # What is required does not move with what is measured.
    assert raise_floors(SECTION, suite(better), Path(), {}).required == SECTION.required


@pytest.mark.parametrize(
    ("bounds", "complaint"),
    [
        ({"gain": 0.06}, "may only get stricter: 0.07 stays, not 0.06"),
        ({"leak": 0.05}, "may only get stricter: 0.04 stays, not 0.05"),
        ({"gain": math.nan}, "finite number"),
        ({"gain": 0.08}, "nothing was raised: gain is 0.0712, must be at least 0.08"),
        ({"in-sample": 0.9}, "no required floor is named in-sample"),
        ({"gian": 0.9}, "no required floor is named gian"),
    ],
)
def test_no_floor_can_be_lowered_or_set_where_it_does_not_hold(bounds, complaint):
    with pytest.raises(FloorError, match=complaint):
        raise_floors(SECTION, suite(), Path(), bounds)


def test_after_a_fall_nothing_is_raised():
    for fallen in ({"gain": 0.01}, {"in-sample": 0.9}):
        with pytest.raises(FloorError, match="nothing was raised"):
            raise_floors(SECTION, suite(FIGURES | fallen), Path(), {})


def test_what_is_recorded_of_another_model_is_taken_anew_but_what_is_required_must_hold(capsys):
    lower = FIGURES | {"in-sample": 0.9}
    made = raise_floors(SECTION, suite(lower, OTHER_MODEL), Path(), {})
    assert made.recorded == {"in-sample": Floor(at_least=0.9)}
    assert made.measured_on["model"] == "cc" * 32
    assert "in-sample was at least 0.955, is at least 0.9" in capsys.readouterr().out
    with pytest.raises(FloorError, match="nothing was raised: gain"):
        raise_floors(SECTION, suite(lower | {"gain": 0.06}, OTHER_MODEL), Path(), {})


figures = st.fixed_dictionaries({name: st.floats(0, 1) for name in FIGURES})


@given(figures, st.dictionaries(st.sampled_from(["gain", "leak"]), st.floats(0, 1)))
def test_whatever_is_measured_floors_only_get_stricter_and_hold(measured, bounds):
    try:
        made = floors.raised(SECTION, SAME, measured, bounds)
    except FloorError:
        return
    before, after = (s.required | s.recorded for s in (SECTION, made))
    assert before.keys() <= after.keys()
    assert all(before[name].holds(after[name].bound) for name in before)
    assert not list(floors.broken(after, measured))


@pytest.mark.parametrize("wrong", [{}, {"at_least": 1, "at_most": 2}, {"at_lest": 1}, [], "x"])
def test_a_floor_is_one_bound(wrong):
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(wrong, Floor)


def test_a_baseline_is_read_as_it_was_written(tmp_path):
    path = tmp_path / "baseline.json"
    sections = {"extraction": SECTION, "speed": Section(required=SECTION.required)}
    floors.write(sections, path)
    assert floors.read(path) == sections
    assert '      "gain": {"at_least": 0.07},\n' in path.read_text()
    committed = floors.read()
    floors.write(committed, path)
    assert path.read_bytes() == BASELINE.read_bytes()


def test_every_suite_has_floors_and_says_what_they_were_measured_on():
    committed = floors.read()
    for name in SUITES:
        assert committed[name].required
        assert committed[name].measured_on
    assert committed["extraction"].recorded  # its required floors are of the card, not of the code


def run_floors(*arguments):
    return subprocess.run(
        [sys.executable, ROOT / "bench" / "quality_floors.py", *arguments],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def test_without_data_the_check_is_skipped_and_says_so(tmp_path):
    done = run_floors("--data", tmp_path)
    assert done.returncode == 0, done.stderr
    assert "extraction: skipped, the pages with known main text are not in" in done.stdout


def test_other_pages_than_those_of_the_baseline_are_an_error(tmp_path):
    for name in ("gold/extraction_dev.jsonl.xz", "gold/trafilatura_segments.jsonl"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(json.dumps({}))
    (tmp_path / "warc").mkdir()
    (tmp_path / "warc" / "sample-eval-00.warc.gz").touch()
    done = run_floors("--data", tmp_path)
    assert done.returncode == 1
    assert "floor broken: gold is " in done.stderr
    assert "train on them (bench/train_blocks.py), then --raise" in done.stderr
