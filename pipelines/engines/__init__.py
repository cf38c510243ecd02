"""Where pipelines run, and how work travels there."""
