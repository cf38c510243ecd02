"""Files that recipes name by their digests."""
