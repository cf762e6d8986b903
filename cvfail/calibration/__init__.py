"""What scores mean: calibration measured with its chance band, and maps that put scores right."""
