"""What commands do, and how they answer. Each returns the exit code of the program."""
