"""What a run of HubSpot may be asked to do, as commands, the API and the row of the run say it."""

from dataclasses import dataclass, fields

_NAME = "sync_hubspot"


@dataclass(frozen=True, slots=True)
class SyncOptions:
    """The flags of `sync_hubspot`. Raises ValueError: two of them contradict each other."""

    pull_only: bool = False
    dry_run: bool = False
    apply: bool = False
    full: bool = False

    def __post_init__(self) -> None:
        if self.apply and (self.dry_run or self.pull_only):
            raise ValueError("--apply writes; --dry-run and --pull-only do not.")

    @property
    def command(self) -> str:
        """As it is typed: sync_hubspot --dry-run. What goes without saying is left out."""
        said = [f for f in fields(self) if getattr(self, f.name)]
        if self.pull_only:  # it writes nothing either, and a run keeps 40 characters
            said = [f for f in said if f.name != "dry_run"]
        return " ".join([_NAME, *(f"--{f.name.replace('_', '-')}" for f in said)])

    @classmethod
    def of_command(cls, command: str) -> "SyncOptions | None":
        """The flags of such a command; None where it is another."""
        name, *flags = command.split()
        known = {f"--{f.name.replace('_', '-')}": f.name for f in fields(cls)}
        if name != _NAME or not known.keys() >= set(flags):
            return None
        return cls(**{known[flag]: True for flag in flags})
