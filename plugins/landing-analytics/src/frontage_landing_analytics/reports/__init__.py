"""What a shop reads of its pages, from counts alone."""
