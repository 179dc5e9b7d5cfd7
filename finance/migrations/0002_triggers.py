"""What the database itself refuses about money, whoever asks.

- A change of a ledger line, of a closed settlement or of its reopening.
- Matches beyond the deposit, or in another currency than its own.
- A change of deposits, matches and expenses that are dated in a locked month.

`create` may run again at any time. SQLite forgets the triggers of a table that a migration makes
anew (an altered column, a new constraint): let such a migration of one of these tables run `drop`
before and `create` after.
"""

from django.db import migrations

APPEND_ONLY = "The ledger is append-only: add a line for the difference."
FROZEN = "A settlement is frozen: reopen it and close the next version."
TOO_MUCH = "Matches cannot exceed their deposit."
OTHER_CURRENCY = "A match is in the currency of its deposit."
LOCKED = "The month is locked: nothing dated in it may change."
NO_MONTH = "A locked month is named by its first day."

UNCHANGEABLE = (
    # table, trigger, function on PostgreSQL, message
    ("finance_ledgerline", "append_only", "finance_ledgerline_refuse", APPEND_ONLY),
    ("finance_settlement", "frozen", "finance_settlement_refuse", FROZEN),
    ("finance_settlementreopening", "frozen", "finance_settlement_refuse", FROZEN),
)

DAY = {"finance_deposit": "booked_on", "finance_expense": "spent_on", "finance_depositmatch": ""}
"""The tables that a lock covers, and their own day; a match has the day of its deposit."""

# An expense may change what is no part of the books: its campaign, a note, its time stamps.
BOOKED = (
    "amount", "currency", "spent_on", "event_id", "category", "status", "basis", "tax_amount",
    "show_type_id", "shared_from", "shared_until", "spread",
)  # fmt: skip

# A locked month refuses a row when it is in: an upsert offers rows that are there already and
# equal, and before the insert they look like new ones.
MOMENTS = {"INSERT": "AFTER", "UPDATE": "BEFORE", "DELETE": "BEFORE"}


def create(apps, schema_editor):
    drop(apps, schema_editor)
    make = _sqlite() if schema_editor.connection.vendor == "sqlite" else _postgresql()
    for statement in make:
        schema_editor.execute(statement, params=None)


def drop(apps, schema_editor):
    is_postgres = schema_editor.connection.vendor == "postgresql"
    names = [(table, name) for table, name, _, _ in UNCHANGEABLE]
    names += [("finance_depositmatch", "within"), ("finance_deposit", "covers")]
    names += [(table, f"locked_{event.lower()}") for table in DAY for event in MOMENTS]
    names += [("finance_lockedmonth", "first_day")]
    for table, name in names:
        on = f" ON {table}" if is_postgres else ""
        schema_editor.execute(f"DROP TRIGGER IF EXISTS {table}_{name}{on}", params=None)
        if not is_postgres:
            schema_editor.execute(f"DROP TRIGGER IF EXISTS {table}_{name}_update", params=None)
    if is_postgres:
        functions = {function for _, _, function, _ in UNCHANGEABLE}
        functions |= {"finance_match_within", "finance_deposit_covers"}
        functions |= {"finance_refuse_locked", "finance_first_day"}
        for name in sorted(functions):
            schema_editor.execute(f"DROP FUNCTION IF EXISTS {name}()", params=None)


# SQLite


def _sqlite():
    for table, name, _, words in UNCHANGEABLE:
        yield (
            f"CREATE TRIGGER {table}_{name} BEFORE UPDATE ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{words}'); END"
        )
    deposit = "(SELECT {} FROM finance_deposit WHERE id = {}.deposit_id)"
    total = "(SELECT SUM(amount) FROM finance_depositmatch WHERE deposit_id = {})"
    for suffix, event in (("", "INSERT"), ("_update", "UPDATE")):
        yield _refusing(
            f"finance_depositmatch_within{suffix}",
            f"AFTER {event} ON finance_depositmatch",
            (f"{deposit.format('currency', 'NEW')} <> NEW.currency", OTHER_CURRENCY),
            (
                f"ROUND(ABS({total.format('NEW.deposit_id')}), 3) > "
                f"ROUND(ABS({deposit.format('amount', 'NEW')}), 3)",
                TOO_MUCH,
            ),
        )
        yield _refusing(
            f"finance_lockedmonth_first_day{suffix}",
            f"BEFORE {event} ON finance_lockedmonth",
            ("NEW.month <> date(NEW.month, 'start of month')", NO_MONTH),
        )
    yield _refusing(
        "finance_deposit_covers",
        "AFTER UPDATE ON finance_deposit",
        (f"ROUND(ABS({total.format('NEW.id')}), 3) > ROUND(ABS(NEW.amount), 3)", TOO_MUCH),
        (
            "EXISTS (SELECT 1 FROM finance_depositmatch "
            "WHERE deposit_id = NEW.id AND currency <> NEW.currency)",
            OTHER_CURRENCY,
        ),
    )
    for table, day in DAY.items():
        for event, sides in (("INSERT", ["NEW"]), ("UPDATE", ["OLD", "NEW"]), ("DELETE", ["OLD"])):
            changed = _changed(table, event, "IS NOT")
            if changed:
                changed = f" AND ({changed})"
            rules = [(_is_locked_sqlite(side, day) + changed, LOCKED) for side in sides]
            when = f"{MOMENTS[event]} {event} ON {table}"
            yield _refusing(f"{table}_locked_{event.lower()}", when, *rules)


