"""Pictures from numbers: pure functions that return a `Picture`, lines of text whose parts name their ink.

    line.py        curves over steps, linear or logarithmic; labels at their ends, the best point marked
    histogram.py   how values are spread: the reference as bars, the current window as caps on them
    bars.py        one bar a line; contributions to both sides of zero
    spark.py       a curve in one line of text
    smoothing.py   the running mean that calms a noisy curve
    marks.py       which colour and mark a run has everywhere; every ink as RGB on dark and on light
    ticks.py       round numbers for an axis, and their labels

Below them: `picture.py` (spans, pictures, the sheet they are written on), `glyphs.py` (braille, block and ASCII),
`labels.py` (text that fits), `axes.py` (what lies where); and for curves alone `curves.py` (their lines and marks),
`ends.py` (their names), `strands.py` (what lies between two gaps, thinned to the columns there are), `canvas.py` (dots
smaller than a cell).

Nothing here knows Textual, the time, or a lab. Text comes from runs and files, so all of it is made safe. What colour
says, a mark, a place or a sign says too.
"""
