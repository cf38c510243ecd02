"""What a recipe says of months: what becomes of earlier documents by what new input says."""

from typing import Literal

from msgspec import Struct

from florilegium.manifests.erasures import Basis


class Months(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What becomes of documents of earlier releases that new input speaks of.

    It is heeded in builds with a `parent`, and only releases beside the new one are made anew.
    """

    opt_outs: Literal["erase", "list"] = "erase"
    """Documents that are opted out of by now are erased from the earlier releases, or listed in
    `audit/carried.parquet`. That holds whatever `rights.retroactive` says, which is of new pages
    only."""
    basis: Basis = "tdm-opt-out"
    """Why they are erased or kept out, as log and ledger say."""
    lists: tuple[str, ...] = ()
    """Files that name hosts and addresses that opted out, as for `opt-outs --list`; paths begin
    where the command is run. With `opt_outs = "erase"`, new pages that they name are kept out."""
    vanished: Literal["keep", "erase"] = "keep"
    """What becomes of documents whose address answers 404 or 410 by now. They stay and
    are listed in `audit/carried.parquet`, or are erased, on the basis `other`."""
