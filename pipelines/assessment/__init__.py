"""What is told of texts beyond counts: scores, benchmarks, word lists."""
