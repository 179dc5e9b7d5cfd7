"""Every setting of Nova, read from the environment or from `.env` beside manage.py.

Each variable is documented in `.env.example` and in README. Everything has a default that works
while DEBUG is on; without DEBUG, `manage.py check --deploy` names what is missing.
"""

from pathlib import Path
from typing import Any

import environ
from django.urls import reverse_lazy

from nova_project.logs import logging_config

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
_env_file = env.str("NOVA_ENV_FILE", ".env")
if _env_file:
    env.read_env(BASE_DIR / _env_file)

# Everything that Nova writes to disk: database, broker folders, locks, uploads.
VAR_DIR = BASE_DIR / env.str("NOVA_VAR_DIR", "var")
VAR_DIR.mkdir(parents=True, exist_ok=True)

# --- Security -------------------------------------------------------------------------------
DEBUG = env.bool("DEBUG", False)
_INSECURE_KEY = "insecure-key-for-a-laptop-only-never-for-a-server-0123456789"
SECRET_KEY = env.str("SECRET_KEY", "") or _INSECURE_KEY
SECRET_KEY_IS_DEFAULT = SECRET_KEY == _INSECURE_KEY
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
_over_https = not DEBUG and not env.bool("NOVA_INSECURE_HTTP", False)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = _over_https
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
SECURE_HSTS_SECONDS = 31_536_000 if _over_https else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = _over_https
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _over_https
SESSION_COOKIE_AGE = 12 * 3600
X_FRAME_OPTIONS = "DENY"
_SELF = "'self'"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [_SELF],
        # Alpine, which Unfold is built on, evaluates expressions; it needs unsafe-eval.
        "script-src": [_SELF, "'unsafe-eval'"],
        "style-src": [_SELF, "'unsafe-inline'"],
        "img-src": [_SELF, "data:"],
        "font-src": [_SELF, "data:"],
        "frame-ancestors": ["'none'"],
        "form-action": [_SELF],
        "base-uri": [_SELF],
        "object-src": ["'none'"],
    }
}

# --- Application ----------------------------------------------------------------------------
INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "unfold.contrib.inlines",
    "unfold.contrib.import_export",
    "unfold.contrib.simple_history",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "import_export",
    "simple_history",
    "django_celery_beat",
    "django_structlog",
    "ninja",
    "nova_project",
    "events",
    "customers",
    "finance",
    "integrations",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
]
ROOT_URLCONF = "nova_project.urls"
WSGI_APPLICATION = "nova_project.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "nova_project" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = reverse_lazy("admin:login")
LOGIN_REDIRECT_URL = reverse_lazy("admin:index")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# SQLite leaves out the extra columns of covering indexes; PostgreSQL uses them.
SILENCED_SYSTEM_CHECKS = ["models.W040"]
DATA_UPLOAD_MAX_MEMORY_SIZE = 20 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5_000

# --- Database -------------------------------------------------------------------------------
DATABASES: dict[str, dict[str, Any]] = {
    "default": env.db("DATABASE_URL", default=f"sqlite:///{VAR_DIR / 'nova.sqlite3'}")
}
_database = DATABASES["default"]
if _database["ENGINE"] == "django.db.backends.sqlite3":
    # Readers and writers of several processes share one file: write-ahead log, and a write
    # transaction takes its lock at once, so it waits its turn and does not fail half-way.
    _database["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;"
        "PRAGMA cache_size=-20000;",
    }
else:
    _database["CONN_HEALTH_CHECKS"] = True
    # Compiling a statement pays where it runs for seconds; ours would wait longer than they run.
    # Source: PostgreSQL manual, “When to JIT?”.
    _database.setdefault("OPTIONS", {}).setdefault("options", "-c jit=off")
_database.setdefault("CONN_MAX_AGE", 60)  # to open one costs as much as a whole request

# --- Redis, cache, Celery -------------------------------------------------------------------
REDIS_URL = env.str("REDIS_URL", "")
if REDIS_URL:
    CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": REDIS_URL,
            "KEY_PREFIX": "nova",
        }
    }
NOVA_TRUST_SECONDS = env.int("NOVA_TRUST_SECONDS", 60)
CELERY_BROKER_URL = env.str("CELERY_BROKER_URL", "") or REDIS_URL or "filesystem://localhost"
if CELERY_BROKER_URL.startswith("filesystem"):
    _broker = VAR_DIR / "broker"
    for _folder in ("messages", "processed", "control"):
        (_broker / _folder).mkdir(parents=True, exist_ok=True)
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(_broker / "messages"),
        "data_folder_out": str(_broker / "messages"),
        "processed_folder": str(_broker / "processed"),
        "control_folder": str(_broker / "control"),
        "store_processed": False,
    }
else:
    # Whoever queues work in a request hears at once that the broker is away: sweeps find the rows.
    CELERY_BROKER_TRANSPORT_OPTIONS = {"max_retries": 0, "socket_connect_timeout": 2}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = 6 * 3600
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
CELERY_BEAT_MAX_LOOP_INTERVAL = 5

# --- Files, mail, language, time ------------------------------------------------------------
STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
MEDIA_ROOT = VAR_DIR / "media"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
vars().update(env.email("EMAIL_URL", default="consolemail://"))
EMAIL_TIMEOUT = 30
# From whom e-mails come. A name may stand before the address: The House <hello@example.org>
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", "") or "nova@localhost"
LANGUAGE_CODE = "en-gb"
USE_I18N = True
USE_TZ = True
TIME_ZONE = env.str("TIME_ZONE", "Europe/Berlin")
USE_THOUSAND_SEPARATOR = True
FORMAT_MODULE_PATH = ["nova_project.formats"]

