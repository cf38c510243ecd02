"""The demonstration: a small web of our own pages."""
