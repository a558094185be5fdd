"""The only SQL and the only files of a lab: a database, artifacts by digest, prediction segments, a lock.

One class per noun reads; state tables change only through `Transaction.emit`, bulk facts through their own class.
The reading side imports nothing heavy; `writer` and `migrations` bring sqlite-utils, imported on taking the lock.
"""
