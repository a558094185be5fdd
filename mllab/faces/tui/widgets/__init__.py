"""Widgets that several screens share: the virtual table, lines at the edges, dialogs, charts on the screen."""
