"""Signatures: the same from loops and from whole arrays, frozen, and as exact as they say."""

import hashlib
import os
import subprocess
import sys

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from florilegium.dedup import fold as folding
from florilegium.dedup import minhash, shingles
from florilegium.dedup.bands import bands
from florilegium.dedup.fold import TABLE, fold
from florilegium.dedup.methods import METHODS
from florilegium.dedup.signature import sign

TEXTS = [
    "",
    "ein",
    "drei kurze Wörter",
    "Der Fluß führt im Frühjahr Hochwasser; am 12. März 2026 stand er 4,30 m hoch.",
    "Ο ποταμός πλημμύρισε· οι κάτοικοι έφυγαν. Река вышла из берегов, їжак утік.",
    "co\u00adope\u0301ration – «na\u00efve» ﬁn ½ ǆ ẞ ĳ \U0001f600 日5",
    "\ud800 allein",
    "wieder und wieder und " * 40,
    " ".join(str(number) + "a" * (number % 7) for number in range(900)),
]
FROZEN = {
    "fast-similarity-sketch": "949c8b850e9173752f4d577f3f91a1b40eb26ca46967ba1014e38f0f64bb6525",
    "minhash": "b5c1ec29bab40d85b9ee03667d22fbf1a6e58d27e76165a5f6fe70320da70caa",
}
PRINT_DIGESTS = f"""
import hashlib
from florilegium.dedup.methods import METHODS
from florilegium.dedup.signature import sign
for name, method in METHODS.items():
    print(name, hashlib.sha256(sign({TEXTS!a}, method).tobytes()).hexdigest())
"""

characters = st.sampled_from("abc ,.-09'éßæǆ\u00ad\u0301½日ıͅΣ\u2009\U0001f600") | st.characters(
    exclude_categories=["Cs"]
)
texts = st.lists(st.text(characters, max_size=60) | st.just("ab " * 400), max_size=6)


def both(kernel, twin, *arguments, outputs):
    """What a kernel and its twin write into arrays of these shapes and types."""
    found = []
    for function in (kernel, twin):
        arrays = [np.zeros(shape, dtype) for shape, dtype in outputs]
        function(*arguments, *arrays)
        found.append(arrays)
    return found


