"""The page at `/`: what lab this is, what answers, and where the rest is to be seen."""

from collections.abc import Sequence
from html import escape

from mllab.records import Deployment

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{name} - mllab</title>
<style>body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 44rem; margin: 3rem auto; padding: 0 1rem }}
code {{ background: #eee; padding: 0 .2em }}</style></head><body>
<h1>{name}</h1>
<p>This is a lab of mllab. {answers}</p>
<p>Its runs, models and data are shown in the terminal, not here: <code>mllab</code> in the lab's folder opens them
(key <code>2</code> for the runs), <code>mllab run show ID</code> prints one. A link to a run that MLflow's client has
printed ends in its id.</p>
<p><a href="/docs">What can be asked over HTTP</a></p>
</body></html>
"""


def welcome_page(name: str, deployments: Sequence[Deployment]) -> bytes:
    """The page as HTML.

    Args:
        name: of the lab's folder.
        deployments: which versions answer.
    """
    told = ", ".join(f"<b>{escape(one.model)}</b> version {one.version}" for one in deployments)
    answers = f"It answers with {told}." if told else "No model answers yet."
    return _PAGE.format(name=escape(name), answers=answers).encode()
