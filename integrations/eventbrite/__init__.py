"""Eventbrite: events, orders and attendees in. Nova writes nothing there."""
