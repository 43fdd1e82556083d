"""Policy documents: writing them, evaluating them, explaining them."""
