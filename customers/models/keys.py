"""By what two rows may be one person: what an address and a number come down to, in the database.

The expressions are indexed (see Meta of EmailAddress and Customer) and hold no parameters, so that
SQLite and PostgreSQL find the index. Whoever changes them gives the indexes new names.
"""

from typing import Any

from django.db.models import CharField, Func

MISTYPED = {
    "gmail.com": "gmial.com gmal.com gmil.com gmaill.com gamil.com gnail.com gmai.com gmail.co "
    "gmail.con gmail.cm gmail.om gmailcom.com",
    "hotmail.com": "hotmial.com hotmal.com hotmai.com hotmil.com hotmail.co hotmail.con",
    "outlook.com": "outlok.com outloo.com outlook.co outlook.con",
    "yahoo.com": "yaho.com yahooo.com yhaoo.com yahoo.co yahoo.con",
    "icloud.com": "iclod.com icoud.com iclou.com icloud.co icloud.con",
    "gmx.de": "gmx.ed gmxx.de",
    "web.de": "wbe.de webb.de",
    "t-online.de": "tonline.de t-onlin.de",
}
"""Common domains, and how they are mistyped."""
CORRECTED = {wrong: right for right, several in MISTYPED.items() for wrong in several.split()}
SAME_DOMAINS = {"googlemail.com": "gmail.com"}
"""Domains of the same mailboxes."""
_DOMAINS = CORRECTED | SAME_DOMAINS
_DOTLESS = sorted(
    {"gmail.com"} | {name for name, right in _DOMAINS.items() if right == "gmail.com"}
)
_SEPARATORS = " -()/.+"
_TAIL, _SHORTEST = 8, 7

Sql = tuple[str, tuple[str | int, ...]]


def address_key(address: str) -> str:
    """The mailbox that an address means: without a +tag, at Gmail without dots, the domain as it
    was meant. The same as AddressKey computes in the database."""
    local, _, domain = address.partition("@")
    if local.find("+") > 0:
        local = local[: local.find("+")]
    if domain in _DOTLESS:
        local = local.replace(".", "")
    return f"{local}@{_DOMAINS.get(domain, domain)}"


def name_phone_keys(first_name: str, last_name: str, phone: str) -> set[str]:
    """As NamePhoneKey: in both spellings that a database may use, for SQLite's LOWER knows ASCII
    alone. None where name or number say too little."""
    digits = phone.translate(dict.fromkeys(map(ord, _SEPARATORS)))
    if not first_name or not last_name or len(digits) < _SHORTEST:
        return set()
    name = f"{first_name} {last_name}"
    ascii_lower = "".join(c.lower() if c.isascii() else c for c in name)
    return {f"{spelt} {digits[-_TAIL:]}" for spelt in (name.lower(), ascii_lower)}


class AddressKey(Func):
    """`AddressKey("address")`: the mailbox that an address in small letters means."""

    output_field = CharField()

    def as_sql(self, compiler: Any, connection: Any, *_: Any, **__: Any) -> Sql:
        address = compiler.compile(self.get_source_expressions()[0])[0]
        find = "strpos" if connection.vendor == "postgresql" else "instr"
        local = f"substr({address}, 1, {find}({address}, '@') - 1)"
        domain = f"substr({address}, {find}({address}, '@') + 1)"
        base = (
            f"CASE WHEN {find}({local}, '+') > 1 "
            f"THEN substr({local}, 1, {find}({local}, '+') - 1) ELSE {local} END"
        )
        dotless = ", ".join(f"'{name}'" for name in _DOTLESS)
        meant = " ".join(f"WHEN '{wrong}' THEN '{right}'" for wrong, right in _DOMAINS.items())
        sql = (
            f"(CASE WHEN {domain} IN ({dotless}) THEN replace({base}, '.', '') ELSE {base} END"
            f" || '@' || CASE {domain} {meant} ELSE {domain} END)"
        )
        return sql, ()


class NamePhoneKey(Func):
    """`NamePhoneKey("first_name", "last_name", "phone")`: the name in small letters, and the last
    digits of the number; NULL where either is missing. Whether two numbers that end alike are one
    is for `phonenumbers` to say."""

    output_field = CharField()

    def as_sql(self, compiler: Any, connection: Any, *_: Any, **__: Any) -> Sql:
        first, last, phone = (compiler.compile(e)[0] for e in self.get_source_expressions())
        digits = phone
        for sign in _SEPARATORS:
            digits = f"replace({digits}, '{sign}', '')"
        tail = f"substr({digits}, CASE WHEN length({digits}) > {_TAIL} "
        tail += f"THEN length({digits}) - {_TAIL - 1} ELSE 1 END)"
        return (
            f"(CASE WHEN {first} <> '' AND {last} <> '' AND length({digits}) >= {_SHORTEST} "
            f"THEN lower({first}) || ' ' || lower({last}) || ' ' || {tail} END)"
        ), ()
