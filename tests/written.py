"""The writers of main text, asked for all of a page."""

import numpy as np
from markdown_it import MarkdownIt

from florilegium.pipelines.blocks.page import read_page
from florilegium.pipelines.blocks.text import write, write_markdown

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def texts(body):
    """Return all of a body as plain text and as Markdown."""
    page = read_page(f"<body>{body}</body>")
    if page is None:
        return "", ""
    everything = np.ones(len(page.texts), np.bool_)
    return write(page, everything), write_markdown(page, everything)


def plain(body):
    return texts(body)[0]


def rendered(body):
    """Return the HTML that a Markdown parser makes of the Markdown of a body, lines joined."""
    return "".join(PARSER.render(texts(body)[1]).split("\n"))