def _is_locked_sqlite(side, day):
    own = f"{side}.{day}" if day else f"(SELECT booked_on FROM finance_deposit WHERE id = {side}.deposit_id)"
    return (
        "EXISTS (SELECT 1 FROM finance_lockedmonth WHERE unlocked_at IS NULL "
        f"AND month = date({own}, 'start of month'))"
    )


def _changed(table, event, differs):
    if table != "finance_expense" or event != "UPDATE":
        return ""
    return " OR ".join(f"OLD.{name} {differs} NEW.{name}" for name in BOOKED)


def _refusing(name, when, *rules):
    checks = " ".join(f"SELECT RAISE(ABORT, '{words}') WHERE {rule};" for rule, words in rules)
    return f"CREATE TRIGGER {name} {when} FOR EACH ROW BEGIN {checks} END"


# PostgreSQL


def _postgresql():
    for function, words in dict(row[2:] for row in UNCHANGEABLE).items():
        yield (
            f"CREATE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS $$ "
            f"BEGIN RAISE EXCEPTION '{words}'; END $$"
        )
    for table, name, function, _ in UNCHANGEABLE:
        yield (
            f"CREATE TRIGGER {table}_{name} BEFORE UPDATE ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION {function}()"
        )
    yield f"""
        CREATE FUNCTION finance_match_within() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE whole numeric; code varchar;
        BEGIN
            SELECT amount, currency INTO whole, code FROM finance_deposit
            WHERE id = NEW.deposit_id FOR NO KEY UPDATE;
            IF code <> NEW.currency THEN
                RAISE EXCEPTION '{OTHER_CURRENCY}' USING ERRCODE = 'check_violation';
            END IF;
            IF abs((SELECT SUM(amount) FROM finance_depositmatch WHERE deposit_id = NEW.deposit_id))
                > abs(whole) THEN
                RAISE EXCEPTION '{TOO_MUCH}' USING ERRCODE = 'check_violation';
            END IF;
            RETURN NULL;
        END $$
        """
    yield """
        CREATE TRIGGER finance_depositmatch_within AFTER INSERT OR UPDATE ON finance_depositmatch
        FOR EACH ROW EXECUTE FUNCTION finance_match_within()
        """
    yield f"""
        CREATE FUNCTION finance_deposit_covers() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF EXISTS (SELECT 1 FROM finance_depositmatch
                WHERE deposit_id = NEW.id AND currency <> NEW.currency) THEN
                RAISE EXCEPTION '{OTHER_CURRENCY}' USING ERRCODE = 'check_violation';
            END IF;
            IF abs((SELECT SUM(amount) FROM finance_depositmatch WHERE deposit_id = NEW.id))
                > abs(NEW.amount) THEN
                RAISE EXCEPTION '{TOO_MUCH}' USING ERRCODE = 'check_violation';
            END IF;
            RETURN NULL;
        END $$
        """
    yield """
        CREATE TRIGGER finance_deposit_covers AFTER UPDATE ON finance_deposit
        FOR EACH ROW WHEN (OLD.amount IS DISTINCT FROM NEW.amount
            OR OLD.currency IS DISTINCT FROM NEW.currency)
        EXECUTE FUNCTION finance_deposit_covers()
        """
    yield f"""
        CREATE FUNCTION finance_refuse_locked() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE days date[]; gone jsonb; came jsonb;
        BEGIN
            IF NOT EXISTS (SELECT 1 FROM finance_lockedmonth WHERE unlocked_at IS NULL) THEN
                IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
                RETURN NEW;
            END IF;
            IF TG_OP <> 'INSERT' THEN gone := to_jsonb(OLD); END IF;
            IF TG_OP <> 'DELETE' THEN came := to_jsonb(NEW); END IF;
            IF TG_ARGV[0] = '' THEN
                SELECT array_agg(booked_on) INTO days FROM finance_deposit WHERE id IN
                    ((gone->>'deposit_id')::bigint, (came->>'deposit_id')::bigint);
            ELSE
                days := ARRAY[(gone->>TG_ARGV[0])::date, (came->>TG_ARGV[0])::date];
            END IF;
            IF EXISTS (SELECT 1 FROM finance_lockedmonth WHERE unlocked_at IS NULL
                AND month IN (SELECT date_trunc('month', day)::date FROM unnest(days) AS day)) THEN
                RAISE EXCEPTION '{LOCKED}' USING ERRCODE = 'check_violation';
            END IF;
            IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
            RETURN NEW;
        END $$
        """
    for table, day in DAY.items():
        for event in MOMENTS:
            changed = _changed(table, event, "IS DISTINCT FROM")
            when = f"WHEN ({changed})" if changed else ""
            yield f"""
                CREATE TRIGGER {table}_locked_{event.lower()} {MOMENTS[event]} {event} ON {table}
                FOR EACH ROW {when} EXECUTE FUNCTION finance_refuse_locked('{day}')
                """
    yield f"""
        CREATE FUNCTION finance_first_day() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF NEW.month <> date_trunc('month', NEW.month)::date THEN
                RAISE EXCEPTION '{NO_MONTH}' USING ERRCODE = 'check_violation';
            END IF;
            RETURN NEW;
        END $$
        """
    yield """
        CREATE TRIGGER finance_lockedmonth_first_day BEFORE INSERT OR UPDATE ON finance_lockedmonth
        FOR EACH ROW EXECUTE FUNCTION finance_first_day()
        """


class Migration(migrations.Migration):
    dependencies = [("finance", "0001_initial")]
    operations = [migrations.RunPython(create, drop)]
