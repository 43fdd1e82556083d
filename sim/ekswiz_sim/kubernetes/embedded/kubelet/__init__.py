"""The node: pods as local processes, started, probed, restarted and stopped as a kubelet does it."""
