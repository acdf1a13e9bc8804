"""The composition root: puts the floors together into one running platform."""
