"""What `cdop protect --help` says: the whole of the spec file, as one example."""

from rich.markup import escape

TEXT = """Protect a table of counts from anywhere, prove it, and write it to a folder.

CELLS.csv (UTF-8) has one row for each counted cell: a column for each dimension, and one for the
count. The spec file (TOML) says what to make of it:

\b
count = "deaths"          # column of counts: whole, 0 or more, none missing
absent = "zero"           # cells not in the file count 0; or "impossible"
groups = ["cause"]        # that all of an area share one code stays hidden
[[dimension]]
name = "area"             # a column of codes
codes = ["a", "b", "c"]   # all there are; otherwise those of the file
total = "All"             # rows with it are totals: checked, then left out
[[dimension.grouping]]    # any number, nested in one another or not
column = "region"         # a column with the group of each code, or:
groups = { north = ["a"], south = ["b", "c"] }
prefix = "region "        # put before a column's groups, if like codes
[[dimension]]
name = "cause"
[[table]]                 # printed with all margins; several are linked
id = "deaths-by-area"
dimensions = ["area", "cause"]
where = "reviewed"        # a yes/no column: this table counts only yes
[rule]
profile = "partner-1to4"  # a profile by name, or instead of it:
small = [1, 4]            # counts to hide; [0, 4] hides zeros as well
width = 3                 # how uncertain they stay; 0: just not exact
zeros = "hideable"        # or "shown": what is hidden is then 1 or more
others = "exact"          # or "nearest", "controlled": multiples of
base = 5                  # this
weight = "counts"         # hide little value, or few "cells"
[[threshold]]             # codes whose counts are small up to a limit
dimension = "cause"
codes = ["suicide"]
high = 9
[[attacker]]              # besides the public
kind = "board"            # knows the records of its area
dimension = "area"
codes = ["a"]             # otherwise one for each code
[[attacker]]
kind = "known"            # knows these counts of a table from elsewhere
table = "deaths-by-area"
cells = [["a", "total"]]
[[attacker]]
kind = "families"         # each knows that one record exists

--out receives a CSV for each table, with [c] for hidden and [low] for rounded to 0, and
disclosure.json. A width above 0 is always proved, or nothing is written; a width of 0 stops exact
recovery by adding and subtracting, and no more. --method exact is for small tables; --method round
takes a rule that rounds all counts together, such as the profile rounded-5.

Exit codes: 0 protected; 1 not safe, or the input is wrong, with the reason; 2 wrong usage.
"""
HELP = escape(TEXT)  # or the square brackets would be taken for styles
