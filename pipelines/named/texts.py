"""What a recipe names that looks at texts. Only what it names: the files are read elsewhere."""

from typing import Annotated

from msgspec import Meta, Struct

from florilegium.pipelines.named.files import Digest


class Scorer(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A supervised fastText model, of `florilegium train-quality` or of anybody."""

    path: str
    """Where it is, local, `s3://…` or `gs://…`."""
    sha256: Digest = ""
    """Digest of the file. A build tells it if it is left out, and refuses another model."""
    label: Annotated[str, Meta(min_length=1)] = "good"
    """The label, without `__label__`, whose probability is the score."""
    languages: tuple[str, ...] = ()
    """Languages that it scores; if empty, all that no other scorer is for."""


class WordList(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Words and phrases, one on each line of a file in UTF-8; what begins with `#` is a remark.

    Case and punctuation make no difference, so an entry of punctuation alone is passed over.
    """

    path: str
    """Where it is, local, `s3://…` or `gs://…`."""
    sha256: Digest = ""
    """Digest of the file. A build tells it if it is left out, and refuses another list."""
    languages: tuple[str, ...] = ()
    """Languages of which it is a list; all if empty."""


class Benchmark(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A file of examples that models are tested on: JSON lines, Parquet or text, also in gzip."""

    name: Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,59}\Z")]
    """What the ledger calls it. Several files may have the same name."""
    path: str
    """Where it is, local, `s3://…` or `gs://…`: `.jsonl`, `.parquet` or `.txt`, perhaps with `.gz`.
    In a text, examples are parted by blank lines."""
    sha256: Digest = ""
    """Digest of the file; found and recorded by the build if left out."""
    fields: tuple[str, ...] = ("text",)
    """Fields that hold text, or lists of it; `question.stem` is a field in a field. Each is looked
    for by itself. A text file has none."""
    words: Annotated[int, Meta(ge=5, le=100)] = 13
    """Words in a row that make a match, as in GPT-3. Texts with fewer cannot be found."""
