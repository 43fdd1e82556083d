"""The rehearsal room: AWS, GitHub and Kubernetes on loopback, judged like the real ones."""
