"""What a shop reads: reports over days of its own, from what was counted."""
