"""What people see of a finished dataset: an index of its pictures, a page, a server, a sample.

`catalog` opens a dataset; `pictures`, `side_tables` and `predictions` read what the page shows.
`server` hands that to the page on this machine, and `sample` writes the same page with a few
pictures inside.
"""