# --- The organiser's rules ------------------------------------------------------------------
NOVA_CURRENCY = env.str("NOVA_CURRENCY", "EUR").upper()
NOVA_VIP_EVENTS = env.int("NOVA_VIP_EVENTS", 5)
NOVA_VIP_SPEND = env.int("NOVA_VIP_SPEND", 500)
NOVA_ATTRIBUTION_DAYS = env.int("NOVA_ATTRIBUTION_DAYS", 90)
# Eventbrite starts to pay out so many days after a show, and money is late after so many.
NOVA_PAYOUT_DAYS = env.int("NOVA_PAYOUT_DAYS", 3)
NOVA_PAYOUT_LATE_DAYS = env.int("NOVA_PAYOUT_LATE_DAYS", 14)
# Does Eventbrite pay the tax to the state, or the organiser from what is paid out?
NOVA_EVENTBRITE_REMITS_TAX = env.bool("NOVA_EVENTBRITE_REMITS_TAX", True)
# So long the bodies of webhooks may tell of people.
NOVA_RETENTION_DAYS = env.int("NOVA_RETENTION_DAYS", 30)

# --- The systems that Nova is in step with --------------------------------------------------
# The address that the world knows, where a proxy does not hand on the Host that it was asked for.
NOVA_PUBLIC_URL = env.str("NOVA_PUBLIC_URL", "").rstrip("/")
# Calls that a user or a token may make of the API each minute.
NOVA_API_CALLS_PER_MINUTE = env.int("NOVA_API_CALLS_PER_MINUTE", 120)
# The number in the addresses of HubSpot's pages; with it Nova links to records there.
HUBSPOT_PORTAL_ID = env.str("HUBSPOT_PORTAL_ID", "")
HUBSPOT_ACCESS_TOKEN = env.str("HUBSPOT_ACCESS_TOKEN", "")
HUBSPOT_BASE_URL = env.str("HUBSPOT_BASE_URL", "https://api.hubapi.com").rstrip("/")
HUBSPOT_CLIENT_SECRET = env.str("HUBSPOT_CLIENT_SECRET", "")
HUBSPOT_TIER = env.str("HUBSPOT_TIER", "free")
HUBSPOT_API_VERSION = env.str("HUBSPOT_API_VERSION", "v3")
HUBSPOT_WRITE_MODE = env.str("HUBSPOT_WRITE_MODE", "off")
HUBSPOT_DEALS = env.str("HUBSPOT_DEALS", "expenses")
HUBSPOT_MAX_NEW_CONTACTS = env.int("HUBSPOT_MAX_NEW_CONTACTS", 500)
HUBSPOT_LEAD_SCORES = env.bool("HUBSPOT_LEAD_SCORES", False)
HUBSPOT_EVENTS = env.str("HUBSPOT_EVENTS", "off")
EVENTBRITE_TOKEN = env.str("EVENTBRITE_TOKEN", "")
EVENTBRITE_BASE_URL = env.str("EVENTBRITE_BASE_URL", "https://www.eventbriteapi.com").rstrip("/")
EVENTBRITE_CALLS_PER_HOUR = env.int("EVENTBRITE_CALLS_PER_HOUR", 1_000)
EVENTBRITE_WEBHOOK_SECRET = env.str("EVENTBRITE_WEBHOOK_SECRET", "")

# --- Import, export, history ----------------------------------------------------------------
IMPORT_EXPORT_USE_TRANSACTIONS = True
SIMPLE_HISTORY_HISTORY_ID_USE_UUID = False
SIMPLE_HISTORY_REVERT_DISABLED = True

# --- Logs -----------------------------------------------------------------------------------
LOGGING = logging_config(level=env.str("LOG_LEVEL", "INFO"))
LOGGING_CONFIG = "logging.config.dictConfig"
DJANGO_STRUCTLOG_CELERY_ENABLED = True
DJANGO_STRUCTLOG_USER_ID_FIELD = "pk"

# --- Admin theme ----------------------------------------------------------------------------
UNFOLD = {
    "SITE_TITLE": "Nova Analytics",
    "SITE_HEADER": "Nova Analytics",
    "SITE_SUBHEADER": "Back office for live shows",
    "SITE_SYMBOL": "confirmation_number",
    "SITE_URL": None,
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": "nova_project.admin.favicon"}
    ],
    "COLORS": {
        "primary": {
            "50": "oklch(97.5% .014 195)",
            "100": "oklch(94.5% .03 195)",
            "200": "oklch(89% .055 195)",
            "300": "oklch(81% .085 195)",
            "400": "oklch(71% .1 195)",
            "500": "oklch(60% .1 195)",
            "600": "oklch(50% .085 195)",
            "700": "oklch(44% .075 195)",
            "800": "oklch(38% .064 195)",
            "900": "oklch(33% .054 195)",
            "950": "oklch(24% .04 195)",
        }
    },
    "SHOW_BACK_BUTTON": True,
    "STYLES": ["nova_project.admin.stylesheet"],
    "SCRIPTS": ["nova_project.admin.script"],
    "DASHBOARD_CALLBACK": "integrations.home.dashboard",
    "SIDEBAR": {
        "show_search": True,
        "command_search": False,
        "navigation": "nova_project.navigation.sidebar",
    },
}
