"""IAM and EC2 kept by an endpoint (LocalStack, or another emulator) behind the gate, which goes on judging."""
