"""Parts of objects: schemas, patches, server-side apply and who owns which field."""
