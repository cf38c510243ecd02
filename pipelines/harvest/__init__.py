"""Harvest: from units of input to parts."""
