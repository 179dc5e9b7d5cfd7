"""What the e-mails of campaigns did, as their sender counts."""

from django.db import models
from django.db.models import Max, OuterRef, Q, Subquery

from customers.models.marketing import Campaign
from nova_project.models import Timestamped


class CampaignEmailStatsQuerySet(models.QuerySet["CampaignEmailStats"]):
    def newest(self) -> "CampaignEmailStatsQuerySet":
        """The last known counts of each e-mail: one row an e-mail."""
        same = CampaignEmailStats.objects.filter(email_id=OuterRef("email_id")).order_by()
        last = same.values("email_id").annotate(last=Max("as_of")).values("last")
        return self.filter(as_of=Subquery(last))


class CampaignEmailStats(Timestamped):
    """The counts of one e-mail as they stood on a day; a new row only for days on which they moved.

    Counts are totals since the e-mail went out: never add up the rows of one e-mail.
    """

    campaign = models.ForeignKey(
        Campaign, on_delete=models.SET_NULL, null=True, blank=True, related_name="email_stats"
    )
    email_id = models.CharField("e-mail id", max_length=64)
    email_name = models.CharField("e-mail", max_length=250)
    published_at = models.DateTimeField("sent out", null=True, blank=True)
    as_of = models.DateField("as of")
    sent = models.PositiveIntegerField(default=0)
    delivered = models.PositiveIntegerField(default=0)
    opened = models.PositiveIntegerField(default=0)
    clicked = models.PositiveIntegerField(default=0)
    bounced = models.PositiveIntegerField(default=0)
    unsubscribed = models.PositiveIntegerField(default=0)

    objects = CampaignEmailStatsQuerySet.as_manager()

    class Meta:
        verbose_name = "campaign e-mail"
        ordering = ["-published_at", "email_id", "-as_of"]
        constraints = [
            models.UniqueConstraint(
                fields=["email_id", "as_of"], name="customers_emailstats_once_a_day"
            ),
            models.CheckConstraint(
                name="customers_emailstats_email_known", condition=~Q(email_id="")
            ),
        ]
        indexes = [models.Index(fields=["campaign", "as_of"], name="customers_emailstats_campaign")]

    def __str__(self) -> str:
        return f"{self.email_name}, {self.as_of:%-d %b %Y}"
