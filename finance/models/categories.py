"""What costs are for."""

from django.db import models


class Category(models.TextChoices):
    ROOM_RENTAL = "room_rental", "Room rental"
    MARKETING = "marketing", "Marketing"
    PRODUCTION = "production", "Production"
    STAFF = "staff", "Staff"


CATEGORIES: tuple[Category, ...] = tuple(Category)
