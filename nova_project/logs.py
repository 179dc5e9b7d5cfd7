"""JSON logs without secrets and without personal data.

Every record passes `mask` before it is written, so a careless log call cannot leak an address,
a token or a phone number.
"""

import re
from collections.abc import MutableMapping
from typing import Any

import structlog

MASK = "[masked]"
_SECRET_KEYS = re.compile(
    r"token|secret|password|authorization|cookie|api_?key|signature|dsn", re.IGNORECASE
)
_PERSONAL_KEYS = re.compile(
    r"^(e?mail|.*_email|.*_emails|(mobile)?phone|.*_phone|first_?name|last_?name|full_?name"
    r"|buyer_name|guest_name|address)$",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"[\w.+%-]+(?:@|%40)[\w-]+(\.[\w-]+)+", re.IGNORECASE)
_PHONE = re.compile(r"(?<![\w.:+-])\+\d[\d ()/.-]{5,}\d(?![\w:])")
_BEARER = re.compile(r"(Bearer\s+)\S+", re.IGNORECASE)
_QUERY_SECRET = re.compile(r"((?:token|secret|key|email)=)[^&\s\"']+", re.IGNORECASE)
_QUERY = re.compile(r"([?&][\w.\[\]%-]+=)[^&\s\"'#]+")
"""What somebody searched for stands in an address, and so does whom the API was asked about."""
_ROW = re.compile(r"(Failing row contains |Key \([^)]*\)=)\(.*\)")
"""PostgreSQL quotes the row that it refuses."""
_API_TOKEN = re.compile(r"\bnova_[0-9a-f]{8}_[\w-]+")
_SECRET_PATH = re.compile(r"(/webhooks/eventbrite/|/unsubscribe/)[^/\s\"']+")


def mask_text(text: str) -> str:
    """`text` with e-mail addresses, phone numbers, bearer tokens and what URLs ask for replaced."""
    text = _BEARER.sub(rf"\1{MASK}", text)
    text = _QUERY_SECRET.sub(rf"\1{MASK}", text)
    text = _API_TOKEN.sub(MASK, text)
    text = _QUERY.sub(rf"\1{MASK}", text)
    text = _ROW.sub(rf"\1{MASK}", text)
    text = _SECRET_PATH.sub(rf"\1{MASK}", text)
    return _PHONE.sub(MASK, _ADDRESS.sub(MASK, text))


def mask_value(key: str, value: Any) -> Any:
    """`value` as it may be written to a log; containers are masked throughout."""
    if _SECRET_KEYS.search(key) or _PERSONAL_KEYS.match(key):
        return MASK if value else value
    if isinstance(value, str):
        return mask_text(value)
    if isinstance(value, dict):
        return {k: mask_value(str(k), v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [mask_value(key, v) for v in value]
    return value


def mask(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A structlog processor: masks every value of the record."""
    return {key: mask_value(key, value) for key, value in event.items()}


_SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.stdlib.PositionalArgumentsFormatter(),
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
    mask,
]


def logging_config(*, level: str) -> dict[str, Any]:
    """Django's LOGGING: one JSON object a line on standard error."""
    structlog.configure(
        processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    formatter = {
        "()": structlog.stdlib.ProcessorFormatter,
        "foreign_pre_chain": _SHARED,
        "processors": [
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            mask,
            structlog.processors.JSONRenderer(),
        ],
    }
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": formatter},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "django": {"level": level},
            "django.server": {"handlers": ["stderr"], "level": level, "propagate": False},
        },
    }
