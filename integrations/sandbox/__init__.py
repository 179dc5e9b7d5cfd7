"""A stand-alone server that plays HubSpot and Eventbrite on loopback, from a made-up world.

It knows the two vendors' wire formats and nothing of Nova. Start it with
`python -m integrations.sandbox`, or in a test with `integrations.sandbox.server.running(world)`.
"""
