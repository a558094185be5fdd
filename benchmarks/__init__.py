"""Ratios against a bare baseline measured in the same run; `make bench`. Never a timed test."""
