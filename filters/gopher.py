"""Gopher's rules as datatrove decides them, with its reasons, order and limits."""

from collections.abc import Iterator

from florilegium.filters.rule import Amount, Filter, Measure, Share, ratio, share
from florilegium.manifests.document import Facts


class GopherRepetition(Filter, frozen=True, tag="gopher-repetition"):
    """Repeated lines and n-grams (Gopher, arXiv:2112.11446, table A1) as in datatrove.

    For comparison: limits are those of datatrove's `GopherRepetitionFilter`, one set for all
    languages. Shares of characters are of all characters of the text; where no n-gram repeats,
    the one it opens with counts as the top.
    """

    max_dup_para_frac: Share = 0.3
    max_dup_para_char_frac: Share = 0.2
    max_dup_line_frac: Share = 0.3
    max_dup_line_char_frac: Share = 0.2
    max_top_2_gram: Share = 0.2
    max_top_3_gram: Share = 0.18
    max_top_4_gram: Share = 0.16
    max_duplicated_5_n_grams: Share = 0.15
    max_duplicated_6_n_grams: Share = 0.14
    max_duplicated_7_n_grams: Share = 0.13
    max_duplicated_8_n_grams: Share = 0.12
    max_duplicated_9_n_grams: Share = 0.11
    max_duplicated_10_n_grams: Share = 0.10

    def measures(self, facts: Facts) -> Iterator[Measure]:
        """Yield paragraphs, lines, top and duplicated n-grams, in datatrove's order."""
        c = facts.counts
        yield Measure("empty", c.chars, low=1)
        para_chars = c.duplicate_paragraph_chars
        top_2, top_3, top_4 = (
            c.top_bigram_chars or c.opening_bigram_chars,
            c.top_trigram_chars or c.opening_trigram_chars,
            c.top_4gram_chars or c.opening_4gram_chars,
        )
        for rule, part, whole, limit in (
            ("dup_para_frac", c.duplicate_paragraphs, c.paragraphs, self.max_dup_para_frac),
            ("dup_para_char_frac", para_chars, c.chars, self.max_dup_para_char_frac),
            ("dup_line_frac", c.duplicate_lines, c.lines, self.max_dup_line_frac),
            ("dup_line_char_frac", c.duplicate_line_chars, c.chars, self.max_dup_line_char_frac),
            ("top_2_gram", top_2, c.chars, self.max_top_2_gram),
            ("top_3_gram", top_3, c.chars, self.max_top_3_gram),
            ("top_4_gram", top_4, c.chars, self.max_top_4_gram),
        ):
            yield Measure(rule, share(part, whole), high=limit)
        for n, chars, limit in (
            (5, c.duplicate_5gram_chars, self.max_duplicated_5_n_grams),
            (6, c.duplicate_6gram_chars, self.max_duplicated_6_n_grams),
            (7, c.duplicate_7gram_chars, self.max_duplicated_7_n_grams),
            (8, c.duplicate_8gram_chars, self.max_duplicated_8_n_grams),
            (9, c.duplicate_9gram_chars, self.max_duplicated_9_n_grams),
            (10, c.duplicate_10gram_chars, self.max_duplicated_10_n_grams),
        ):
            yield Measure(f"duplicated_{n}_n_grams", share(chars, c.chars), high=limit)


class GopherQuality(Filter, frozen=True, tag="gopher-quality"):
    """Length, signs and words (Gopher, arXiv:2112.11446, A.1.1) as in datatrove.

    For comparison: limits are those of datatrove's `GopherQualityFilter`, marks of punctuation
    count as words where it counts them. Stop words are those of the language.
    """

    min_doc_words: Amount = 50
    max_doc_words: Amount = 100_000
    min_avg_word_length: Amount = 3
    max_avg_word_length: Amount = 10
    max_hashes_per_word: Amount = 0.1
    max_ellipses_per_word: Amount = 0.1
    max_bullet_lines: Share = 0.9
    max_ellipsis_lines: Share = 0.3
    min_alpha_words: Share = 0.8
    min_stop_words: Amount = 2

    def measures(self, facts: Facts) -> Iterator[Measure]:
        """Yield words and their length, signs, words with a letter, stop words."""
        c = facts.counts
        yield Measure("gopher_short_doc", c.unlisted_words, low=self.min_doc_words)
        yield Measure("gopher_long_doc", c.unlisted_words, high=self.max_doc_words)
        mean = ratio(c.unlisted_chars, c.unlisted_words)
        yield Measure("gopher_below_avg_threshold", mean, low=self.min_avg_word_length)
        yield Measure("gopher_above_avg_threshold", mean, high=self.max_avg_word_length)
        hashes, ellipses = ratio(c.hashes, c.words), ratio(c.ellipses, c.words)
        yield Measure("gopher_too_many_hashes", hashes, high=self.max_hashes_per_word)
        yield Measure("gopher_too_many_ellipsis", ellipses, high=self.max_ellipses_per_word)
        lines = c.newlines + 1
        bullets, teasers = share(c.dash_lines, lines), share(c.ellipsis_lines, lines)
        yield Measure("gopher_too_many_bullets", bullets, high=self.max_bullet_lines)
        yield Measure("gopher_too_many_end_ellipsis", teasers, high=self.max_ellipsis_lines)
        alpha = share(c.alpha_words, c.words)
        yield Measure("gopher_below_alpha_threshold", alpha, low=self.min_alpha_words)
        stop_words = c.different_stop_words
        yield Measure("gopher_enough_stop_words", stop_words, low=self.min_stop_words)
