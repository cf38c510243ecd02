"""What a recipe names that looks at texts. Only what it names: the files are read elsewhere."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from florilegium.pipelines.named.files import Digest


class LanguageModel(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The fastText model that tells languages: ours, or another such as GlotLID or OpenLID."""

    path: str = ""
    """Where another model is: a local path, `s3://…`, `gs://…` or `https://…`. Ours if empty."""
    sha256: Annotated[str, Meta(pattern=r"^([0-9a-f]{64})?\Z")] = ""
    """Digest of that model; another file is refused."""
    labels: dict[str, str] = {}
    """Our codes of its labels that are none, without `__label__`: `als = "gsw_Latn"`."""
    second: Literal["", "heliport"] = ""
    """A second opinion, of languages that it knows, on texts in the recipe's languages: `heliport`
    (`pip install florilegium[heliport]`, GPL-3.0, 900 MB a process). The filter `certainty` heeds
    it."""

    def __post_init__(self) -> None:
        if bool(self.path) != bool(self.sha256):
            raise ValueError("a language model is named by both `path` and `sha256`")


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
