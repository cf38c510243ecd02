"""Questions to parts and releases: what a rule would do, and why a page fared as it did."""
