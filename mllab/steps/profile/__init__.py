"""The profile of a dataset: exact counts in one pass over all rows, everything else over a fixed sample of them.

scan.py      exact aggregates of lazy frames, a piece of rows at a time
columns.py   one column: percentiles, histogram, outliers, top values
against.py   each column against the target and against time
power.py     how well one column alone predicts the target
pairs.py     correlations
rows.py      odd rows
sketches.py  equal rows by their hashes, fewer rows evenly, gaps of days
warnings.py  what is worth a person's eye
diff.py      two profiles side by side
"""
