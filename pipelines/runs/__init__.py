"""Runs of a build: how one is stopped in order, at which budget, and what a dead one leaves."""
