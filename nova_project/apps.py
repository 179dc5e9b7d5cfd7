from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class BaseConfig(AppConfig):
    name = "nova_project"
    verbose_name = "Nova"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self):
        from nova_project import checks  # noqa: F401  registers them

        autodiscover_modules("reports")  # registers those of every app, as the admin does its pages
