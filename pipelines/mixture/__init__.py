"""Mixture: which share of what passed the rules is published."""
