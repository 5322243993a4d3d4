"""What a report says of a build that followed its source: its rounds, and how long a cut-over kept writers waiting."""
