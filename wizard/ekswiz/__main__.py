"""`python -m ekswiz` is `ekswiz`."""

from __future__ import annotations

from ekswiz.main import main

if __name__ == "__main__":
    main()
