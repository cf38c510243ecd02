"""Finding copies: pure algorithms on arrays. No Beam, no files."""
