"""Any kube-apiserver behind the EKS front: requests pass on as the user that the front established."""
