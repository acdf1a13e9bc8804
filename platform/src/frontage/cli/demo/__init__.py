"""`frontage serve --demo`: keys, things to see, and pages on which every plugin is at work. Embedded mode only."""
