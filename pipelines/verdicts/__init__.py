"""Decide: what stays, and why the rest does not."""
