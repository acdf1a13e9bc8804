"""Finding a place by words, with nobody else's help: the shop's own places, then "lat,lon", then a gazetteer.

`finding.find_by_words` is the way in. `resolving` decides and touches no database; its traps stand in a table of tests.
"""
