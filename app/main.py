"""A small service that says which commit it was built from, so that a deployment can be seen to have arrived."""

from __future__ import annotations

import os
from html import escape

from fastapi import FastAPI
from fastapi.responses import HTMLResponse

app = FastAPI(title="ekswiz sample", docs_url=None, redoc_url=None)

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>It is running</title>
<style>
  :root {{ color-scheme: light dark }}
  body {{ font: 1.1rem/1.6 system-ui, sans-serif; max-width: 34rem; margin: 18vh auto 0; padding: 0 1.5rem }}
  code {{ font-size: .9em; overflow-wrap: anywhere }}
  dt {{ opacity: .6 }} dd {{ margin: 0 0 .8rem }}
</style>
<h1>It is running.</h1>
<p>This page was built, pushed and deployed without a stored key.</p>
<dl>
  <dt>Commit</dt><dd><code>{commit}</code></dd>
  <dt>Image</dt><dd><code>{image}</code></dd>
</dl>
</html>
"""


@app.get("/", response_class=HTMLResponse)
async def home() -> str:
    """A greeting for people."""
    return PAGE.format(**{name: escape(value) for name, value in (await version()).items()})


@app.get("/healthz")
async def healthz() -> dict[str, str]:
    """For the readiness and liveness probes."""
    return {"status": "ok"}


@app.get("/version")
async def version() -> dict[str, str]:
    """The commit and the image digest that the deploy job wrote into the environment."""
    return {"commit": os.environ.get("GIT_COMMIT", "unknown"), "image": os.environ.get("IMAGE_DIGEST", "unknown")}
