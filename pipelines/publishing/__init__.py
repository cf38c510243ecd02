"""From verdicts to a sealed release."""
