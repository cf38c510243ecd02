"""The counts of a text: integers from which every published share and verdict follows."""

from msgspec import Struct


class Counts(Struct, frozen=True, gc=False, array_like=True):
    """What one pass over a text counts.

    Lengths are in Unicode code points. A *word* is a token: a mark of punctuation that stands
    alone is one too, a *symbol* word is made of nothing but marks and controls. A *line* is what
    stands between two line breaks, without the white space at its end; blank ones do not count.
    A *paragraph* is what stands between blank lines. Every count fits 32 bits for texts below
    200 MB.
    """

    chars: int = 0
    """Code points of the text, white space and line breaks included."""
    alpha_chars: int = 0
    """Letters, of any script."""
    upper_chars: int = 0
    """Upper-case letters."""
    foreign_script_chars: int = 0
    """Letters of another script than the one the language is written in."""
    digit_chars: int = 0
    """Decimal digits, of any script."""
    punctuation_chars: int = 0
    """Marks of punctuation, mathematical, currency and other signs."""
    picture_chars: int = 0
    """Those of them that are pictographs, boxes and other signs of no use in a sentence."""
    space_chars: int = 0
    """White space and line breaks."""
    misread_pairs: int = 0
    """Pairs such as `Ã¤` that arise where UTF-8 is read as Windows-1252."""
    longest_run: int = 0
    """Length of the longest run of one character that is not white space."""
    repeated_char_10grams: int = 0
    """Occurrences of the most frequent sequences of ten characters, as ROOTS counts them.

    Of the square root of the number of different ones, rounded down, those that occur twice.
    """
    newlines: int = 0
    """Line feeds."""
    hashes: int = 0
    """Number signs, `#`."""
    ellipses: int = 0
    """Ellipsis characters, and groups of three full stops that do not overlap."""
    curly_brackets: int = 0
    """Curly brackets, opening and closing."""
    replacement_chars: int = 0
    """Characters U+FFFD, which stand for what could not be decoded."""
    urls: int = 0
    """Addresses: `://`, and `www.` without it."""

    words: int = 0
    """Tokens of the text, marks that stand alone included."""
    non_symbol_words: int = 0
    """Words with at least one character that is no symbol: letters, digits, pictographs."""
    non_symbol_chars: int = 0
    """Characters of the non-symbol words together."""
    unlisted_words: int = 0
    """Words with at least one character that datatrove does not list as a symbol."""
    unlisted_chars: int = 0
    """Characters of these words together."""
    alpha_words: int = 0
    """Words with at least one letter."""
    capital_words: int = 0
    """Words of two letters or more, all of them upper case."""
    longest_word: int = 0
    """Characters of the longest word."""
    unique_words: int = 0
    """Different words, upper and lower case told apart."""
    unigram_entropy: int = 0
    """Entropy of the distribution of words, in thousandths of a bit, rounded down."""
    stop_words: int = 0
    """Words that are stop words of the language, written as in its list."""
    different_stop_words: int = 0
    """Different stop words among them."""

    top_bigram_chars: int = 0
    """Times x length of the most frequent pair of words that repeats, one space between words.

    Occurrences may overlap, so this can exceed the length of the text. Of equally frequent pairs
    the first in the text counts; 0 if none occurs twice.
    """
    top_trigram_chars: int = 0
    """The same for three words in a row."""
    top_4gram_chars: int = 0
    """The same for four words in a row."""
    opening_bigram_chars: int = 0
    """Length of the first two words and the space between them; datatrove's, if none repeats."""
    opening_trigram_chars: int = 0
    """The same for the first three words."""
    opening_4gram_chars: int = 0
    """The same for the first four words."""
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
    repeated_5grams: int = 0
    """Places where five words stand in a row that also do so elsewhere, as ROOTS counts them."""

    lines: int = 0
    """Lines of the text."""
    sentence_lines: int = 0
    """Lines that end a sentence: a terminal mark of the language, closing quotes set aside."""
    punctuated_lines: int = 0
    """Lines whose very last character is a terminal mark, as FineWeb counts."""
    short_lines: int = 0
    """Lines of 30 characters or fewer."""
    long_line_chars: int = 0
    """Characters of lines of 250 characters or more."""
    bullet_lines: int = 0
    """Lines that begin with a bullet, a hyphen or an asterisk."""
    dash_lines: int = 0
    """Lines that begin with `•` or `-`, the bullets that datatrove knows."""
    ellipsis_lines: int = 0
    """Lines that end in an ellipsis."""
    capital_lines: int = 0
    """Lines with more than half of their letters in upper case."""
    digit_lines: int = 0
    """Lines with more than a fifth of their characters digits."""
    duplicate_lines: int = 0
    """Lines that were met before in the text."""
    duplicate_line_chars: int = 0
    """Characters of the duplicate lines together."""
    sentences: int = 0
    """Sentences of all lines, at least one each."""
    paragraphs: int = 0
    """Paragraphs of the text."""
    duplicate_paragraphs: int = 0
    """Paragraphs that were met before in the text."""
    duplicate_paragraph_chars: int = 0
    """Characters of the duplicate paragraphs together, the line breaks in them included."""

    c4_lines: int = 0
    """Lines that C4 keeps: three words, a final `.` `?` `!` or straight quote, no boilerplate."""
    c4_chars: int = 0
    """Characters of the lines that C4 keeps, its citation marks taken out."""
    c4_sentences: int = 0
    """Sentences in the lines that C4 keeps, at least one each."""
    c4_placeholder_stop: int = 0
    """1 if C4 drops the page for a line with "lorem ipsum", where it stops to count; else 0."""
    c4_brace_stop: int = 0
    """1 if C4 drops the page for a line with a curly bracket, where it stops to count; else 0."""
