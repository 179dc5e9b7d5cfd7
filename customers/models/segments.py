"""Segments: who came lately, who comes often, who spends much, by bands that staff set.

Recency, frequency and monetary value (RFM) are scored from 1 to 5 by fixed bands, so that a
person's score moves only when the person does something, or nothing for too long.
"""

from datetime import date, timedelta
from decimal import Decimal

from django.db import models
from django.db.models import Case, F, Q, Value, When
from simple_history.models import HistoricalRecords

from nova_project.models import Timestamped
from nova_project.money import MoneyField, company_currency, format_money

SCORES = (5, 4, 3, 2, 1)


class Segment(models.TextChoices):
    CHAMPIONS = "champions", "Champions"
    LOYAL = "loyal", "Loyal"
    BIG_SPENDERS = "big_spenders", "Big spenders"
    NEW = "new", "New"
    PROMISING = "promising", "Promising"
    AT_RISK = "at_risk", "At risk"
    LAPSED = "lapsed", "Lapsed"


class SegmentBands(Timestamped):
    """From where each score begins. There is one row.

    Recency: at most so many days since the last booked event; a show to come counts as today.
    Frequency: at least so many booked events. Monetary: a total spend of at least so much, in the
    company's currency. What reaches no band scores 1.
    """

    recency_5 = models.PositiveIntegerField("5: at most", default=30)
    recency_4 = models.PositiveIntegerField("4: at most", default=90)
    recency_3 = models.PositiveIntegerField("3: at most", default=180)
    recency_2 = models.PositiveIntegerField("2: at most", default=365)
    frequency_5 = models.PositiveIntegerField("5: from", default=8)
    frequency_4 = models.PositiveIntegerField("4: from", default=5)
    frequency_3 = models.PositiveIntegerField("3: from", default=3)
    frequency_2 = models.PositiveIntegerField("2: from", default=2)
    monetary_5 = MoneyField("5: from", default=Decimal(500))
    monetary_4 = MoneyField("4: from", default=Decimal(250))
    monetary_3 = MoneyField("3: from", default=Decimal(100))
    monetary_2 = MoneyField("2: from", default=Decimal(50))
    history = HistoricalRecords()

    class Meta:
        verbose_name = "set of segment bands"
        verbose_name_plural = "segment bands"
        constraints = [
            models.CheckConstraint(
                name="customers_segmentbands_one_row",
                condition=Q(pk=1),
                violation_error_message="There is one set of bands only.",
            ),
            models.CheckConstraint(
                name="customers_segmentbands_recency_ordered",
                condition=Q(
                    recency_5__lt=F("recency_4"),
                    recency_4__lt=F("recency_3"),
                    recency_3__lt=F("recency_2"),
                ),
                violation_error_message="Recency: the higher the score, the fewer the days.",
            ),
            models.CheckConstraint(
                name="customers_segmentbands_frequency_ordered",
                condition=Q(
                    frequency_2__gt=1,
                    frequency_3__gt=F("frequency_2"),
                    frequency_4__gt=F("frequency_3"),
                    frequency_5__gt=F("frequency_4"),
                ),
                violation_error_message="Frequency: the higher the score, the more the events; "
                "score 2 begins at 2 events or later.",
            ),
            models.CheckConstraint(
                name="customers_segmentbands_monetary_ordered",
                condition=Q(
                    monetary_2__gt=0,
                    monetary_3__gt=F("monetary_2"),
                    monetary_4__gt=F("monetary_3"),
                    monetary_5__gt=F("monetary_4"),
                ),
                violation_error_message="Spend: the higher the score, the larger the amount; "
                "score 2 begins above nothing.",
            ),
        ]

    def __str__(self) -> str:
        return "Segment bands"

    @property
    def currency(self) -> str:
        """Spend is that in the company's currency only."""
        return company_currency()

    @classmethod
    def current(cls) -> "SegmentBands":
        """Those in force; the usual ones where nobody has set any. One query."""
        return cls.objects.first() or cls()

    def at_least(self, today: date, **scores: int) -> Q:
        """Customers whose `recency`, `frequency` and `monetary` scores are at least these."""
        found = Q()
        for measure, score in scores.items():
            bound = getattr(self, f"{measure}_{score}")
            if measure == "recency":
                found &= Q(last_event_on__gte=today - timedelta(days=bound))
            else:
                found &= Q(**{f"{_COLUMNS[measure]}__gte": bound})
        return found

    def score(self, measure: str, today: date) -> Case:
        """For an annotation of customers who booked something: their score of the measure."""
        bands = [
            When(self.at_least(today, **{measure: score}), then=Value(score))
            for score in SCORES[:-1]
        ]
        return Case(*bands, default=Value(1), output_field=models.IntegerField())

    def segment(self, today: date) -> Case:
        """For an annotation of customers: their segment, null without a booked event."""

        def least(**scores: int) -> Q:
            return self.at_least(today, **scores)

        rules = (
            (Q(events_booked=0), None),
            (least(recency=4, frequency=4, monetary=4), Segment.CHAMPIONS),
            (least(recency=3, frequency=3), Segment.LOYAL),
            (least(recency=3, monetary=4), Segment.BIG_SPENDERS),
            (least(recency=4) & ~least(frequency=2), Segment.NEW),
            (least(recency=3), Segment.PROMISING),
            (least(frequency=3) | least(monetary=4), Segment.AT_RISK),
        )
        return Case(
            *(When(rule, then=Value(segment and str(segment))) for rule, segment in rules),
            default=Value(str(Segment.LAPSED)),
            output_field=models.CharField(),
        )

    def definition(self, segment: str) -> str:
        """Who belongs to a segment, in words. The first that fits is a person's."""
        lately = f"Came in the last {self.recency_3} days"
        once = "to one show" if self.frequency_2 == 2 else f"to fewer than {self.frequency_2} shows"
        worth = format_money(self.monetary_4, self.currency)
        return {
            Segment.CHAMPIONS: f"Came in the last {self.recency_4} days, to {self.frequency_4} "
            f"shows or more in all, and spent {worth} or more.",
            Segment.LOYAL: f"{lately}, to {self.frequency_3} shows or more in all.",
            Segment.BIG_SPENDERS: f"{lately}, to fewer shows, and spent {worth} or more.",
            Segment.NEW: f"Came in the last {self.recency_4} days, {once} in all.",
            Segment.PROMISING: f"{lately}, and is in none of the segments above.",
            Segment.AT_RISK: f"Came to {self.frequency_3} shows or more or spent {worth} or more, "
            f"but not in the last {self.recency_3} days.",
            Segment.LAPSED: f"Came to fewer shows and spent less, and not in the last "
            f"{self.recency_3} days.",
        }[Segment(segment)]


_COLUMNS = {"frequency": "events_booked", "monetary": "total_spend"}
MEASURES = ("recency", "frequency", "monetary")
