"""Common Crawl: what of a snapshot a build needs, and how to read that with good manners."""
