"""The peer's near duplicates: datatrove's MinHash from texts in Parquet to what it would remove.

    build/peer/bin/python bench/peer_duplicates.py --out FOLDER [--split] FILE...

Runs in the peer's environment (`peer-requirements.txt`), with one worker in one process. Signature,
buckets and clusters are as datatrove ships them; writing the documents that stay is left out, since
the other side does not do it either. With `--split`, words are what white space parts instead of
what spaCy's English tokenizer does. A small run that loads what is needed goes before. Prints JSON.
"""

import argparse
import json
import shutil
import time
from pathlib import Path

from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline import dedup, readers
from datatrove.utils.word_tokenizers import WordTokenizer


class Split(WordTokenizer):
    """Words are what white space parts."""

    def word_tokenize(self, text: str) -> list[str]:
        """Return the words of a text."""
        return text.split()

    def sent_tokenize(self, text: str) -> list[str]:
        """Return the text: no step here asks for sentences."""
        return [text]

    def span_tokenize(self, text: str) -> list[tuple[int, int]]:
        """Return where the text is: no step here asks for sentences."""
        return [(0, len(text))]


def decide(folder: Path, out: Path, words: dict[str, WordTokenizer]) -> int:
    """Run the three steps on a folder; return how many documents are to be removed."""
    hashing = dedup.minhash.MinhashConfig()
    signatures, buckets, removed = (str(out / name) for name in ("sign", "match", "removed"))
    steps = (
        (
            "sign",
            [
                readers.ParquetReader(str(folder)),
                dedup.MinhashDedupSignature(signatures, config=hashing, **words),
            ],
            1,
        ),
        ("match", [dedup.MinhashDedupBuckets(signatures, buckets, config=hashing)], 14),
        ("cluster", [dedup.MinhashDedupCluster(buckets, removed, config=hashing)], 1),
    )
    for name, pipeline, tasks in steps:
        logs = str(out / "logs" / name)
        LocalPipelineExecutor(pipeline, tasks=tasks, workers=1, logging_dir=logs).run()
    found = Path(removed).glob("*.remove")
    return sum(path.stat().st_size // 4 for path in found)


def main() -> None:
    """Decide, and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, required=True, help="a folder that is not there")
    parser.add_argument("--split", action="store_true")
    parser.add_argument("files", nargs="+", type=Path)
    given = parser.parse_args()
    words: dict[str, WordTokenizer] = {"language": Split()} if given.split else {}
    for name, files in (("warm", given.files[:1]), ("run", given.files)):
        texts = given.out / name / "texts"
        texts.mkdir(parents=True)
        for path in files:
            (texts / path.name).symlink_to(path.resolve())
    decide(given.out / "warm" / "texts", given.out / "warm" / "made", words)
    cpu, wall = time.process_time(), time.monotonic()
    removed = decide(given.out / "run" / "texts", given.out / "run" / "made", words)
    taken = {"cpu_seconds": time.process_time() - cpu, "wall_seconds": time.monotonic() - wall}
    print(json.dumps({"removed": removed, **taken}))
    shutil.rmtree(given.out)


if __name__ == "__main__":
    main()
