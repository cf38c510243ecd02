"""Two recipes on the same input: what each keeps, and what the other lost of that, and why."""
