"""Trains the language model that ships with the package, and writes its card.

    python bench/train_language.py --data DIR --out filters/

DIR holds ``train_all.jsonl.xz`` (lines ``[label, source, text]``) and ``wordlists.tar.xz``
(``wl/<label>.txt``, words found in that language and hardly in any other). Everything is seeded
and fastText runs on one thread, so the same data give the same model file.
"""

import argparse
import hashlib
import importlib.metadata
import json
import lzma
import random
import string
import tarfile
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import fasttext

from florilegium.filters.language import NO_LANGUAGE, dominant_script, normalise
from florilegium.filters.languages import LANGUAGES

SEED = 5
LINES = 4000  # most real lines of a label
FEWEST = 2000  # labels with fewer lines repeat them
REPEATS = 10  # most copies of a real line before words fill up the label
VIEWS = 2  # each line is written that often, cut differently
CUT_SHARE = 0.3  # share of lines cut to a few words, so that short texts are met in training
MIN_WORDS = 150  # a shorter word list alone makes no label
MIN_REAL = 100  # real lines that make a label without a word list
TRAINING = {
    "dim": 16, "minn": 2, "maxn": 5, "bucket": 300_000, "minCount": 4, "epoch": 3, "lr": 0.8,
    "loss": "softmax", "thread": 1, "seed": SEED,
}  # fmt: skip
QUANTISING = {"cutoff": 150_000, "qnorm": True, "dsub": 2, "thread": 1}

PROSE = ("ud", "lingua", "lingua-translit", "tatoeba")  # the rest are programs' catalogues

# Word lists name individual languages, the model names them by macro codes.
MACRO = {
    "als_Latn": "sqi_Latn", "azj_Latn": "aze_Latn", "ekk_Latn": "est_Latn",
    "eml_Latn": "egl_Latn", "fil_Latn": "tgl_Latn", "lvs_Latn": "lav_Latn",
    "rmy_Latn": "rom_Latn", "ydd_Hebr": "yid_Hebr",
}  # fmt: skip
# Older stages and variants of European languages: no use as examples of "another language".
NEITHER = {"aln", "azj", "chu", "enm", "fro", "gmh", "goh"}

# The larger language that texts of a smaller one share most words with.
NEIGHBOUR = {
    "bar_Latn": "deu_Latn", "csb_Latn": "pol_Latn", "egl_Latn": "ita_Latn",
    "ext_Latn": "spa_Latn", "fao_Latn": "isl_Latn", "fkv_Latn": "fin_Latn",
    "frp_Latn": "fra_Latn", "gag_Latn": "tur_Latn", "gos_Latn": "nld_Latn",
    "gsw_Latn": "deu_Latn", "krl_Latn": "fin_Latn", "lad_Latn": "spa_Latn",
    "lim_Latn": "nld_Latn", "lmo_Latn": "ita_Latn", "ltg_Latn": "lav_Latn",
    "mwl_Latn": "por_Latn", "nap_Latn": "ita_Latn", "olo_Latn": "fin_Latn",
    "pcd_Latn": "fra_Latn", "pfl_Latn": "deu_Latn", "pms_Latn": "ita_Latn",
    "rue_Cyrl": "ukr_Cyrl", "rup_Latn": "ron_Latn", "scn_Latn": "ita_Latn",
    "sgs_Latn": "lit_Latn", "swg_Latn": "deu_Latn", "vec_Latn": "ita_Latn",
    "vls_Latn": "nld_Latn", "vro_Latn": "est_Latn", "xmf_Geor": "kat_Geor",
    "zea_Latn": "nld_Latn",
}  # fmt: skip

KEYWORDS = (
    "if else elif for while return break continue class def function var let const int float char "
    "void static public private import include from struct enum true false null none self this new "
    "try catch print printf echo string bool array list dict map href src div span img px rgba css "
    "js html php http https www com org net json xml utf id url api get post put key value select "
    "where insert update table index args argv lambda async await typedef namespace std endl cout "
    "sudo apt git npm pip cd ls mkdir chmod grep sed usr bin etc lib home tmp var log jpg png pdf"
)


