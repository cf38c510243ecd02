"""Why a record is lost, stage by stage and rule by rule, in words. The quality rules are apart."""

LOSSES: dict[tuple[str, str], str] = {
    ("read", "damaged"): "bytes of the file that are no readable record; value: how many",
    ("read", "host_record"): "a file in which a host speaks for its pages, read for its opt-outs; "
    "detail: which",
    ("read", "record_type"): "a record that captured no page: a request, metadata, a revisit",
    ("read", "not_http"): "an address that is not HTTP or HTTPS",
    ("read", "too_large"): "record or decoded payload larger than is read; value: bytes",
    ("read", "cut_short"): "a record shorter than it says; value: bytes that are there",
    ("read", "truncated"): "cut off by the crawler, and the recipe does not keep such pages",
    ("read", "bad_date"): "no date of capture, or one before 1990",
    ("read", "bad_http"): "a response whose headers cannot be read",
    ("read", "http_status"): "a status other than 200; value: the status",
    ("read", "bad_encoding"): "a content coding that is unknown or broken",
    ("read", "empty"): "nothing but white space in the body",
    (
        "lists",
        "blocklist",
    ): "an address that a list of the recipe names, or that lies below what it "
    "names; detail: list and category",
    ("decode", "not_html"): "neither type nor first bytes are those of HTML",
    ("decode", "binary"): "the first bytes are not text; value: share of NUL bytes",
    ("decode", "charset"): "no encoding fits; value: share of broken bytes",
    ("decode", "too_large"): "more characters than `extraction.max_chars`",
    ("decode", "too_deep"): "elements nested deeper than `extraction.max_depth`",
    ("decode", "too_many_attributes"): "a tag with more than `extraction.max_attributes`",
    ("rights", "noai_header"): "`noai` in the header X-Robots-Tag",
    ("rights", "noai_meta"): "`noai` in a meta tag for robots",
    ("rights", "noimageai_header"): "`noimageai` in the header X-Robots-Tag",
    ("rights", "noimageai_meta"): "`noimageai` in a meta tag for robots",
    ("rights", "noindex_header"): "`noindex` or `none` in the header X-Robots-Tag",
    ("rights", "noindex_meta"): "`noindex` or `none` in a meta tag for robots",
    ("rights", "tdm_header"): "rights reserved by the header tdm-reservation (TDMRep)",
    ("rights", "tdm_meta"): "rights reserved by the meta tag tdm-reservation (TDMRep)",
    ("rights", "content_usage"): "training refused by the header Content-Usage (AIPREF)",
    ("rights", "robots_txt"): "robots.txt refuses one of `rights.agents`; detail: whom, and where",
    ("rights", "tdm_file"): "rights reserved by tdmrep.json (TDMRep); detail: the entry",
    ("rights", "content_usage_robots"): "training refused by Content-Usage in robots.txt (AIPREF)",
    ("rights", "content_signal"): "training refused by Content-Signal in robots.txt",
    ("rights", "rsl_file"): "a licence in RSL that lets nobody train for nothing",
    ("rights", "rsl_script"): "the same of a licence that stands in the page",
    ("rights", "ai_txt"): "ai.txt refuses pages of this kind; detail: whom, and where",
    ("rights", "robots_unreachable"): "the host could not give its robots.txt, and "
    "`rights.unreachable` is `drop`",
    ("rights", "robots_unreachable_held"): "the same where it is `quarantine`: held back, to be "
    "asked after again",
    ("rights", "robots_missing"): "the input has no robots.txt of the host, and `rights.missing` "
    "is `drop`",
    ("rights", "robots_missing_held"): "the same where it is `quarantine`: held back, to be asked "
    "after again",
    ("extract", "timeout"): "parsing took longer than `extraction.cpu_seconds` or `wall_seconds`",
    ("extract", "memory"): "parsing needed more than `extraction.memory_bytes`",
    ("extract", "crash"): "parsing ended its process twice; detail: how",
    ("extract", "empty"): "no main text was found",
    ("extract", "too_short"): "less main text than `extraction.min_chars`; value: characters",
    ("identify", "language"): "a language that the recipe does not list; detail: which",
    ("identify", "foreign_paragraphs"): "less text than `extraction.min_chars` is left without "
    "paragraphs in another language, where the recipe drops these; value: characters",
    ("personal", "personal_data"): "personal data, where the recipe drops pages that have any",
    ("erase", "gdpr_17"): "erased by right of the person it is about (GDPR, article 17); an erased "
    "record has no id, host and place here that others could read",
    ("erase", "gdpr_21"): "erased since that person objects (GDPR, article 21)",
    ("erase", "copyright"): "erased at the wish of the owner of rights",
    ("erase", "tdm_opt_out"): "erased for an opt-out that came after a release",
    ("erase", "court_order"): "erased by order of a court or an authority",
    ("erase", "contract"): "erased as agreed with somebody",
    ("erase", "other"): "erased for another reason; the log of erasures has a note",
    ("duplicates", "same_capture"): "the same capture, found twice",
    ("duplicates", "exact_duplicate"): "the same words as the document in `dup_of`",
    (
        "duplicates",
        "same_address",
    ): "another capture of its address; value: estimated similarity, if any",
    ("duplicates", "same_canonical"): "a page that declares the same canonical address and is like "
    "the document in `dup_of`; value: estimated similarity",
    ("duplicates", "repeated_lines"): "hardly any text but lines that the host has on many pages; "
    "value: characters left when they were cut",
    ("duplicates", "near_duplicate"): "nearly the same words; value: estimated similarity, if any",
    ("mixture", "quality_share"): "not among the best of its language, of which the recipe wants a "
    "share; value: its quality in thousandths; limit: where the share ends, there by lot",
    ("mixture", "sampled"): "not drawn, where the recipe wants a share at random; value: its lot, "
    "which follows from its id; limit: lots below it are drawn",
    ("mixture", "domain_share"): "not drawn from a large domain, of which the recipe wants less; "
    "value: its lot; limit: lots below it are drawn; detail: how large the domain is",
    ("mixture", "token_budget"): "not drawn, since its language has more tokens than the recipe "
    "wants; value: its lot among what was left; limit: lots below it are drawn",
    ("mixture", "weight"): "not drawn, since its language would outweigh others; value and limit: "
    "as of `token_budget`",
    ("canary", "published"): "a page that the build planted to check itself, and that would be "
    "published otherwise; detail: kinds of personal data that are still in its text",
}
