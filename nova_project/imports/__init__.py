"""CSV and XLSX in and out, for any model, as django-import-export declares it.

`columns` says how a cell is read and shown, `resource` plans and writes rows many at a time,
`reading` opens files, `jobs` works a file off, `admin` is what staff see. What a kind of row means
stands in each app's `resources`.
"""
