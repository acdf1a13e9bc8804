"""Places from files, and back into files.

A file goes through four steps, each in a module of its own: `source` reads it into rows whatever its format, `checking`
makes values of them and finds every fault, `plan` compares them with what is stored, `running` writes the difference.
"""
