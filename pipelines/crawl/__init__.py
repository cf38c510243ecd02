"""The crawler: polite, in rounds, from seeds to WARC files; what it knows lies in Parquet."""
