"""The HTTP face: mllab's own API and the Open Inference Protocol on one port, one file per protocol.

It holds a `Lab` and records and knows nothing below them. What comes in from the network is checked in `guard`
and `body`; what goes wrong is told in `errors`; `service` runs it all in one thread.
"""

from mllab.faces.server.app import create_app
from mllab.faces.server.service import ServerThread

__all__ = ["ServerThread", "create_app"]
