"""The doctor: everything that makes a deployment from GitHub to EKS fail, looked at one by one.

Each check looks and changes nothing. `ok` is what was seen to be right; what could not be looked at is a `skip` that
says why, never an `ok`. The surprising thing: checks share what they read (`facts.Facts` asks for each object once), so
sixty of them cost about as many calls as a plan.
"""
