"""What is computed: frames and records in, frames and records out.

No files, no clock, no logging, no unseeded draw: whatever a step needs is an argument, whatever it finds is returned.
"""
