"""The report: one HTML file in which people look at a release."""
