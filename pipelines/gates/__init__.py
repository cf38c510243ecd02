"""What a release must pass before it becomes the newest of its corpus, and how it becomes that."""