def check_twins(data, offsets):
    size = offsets.size - 1
    room = int(offsets[-1] - offsets[0]) + size
    one, other = both(
        folding._fold, folding._fold_all, data, offsets, TABLE,
        outputs=[(room, np.uint16), (size + 1, np.int64)],
    )  # fmt: skip
    assert np.array_equal(one[1], other[1])
    letters, bounds = one[0][: one[1][-1]], one[1]
    assert np.array_equal(letters, other[0][: letters.size])
    one, other = both(
        shingles._shingles, shingles._shingles_all, letters, bounds,
        outputs=[(letters.size // 2, np.uint64), (size + 1, np.int64), (size, np.uint32)],
    )  # fmt: skip
    assert np.array_equal(one[1], other[1])
    assert np.array_equal(one[2], other[2])
    hashes, ends = one[0][: one[1][-1]], one[1]
    assert np.array_equal(hashes, other[0][: hashes.size])
    one, other = both(
        minhash._sketch, minhash._sketch_all, hashes, ends,
        outputs=[((size, minhash.SIZE), np.uint32)],
    )  # fmt: skip
    assert np.array_equal(one, other)
    one, other = both(
        minhash._permute, minhash._permute_all, hashes, ends, minhash._FACTORS, minhash._SUMMANDS,
        outputs=[((size, minhash.PERMUTATIONS), np.uint32)],
    )  # fmt: skip
    assert np.array_equal(one, other)


def joined(pieces):
    data = np.frombuffer(b"".join(pieces), np.uint8)
    return data, np.cumsum([0, *map(len, pieces)], dtype=np.int64)


@pytest.mark.skipif(os.environ.get("NUMBA_DISABLE_JIT") == "1", reason="numba is switched off")
def test_numba_compiles_the_loops_here():
    assert hasattr(minhash._sketch, "py_func")


@given(texts)
@example([text.encode("utf-8", "replace").decode() for text in TEXTS])
def test_loops_and_whole_arrays_yield_the_same_bits(chosen):
    data, offsets = joined([text.encode() for text in chosen])
    check_twins(data, offsets)
    check_twins(data, offsets[len(chosen) // 2 :])


@given(st.lists(st.binary(max_size=12) | st.text(max_size=4).map(str.encode), max_size=6))
@example([b"ab\xc3", b"\xa9x", b"", b"\xe2\x82", b"\xac ", b"\xf0\x9f\x98", b"\x80b"])
def test_the_same_holds_for_bytes_that_are_no_utf_8(pieces):
    check_twins(*joined(pieces))


@pytest.mark.parametrize("name", METHODS)
def test_a_signature_never_changes(name):
    """If this fails, the format of the method needs a new name and this test a new digest."""
    assert hashlib.sha256(sign(TEXTS, METHODS[name]).tobytes()).hexdigest() == FROZEN[name]


def test_signatures_are_the_same_where_numba_is_switched_off():
    done = subprocess.run(
        [sys.executable, "-W", "error::RuntimeWarning", "-c", PRINT_DIGESTS],
        env=os.environ | {"NUMBA_DISABLE_JIT": "1"}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert dict(line.split() for line in done.stdout.splitlines()) == FROZEN


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_a_text_is_signed_the_same_alone_in_a_batch_or_in_arrow(method):
    valid = [text for text in TEXTS if text != "\ud800 allein"]
    batch = sign(valid, method)
    assert batch.dtype == method.signature
    assert [sign([text], method)[0].tobytes() for text in valid] == [x.tobytes() for x in batch]
    array = pa.array(["before", *valid], pa.large_string()).slice(1)
    assert np.array_equal(sign(array, method), batch)
    assert np.array_equal(sign(valid * 600, method), np.tile(batch, 600))  # several chunks


def test_texts_of_no_word_and_of_fewer_than_five():
    (nothing, dots, one, same, three) = sign(
        ["", "… — !", "Ein", "«EIN»", "ein zwei drei"], METHODS["fast-similarity-sketch"]
    )
    assert nothing["words"] == dots["words"] == 0
    assert nothing["text"].tolist() == dots["text"].tolist()
    assert one["words"] == same["words"] == 1
    assert one.tobytes() == same.tobytes()
    assert three["words"] == 3
    assert minhash.similarity(one["sketch"], three["sketch"]) < 0.1


def test_no_character_folds_to_a_digit_and_a_letter():
    """The loops drop a character whose first letter would repeat a digit, with all its letters."""
    several = TABLE[TABLE[:, 1] != 0]
    assert len(several) > 10_000
    assert not (several == folding.DIGIT).any()
    letters, _ = fold(*joined(["½ 1½ 5ǆ5".encode()]))
    assert "".join(map(chr, letters)).split("\0") == ["0", "0", "0dz0", ""]


def pairs(similarity, size, count, seed):
    """Hashes of `count` pairs of sets: of `size` elements each, of just this Jaccard similarity."""
    shared = round(2 * size * similarity / (1 + similarity))
    rng = np.random.default_rng(seed)
    drawn = rng.integers(0, 1 << 64, (count, 2 * size - shared), dtype=np.uint64)
    both = np.stack([drawn[:, :size], drawn[:, size - shared :]], axis=1).reshape(-1)
    return both, np.arange(2 * count + 1) * size, shared / (2 * size - shared)


@pytest.mark.parametrize("size", [20, 120, 1500])
def test_the_estimate_errs_by_a_sixteenth_at_most(size):
    errors = []
    for number, similarity in enumerate((0.3, 0.5, 0.7, 0.8, 0.9)):
        hashes, bounds, true = pairs(similarity, size, 300, seed=number)
        sketches = (minhash.sketch(hashes, bounds) & 0xFF).astype(np.uint8)
        errors.append(minhash.similarity(sketches[::2], sketches[1::2]) - true)
    found = np.sqrt(np.mean(np.square(errors)))
    assert found <= 1 / 16
    # sqrt(s (1 - s) / 256) is the error of as many independent permutations.
    assert found < 1.05 * np.sqrt(np.mean([s * (1 - s) / 256 for s in (0.3, 0.5, 0.7, 0.8, 0.9)]))
    assert abs(np.mean(errors)) < 0.003


@pytest.mark.parametrize("name", METHODS)
def test_candidates_follow_the_curve_of_their_bands(name):
    method = METHODS[name]
    for number, similarity in enumerate((0.3, 0.5, 0.6, 0.7, 0.8, 0.9)):
        hashes, bounds, true = pairs(similarity, 200, 1000, seed=10 + number)
        found = bands(method.sketch(hashes, bounds), method.bands, method.rows)
        share = (found[::2] == found[1::2]).any(axis=1).mean()
        expected = 1 - (1 - true**method.rows) ** method.bands
        assert abs(share - expected) < 0.045


def test_methods_have_formats_of_their_own():
    assert len({method.format for method in METHODS.values()}) == len(METHODS)
    assert [method.signature.itemsize for method in METHODS.values()] == [372, 132]
