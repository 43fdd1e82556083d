"""Who can do what with a real role, from what is written in AWS: computed, not tried.

`read.read_role` reads a role, `compute.compute` holds intent's principals against it, `opinion` asks AWS itself.
"""
