"""Where a step runs: in a kept-warm child process, or inline in the calling thread.

`Engine.run(lane, task, inputs, ...)` is all that workflows know. Inputs and outputs are records and digests of
artifacts; frames never cross the border. `tasks.py` is the table of what can be run.
"""

from mllab.engine.engine import Engine, StepDied

__all__ = ["Engine", "StepDied"]
