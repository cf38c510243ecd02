"""A document whose text was cut: everything that is known of a text, told anew."""

import msgspec

from florilegium.filters.measures import counts, customs, measure
from florilegium.filters.paragraphs import foreign_share, paragraphs, runs, share_in
from florilegium.filters.personal import count, find, placeholder
from florilegium.manifests.document import Document
from florilegium.manifests.personal import Personal
from florilegium.pipelines.harvest.tokens import TokenCounter
from florilegium.pipelines.named import language_models
from florilegium.pipelines.recipe import Recipe


class Recutter:
    """Tells facts anew, with the models that harvest uses. The language stays as it was."""

    def __init__(self, recipe: Recipe) -> None:
        self._masked = recipe.kinds_to("mask")
        self._identifier = language_models.load(recipe.language_model)
        self._tokens = TokenCounter(recipe.tokenizer)

    def recut(self, document: Document, text: str) -> Document:
        """Return the document with another text, a part of the one it had."""
        found = paragraphs(text, self._identifier)
        (row,) = measure([text], [customs(document.lang)])
        return msgspec.structs.replace(
            document,
            text=text,
            chars=len(text),
            text_bytes=len(text.encode()),
            tokens=self._tokens.count(text),
            counts=counts(row),
            foreign_share=foreign_share(found, document.lang),
            english_share=share_in(found, "eng"),
            paragraph_langs=runs(found),
            pii=self._personal(document.pii, text),
        )

    def _personal(self, before: Personal, text: str) -> Personal:
        """Count what is left: masks of kinds that are masked, which is what was found."""
        masks = {
            kind: min(getattr(before, kind), text.count(placeholder(kind))) for kind in self._masked
        }
        return msgspec.structs.replace(count(find(text)), **masks)
