"""Producers: they enter planned costs and budgets, and no others."""

from django.http import HttpRequest

from nova_project.admin import ModelAdmin

PLAN = "finance.plan_expense"


class PlannersToo(ModelAdmin):
    """Lets who may plan expenses add plans, and change what does not count yet."""

    def may_only_plan(self, request: HttpRequest) -> bool:
        """May this person enter plans, but no costs that count?"""
        return not super().has_add_permission(request)

    def has_add_permission(self, request):
        return super().has_add_permission(request) or request.user.has_perm(PLAN)

    def has_change_permission(self, request, obj=None):
        if super().has_change_permission(request, obj):
            return True
        is_plan = obj is not None and not obj.is_counted
        return is_plan and request.user.has_perm(PLAN)
