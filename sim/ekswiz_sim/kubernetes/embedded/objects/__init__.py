"""What an object may be: schemas of names and fields, defaults, validation, Pod Security."""
