"""The way to the mail server, and what its answers mean for a message."""

import smtplib
from types import TracebackType
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import BadHeaderError, get_connection

from customers.models import FollowUpMessage
from customers.services.followups.facts import Facts
from customers.services.followups.letters import email_of, values_for, write_letter

NO_ADDRESS = "Set NOVA_PUBLIC_URL first: the link to unsubscribe leads there."
_FINE, _GOING = 250, 421


class MailRefused(Exception):
    """This message cannot go out; the others can. Nothing in the words tells of the person."""

    def __init__(self, words: str, *, is_for_now: bool = False) -> None:
        super().__init__(words)
        self.is_for_now = is_for_now


class PostClosed(Exception):
    """Nothing can go out at present. `is_unsent`: the message at hand has surely not."""

    def __init__(self, words: str, *, is_unsent: bool) -> None:
        super().__init__(words)
        self.is_unsent = is_unsent


class Post:
    """One connection for all messages of a run, opened with the first one."""

    def __init__(self) -> None:
        self._connection: Any = None

    def __enter__(self) -> "Post":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._connection is not None:
            self._connection.close()

    def open(self) -> None:
        """Makes sure that the server listens, before a message is taken up.

        Raises PostClosed: the mail server does not answer, or refuses the log-in; or nobody could
        unsubscribe, because Nova does not know its own address.
        """
        if self._connection is not None and self._listens():
            return
        if not settings.NOVA_PUBLIC_URL:
            raise PostClosed(NO_ADDRESS, is_unsent=True)
        connection = get_connection()
        try:
            connection.open()
        except (OSError, smtplib.SMTPException) as error:
            raise PostClosed(_closed(error), is_unsent=True) from error
        self._connection = connection

    def _listens(self) -> bool:
        """Servers hang up after a while or after so many messages; then a new call is made."""
        smtp = getattr(self._connection, "connection", None)
        if not isinstance(smtp, smtplib.SMTP):
            return True
        try:
            return bool(smtp.noop()[0] == _FINE)
        except (OSError, smtplib.SMTPException):
            self._connection.close()
            return False

    def deliver(self, message: FollowUpMessage, facts: Facts) -> None:
        """Writes the message and gives it to the mail server, once.

        Raises MailRefused and PostClosed.
        """
        customer, event = facts.people[message.customer_id], facts.events[message.event_id]
        try:
            letter = write_letter(message.follow_up, values_for(customer, event, facts))
            mail = email_of(letter, facts.addresses[customer.pk])
            mail.message()
        except (ValidationError, BadHeaderError, ValueError) as error:
            raise MailRefused("The text cannot be written: see the preview.") from error
        self.give(mail)

    def give(self, mail: Any) -> None:
        """Raises MailRefused and PostClosed."""
        try:
            self._connection.send_messages([mail])
        except smtplib.SMTPServerDisconnected as error:
            raise PostClosed(_closed(error), is_unsent=False) from error
        except smtplib.SMTPSenderRefused as error:
            words = f"The mail server refuses the sender’s address ({error.smtp_code})."
            raise PostClosed(words, is_unsent=True) from error
        except smtplib.SMTPRecipientsRefused as error:
            code = next((code for code, _ in error.recipients.values()), 0)
            raise _refused("the address", code) from error
        except smtplib.SMTPResponseException as error:
            raise _refused("the message", error.smtp_code) from error
        except smtplib.SMTPException as error:
            raise MailRefused(
                f"The mail server cannot take it ({type(error).__name__})."
            ) from error
        except OSError as error:
            raise PostClosed(_closed(error), is_unsent=False) from error


def _refused(what: str, code: int) -> MailRefused | PostClosed:
    if code == _GOING:
        return PostClosed("The mail server ends the connection (421).", is_unsent=True)
    return MailRefused(f"The mail server refuses {what} ({code}).", is_for_now=400 <= code < 500)


def _closed(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return "The mail server refuses user name or password. Check EMAIL_URL."
    return f"The mail server does not answer ({type(error).__name__}). Check EMAIL_URL."
