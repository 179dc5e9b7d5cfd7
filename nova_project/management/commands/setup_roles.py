from nova_project.commands import NovaCommand
from nova_project.roles import ROLES, set_up_roles


class Command(NovaCommand):
    help = "Makes the roles of the staff, and puts their rights right. Safe to run again."

    def handle(self, *args, **options):
        changes = set_up_roles()
        if options["json"]:
            self.report(changes, title="Roles", as_json=True)
            return
        for role in ROLES:
            self.stdout.write(f"{role.name}: {role.purpose}")
            for change in changes[role.name] or ["nothing to change"]:
                self.stdout.write(f"  {change}")
