"""What keeps the cluster's promises: each controller compares what is asked for with what is there, and acts."""
