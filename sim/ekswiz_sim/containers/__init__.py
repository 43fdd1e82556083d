"""The Docker tier: a container engine builds the images and runs the pods' containers."""
