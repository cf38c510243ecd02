"""Pure rules on text: measures, limits, languages, rights, personal data. No Beam, no files."""
