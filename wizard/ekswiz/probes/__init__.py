"""What can be found out before there are answers: AWS profiles and identities, clusters, a repository at GitHub.

Everything here reads. Each failure is one sentence with what to do about it, so that a front end can show it beside the
field that it belongs to. The surprising thing: profiles are read from the AWS CLI's files without the AWS SDK, whose
import alone takes longer than a first screen may.
"""
