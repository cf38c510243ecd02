"""The counts of a text: integers from which every published share and verdict follows."""

from msgspec import Struct


class Counts(Struct, frozen=True, gc=False, array_like=True):
    """What one pass over a text counts.

    Lengths are in Unicode code points. A *word* is a token: a mark of punctuation that stands
    alone is one too, a *symbol* word is made of nothing but marks and controls. A *line* is what
    stands between two line breaks, without the white space around it; blank ones do not count.
    Every count fits 32 bits for texts below 400 MB.
    """

    chars: int = 0
    """Code points of the text, white space and line breaks included."""
    alpha_chars: int = 0
    """Letters, of any script."""
    upper_chars: int = 0
    """Upper-case letters."""
    digit_chars: int = 0
    """Decimal digits, of any script."""
    punctuation_chars: int = 0
    """Marks of punctuation, mathematical, currency and other signs."""
    newlines: int = 0
    """Line feeds."""
    hashes: int = 0
    """Number signs, `#`."""
    ellipses: int = 0
    """Ellipsis characters, and groups of three full stops that do not overlap."""

    words: int = 0
    """Tokens of the text, marks that stand alone included."""
    non_symbol_words: int = 0
    """Words with at least one character that is no symbol: letters, digits, pictographs."""
    non_symbol_chars: int = 0
    """Characters of the non-symbol words together."""
    alpha_words: int = 0
    """Words with at least one letter."""
    capital_words: int = 0
    """Words of two letters or more, all of them upper case."""
    longest_word: int = 0
    """Characters of the longest word."""
    unique_words: int = 0
    """Different words, upper and lower case told apart."""

    top_bigram_chars: int = 0
    """Times x length of the most frequent pair of words that repeats, one space between words.

    Occurrences may overlap, so this can exceed the length of the text. Of equally frequent pairs
    the first in the text counts; 0 if none occurs twice.
    """
    top_trigram_chars: int = 0
    """The same for three words in a row."""
    top_4gram_chars: int = 0
    """The same for four words in a row."""
    duplicate_5gram_chars: int = 0
    """Characters, without spaces, in five words in a row that were met before.

    Read from left to right; a repetition is skipped as a whole, so no word counts twice.
    """
    duplicate_6gram_chars: int = 0
    """The same for six words in a row."""
    duplicate_7gram_chars: int = 0
    """The same for seven words in a row."""
    duplicate_8gram_chars: int = 0
    """The same for eight words in a row."""
    duplicate_9gram_chars: int = 0
    """The same for nine words in a row."""
    duplicate_10gram_chars: int = 0
    """The same for ten words in a row."""

    lines: int = 0
    """Lines of the text."""
    sentence_lines: int = 0
    """Lines that end a sentence: a terminal mark of the language, closing quotes set aside."""
    punctuated_lines: int = 0
    """Lines whose very last character is a terminal mark, as FineWeb counts."""
    short_lines: int = 0
    """Lines of 30 characters or fewer."""
    bullet_lines: int = 0
    """Lines that begin with a bullet, a hyphen or an asterisk."""
    ellipsis_lines: int = 0
    """Lines that end in an ellipsis."""
    duplicate_lines: int = 0
    """Lines that were met before in the text."""
    duplicate_line_chars: int = 0
    """Characters of the duplicate lines together."""

    c4_lines: int = 0
    """Lines that C4 keeps: three words, a final `.` `?` `!` or straight quote, no boilerplate."""
    c4_chars: int = 0
    """Characters of the lines that C4 keeps."""
    c4_sentences: int = 0
    """Sentences in the lines that C4 keeps, at least one each."""
    c4_placeholder_lines: int = 0
    """Lines of prose with "lorem ipsum"; C4 drops a page with one."""
    c4_brace_lines: int = 0
    """Lines of prose with a curly bracket; C4 drops a page with one."""
