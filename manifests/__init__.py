"""What is written down: documents, losses, the manifest. Knows no other part of Florilegium."""
