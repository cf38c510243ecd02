"""The build: every stage and Beam pipeline, in the order the data flows."""
