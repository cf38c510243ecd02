"""Which documents are copies, and of what."""
