"""Writing one message: the values for its words, and the e-mail with its headers."""

from dataclasses import dataclass
from datetime import date
from email.utils import make_msgid

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString

from customers.models import Customer, FollowUp
from customers.services.followups.facts import Facts
from customers.services.followups.optout import NOBODY, opt_out_url
from customers.services.followups.wording import as_html, one_line, rendered
from events.models import Event

Values = dict[str, str]


@dataclass(frozen=True, slots=True)
class Letter:
    """A message as the person reads it. `html` is made from the same text."""

    subject: str
    text: str
    unsubscribe: str

    @property
    def html(self) -> SafeString:
        return as_html(self.text)


def write_letter(follow_up: FollowUp, values: Values) -> Letter:
    """The words with the values in place. Raises ValidationError: the words are no template."""
    return Letter(
        subject=one_line(rendered(follow_up.subject, values))[:200],
        text=rendered(follow_up.body, values).strip() + "\n",
        unsubscribe=values["unsubscribe"],
    )


def values_for(customer: Customer, event: Event, facts: Facts) -> Values:
    return {
        "first_name": customer.first_name,
        "last_name": customer.last_name,
        "unsubscribe": opt_out_url(customer.pk),
        **_of_event(event),
        **_of_next(facts.next_show(customer.pk, event)),
    }


def example_values() -> Values:
    """Of a person and shows that do not exist, to see what a text looks like."""
    return {
        "first_name": "Ada",
        "last_name": "Lovelace",
        "show": "Friday Night Stand-up",
        "venue": "The Cellar",
        "date": "Friday 6 March 2026",
        "days_since": "14",
        "next_show": "Stand-up Deluxe",
        "next_show_date": "Friday 10 April 2026",
        "next_show_venue": "The Cellar",
        "next_show_url": "https://www.eventbrite.com/e/123456789",
        "unsubscribe": opt_out_url(NOBODY),
    }


def email_of(letter: Letter, address: str) -> EmailMultiAlternatives:
    """The e-mail: plain text with an HTML version, and unsubscribing by one click.

    Source: https://www.rfc-editor.org/rfc/rfc8058
    """
    host = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].strip("> ") or "localhost"
    mail = EmailMultiAlternatives(
        subject=letter.subject,
        body=letter.text,
        to=[address],
        headers={
            "List-Unsubscribe": f"<{letter.unsubscribe}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            "Auto-Submitted": "auto-generated",
            "Message-ID": make_msgid(domain=host),
        },
    )
    page = render_to_string("customers/follow_up_mail.html", {"letter": letter})
    mail.attach_alternative(page, "text/html")
    return mail


def _of_event(event: Event) -> Values:
    since = timezone.localdate() - event.starts_on
    return {
        "show": event.name,
        "venue": event.venue.name if event.venue else "",
        "date": _day(event.starts_on),
        "days_since": str(max(0, since.days)),
    }


def _of_next(show: Event | None) -> Values:
    return {
        "next_show": show.name if show else "",
        "next_show_date": _day(show.starts_on) if show else "",
        "next_show_venue": show.venue.name if show and show.venue else "",
        "next_show_url": show.url if show else "",
    }


def _day(day: date) -> str:
    return f"{day:%A %-d %B %Y}"
