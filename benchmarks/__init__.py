"""Long measurements: one file a claim, results as JSON with machine, seed and versions."""
