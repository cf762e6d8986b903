"""Score thresholds: chosen under constraints, judged on other images, written to a file and tried out."""
