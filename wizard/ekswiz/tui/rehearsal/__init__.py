"""The rehearsal's screen: the road on the left, who can do what on the right, cell by cell as it is tried."""
