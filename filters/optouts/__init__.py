"""Opt-outs: each protocol by which a page or its host reserves it from training, a module each."""
