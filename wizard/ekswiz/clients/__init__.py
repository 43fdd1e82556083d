"""The ways to AWS and Kubernetes, and their errors as ours. boto3 and kubernetes are imported here only, lazily."""
