"""From the bytes of a record to a page with text, metadata and evidence."""
