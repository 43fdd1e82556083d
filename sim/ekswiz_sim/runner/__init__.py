"""Runs a workflow file as GitHub's runner would.

`Run(RunRequest(…))` reads and checks; iterating it gives events; `.result` says how it ended. event.py says what
happened at GitHub; trigger.py whether that starts the workflow; graph.py orders the jobs; job.py gives each a machine
of its own; step.py and work.py run a step; commands.py, files.py and masks.py are the runner's side of a step's output.
"""
