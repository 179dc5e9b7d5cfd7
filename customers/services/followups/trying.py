"""Looking at a text before it goes to anybody: with somebody's values, and in one's own inbox."""

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.core.exceptions import ValidationError
from django.utils import timezone

from customers.models import Customer, FollowUp, clean_address
from customers.services.followups.facts import read_facts
from customers.services.followups.letters import (
    Letter,
    Values,
    email_of,
    example_values,
    values_for,
    write_letter,
)
from customers.services.followups.optout import NOBODY, opt_out_url
from customers.services.followups.post import MailRefused, Post, PostClosed

User = AbstractBaseUser | AnonymousUser


def preview_values(customer: Customer | None, event_id: int | None) -> Values:
    """What stands in the text for this person and event; an example where there is none."""
    if customer is None or event_id is None:
        return example_values()
    facts = read_facts([customer.pk], [event_id])
    values = values_for(customer, facts.events[event_id], facts)
    return values | {"unsubscribe": opt_out_url(NOBODY)}  # nobody opts out by a look at a preview


def last_event_of(customer: Customer) -> int | None:
    """The last show that the person booked and that has begun, else the next one."""
    booked = read_facts([customer.pk], []).booked.get(customer.pk, {})
    begun = {pk: start for pk, start in booked.items() if start <= timezone.now()}
    if begun:
        return max(begun, key=lambda pk: begun[pk])
    return min(booked, key=lambda pk: booked[pk], default=None)


def send_test(*, follow_up: FollowUp, values: Values, user: User) -> Letter:
    """Sends the text to the address of the account of `user`, and to nobody else.

    Raises ValidationError: the account has no address (`no_address`), the text is wrong, or the
    mail server does not take it (`mail`).
    """
    address = clean_address(getattr(user, "email", ""))
    if not address:
        raise ValidationError(
            "Your own account has no e-mail address. Ask whoever keeps the accounts to enter one "
            "under Settings, Users.",
            code="no_address",
        )
    letter = write_letter(follow_up, values)
    test = Letter(f"[Test] {letter.subject}", letter.text, letter.unsubscribe)
    with Post() as post:
        try:
            post.open()
            post.give(email_of(test, address))
        except (MailRefused, PostClosed) as error:
            raise ValidationError(str(error), code="mail") from error
    return test
