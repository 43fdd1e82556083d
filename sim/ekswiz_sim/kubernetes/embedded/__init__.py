"""An API server, controllers and a kubelet in one process: enough for a deployment pipeline and real kubectl."""
