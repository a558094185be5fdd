"""mllab: the whole life of a model in one terminal, one process, one folder."""

__version__ = "0.1.0"