def read_real(path: Path) -> dict[str, list[tuple[str, str]]]:
    """Return label -> (source, text), each line under the script it is really written in."""
    spread: defaultdict[str, set[str]] = defaultdict(set)
    real: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            label, source, text = json.loads(line)
            words = normalise(text)
            code = f"{label[:4]}{dominant_script(text)}"
            if code in LANGUAGES and len(words) >= 4:
                real[code].append((source, words))
                spread[words].add(code[:3])
    # A line that four languages share is an untranslated one, or a name.
    return {
        code: [(source, words) for source, words in lines if len(spread[words]) < 4]
        for code, lines in real.items()
    }


def read_words(path: Path) -> dict[str, list[str]]:
    """Return label -> words as the model sees them, in the order of the list."""
    lists = {}
    with tarfile.open(path) as archive:
        for member in archive:
            if file := archive.extractfile(member) if member.isfile() else None:
                words = dict.fromkeys(map(normalise, file.read().decode().split()))
                name = Path(member.name).stem
                lists[MACRO.get(name, name)] = [word for word in words if word]
    return lists


def choose_real(lines: list[tuple[str, str]], dice: random.Random) -> list[str]:
    """Return up to `LINES` lines: prose first, up to half; then long ones before short ones."""
    dice.shuffle(lines)
    prose = [text for source, text in lines if source in PROSE][: LINES // 2]
    rest = [text for source, text in lines if source not in PROSE]
    long = [text for text in rest if len(text) >= 25]
    short = [text for text in rest if len(text) < 25]
    chosen = (prose + long + short)[:LINES]
    copies = min(REPEATS, max(1, FEWEST // 2 // max(1, len(chosen))))
    return chosen * copies


def invent(
    words: list[str], count: int, dice: random.Random, shared: list[str] | None = None
) -> Iterator[str]:
    """Yield lines of 6 to 16 words drawn from a list, half of them with shared words as well."""
    for _ in range(count):
        drawn = dice.choices(words, k=dice.randint(6, 16))
        if shared and dice.random() < 0.5:
            drawn += dice.choices(shared, k=len(drawn) // 2)
        yield " ".join(drawn)


def spoken(lines: list[tuple[str, str]]) -> list[str]:
    """Return the words of some real lines, each as often as it occurs."""
    return [word for _, text in lines[:1000] for word in text.split()]


def lines_of(
    code: str, real: list[tuple[str, str]], words: list[str], shared: list[str]
) -> list[str]:
    """Return the training lines of a language; none if there is too little to learn from."""
    dice = random.Random(f"{SEED} {code}")
    if len(words) < MIN_WORDS and len(real) < MIN_REAL:
        return []
    chosen = choose_real(real, dice)
    if words and LANGUAGES[code].european:
        # Listed words are rare ones; a line also needs the small words that neighbours share.
        common = spoken(real)
        mixed = words + dice.sample(common, min(len(common), max(200, len(words) // 3)))
        poor = len(real) < FEWEST
        count = min(FEWEST if poor else FEWEST // 4, len(mixed) * 2)
        chosen += invent(mixed, count, dice, shared if poor else None)
    return chosen * -(-FEWEST // len(chosen)) if len(chosen) < FEWEST else chosen


def lines_of_others(script: str, lists: dict[str, list[str]]) -> list[str]:
    """Return lines in languages that have no label of their own, a few of each."""
    dice = random.Random(f"{SEED} others {script}")
    known = {code[:3] for code in LANGUAGES} | NEITHER
    others = [
        words
        for code, words in sorted(lists.items())
        if code.endswith(script) and code[:3] not in known and len(words) >= MIN_WORDS
    ]
    count = -(-FEWEST // len(others))
    return [line for words in others for line in invent(words[:400], count, dice)]


def lines_of_none() -> list[str]:
    """Return lines in no language: code, addresses, product numbers, hexadecimal digests."""
    dice = random.Random(f"{SEED} none")

    def name() -> str:
        letters = string.ascii_lowercase if dice.random() < 0.5 else "abcdef"
        return "".join(dice.choices(letters, k=dice.randint(1, 9)))

    def product() -> str:
        return " ".join(name()[:3] for _ in range(dice.randint(1, 3)))

    def code() -> str:
        return " ".join(dice.choices(KEYWORDS.split(), k=dice.randint(1, 3)))

    parts = (name, product, code, lambda: f"{code()} {name()}")
    lines = []
    for _ in range(LINES):
        kinds = dice.sample(parts, 2)
        lines.append(" ".join(dice.choice(kinds)() for _ in range(dice.randint(2, 12))))
    return lines


def view(code: str, line: str, dice: random.Random) -> str:
    """Return the line as a training example, now and then only a piece of it."""
    if dice.random() < CUT_SHARE and len(line) > 20:
        start = line.rfind(" ", 0, dice.randrange(len(line) - 19)) + 1
        line = line[start : start + dice.randint(20, 80)].strip()
    if code == "ron_Latn" and dice.random() < 0.3:  # pages in old charsets write the cedilla
        line = line.translate({0x219: 0x15F, 0x21B: 0x163})
    return f"__label__{code} {line}\n"


def write_lines(data: Path, out: Path) -> dict[str, int]:
    """Write the training file; return the number of lines of each label."""
    real = read_real(data / "train_all.jsonl.xz")
    lists = read_words(data / "wordlists.tar.xz")
    chosen = {
        code: lines_of(
            code,
            real.get(code, []),
            lists.get(code, []),
            spoken(real.get(NEIGHBOUR.get(code, ""), [])),
        )
        for code in sorted(LANGUAGES)
        if code in real or (code in lists and LANGUAGES[code].european)
    }
    chosen["mis_Latn"] = lines_of_others("Latn", lists)
    chosen["mis_Cyrl"] = lines_of_others("Cyrl", lists)
    chosen[NO_LANGUAGE] = lines_of_none()
    dice = random.Random(SEED)
    examples = [
        view(code, line, dice)
        for code, lines in sorted(chosen.items())
        for line in lines
        for _ in range(VIEWS)
    ]
    dice.shuffle(examples)
    out.write_text("".join(examples), encoding="utf-8")
    return dict(sorted(Counter(line.split(" ", 1)[0][9:] for line in examples).items()))


def sha256(path: Path) -> str:
    """Return the hexadecimal digest of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def main() -> None:
    """Train, quantise, and write ``language.ftz`` and ``language.json``."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of the training data")
    parser.add_argument("--out", type=Path, required=True, help="folder for the model and its card")
    parser.add_argument("--work", type=Path, help="folder to keep the lines and the full model in")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        work = options.work or Path(scratch)
        lines, target = work / "language.txt", options.out / "language.ftz"
        counts = write_lines(options.data, lines)
        model = fasttext.train_supervised(str(lines), verbose=0, **TRAINING)
        if options.work:
            model.save_model(str(work / "language.bin"))
        model.quantize(verbose=0, **QUANTISING)
        model.save_model(str(target))
        card = {
            "digest": sha256(target),
            "bytes": target.stat().st_size,
            "labels": list(counts),
            "program": f"fasttext-community {importlib.metadata.version('fasttext-community')}",
            "training": TRAINING,
            "quantising": QUANTISING,
            "data": {
                name: sha256(options.data / name)
                for name in ("train_all.jsonl.xz", "wordlists.tar.xz")
            },
            "lines_digest": sha256(lines),
            "lines": counts,
        }
    text = json.dumps(card, indent=1, ensure_ascii=False)
    (options.out / "language.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
