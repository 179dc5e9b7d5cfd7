"""What other programs may ask of Nova, as JSON: start a sync, watch a run, look up a person.

`endpoints` are the addresses, `errors` the one shape of what goes wrong, `access` says who may.
"""
