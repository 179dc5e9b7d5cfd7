"""The one seam to the admin theme: whatever the admin uses of Unfold is reached through here.

An app's `admin.py` takes its base classes, filters, decorators and display functions from this
package, so that a new version of the theme, or another theme, is a change in one place.
"""

from django.contrib.admin import register
from django.http import HttpRequest
from django.templatetags.static import static
from unfold.decorators import action, display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.forms import PaginationInlineFormSet as InlineFormSet
from unfold.views import ChangeList
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget as Checkboxes
from unfold.widgets import UnfoldAdminSelectWidget as Select
from unfold.widgets import UnfoldAdminTextInputWidget as TextInput

from nova_project.admin.cells import (
    badge,
    change_link,
    link,
    list_url,
    money,
    occupancy,
    profit,
)
from nova_project.admin.filters import (
    AutocompleteSelectFilter,
    BooleanRadioFilter,
    ChoicesDropdownFilter,
    DateRangeFilter,
    DropdownFilter,
    MissingFilter,
    RangeNumericFilter,
    RelatedDropdownFilter,
    ValuesFilter,
    day_in,
)
from nova_project.admin.pages import (
    AmountsForm,
    HistoryModelAdmin,
    ModelAdmin,
    OwnedByEventbrite,
    ReadOnlyMixin,
    ReadOnlyModelAdmin,
    StackedInline,
    SuggestingTextInput,
    TabularInline,
    leave_dialog,
)

__all__ = [
    "AdminPasswordChangeForm",
    "AmountsForm",
    "AutocompleteSelectFilter",
    "BooleanRadioFilter",
    "ChangeList",
    "Checkboxes",
    "ChoicesDropdownFilter",
    "DateRangeFilter",
    "DropdownFilter",
    "HistoryModelAdmin",
    "InlineFormSet",
    "MissingFilter",
    "ModelAdmin",
    "OwnedByEventbrite",
    "RangeNumericFilter",
    "ReadOnlyMixin",
    "ReadOnlyModelAdmin",
    "RelatedDropdownFilter",
    "Select",
    "StackedInline",
    "SuggestingTextInput",
    "TabularInline",
    "TextInput",
    "UserChangeForm",
    "UserCreationForm",
    "ValuesFilter",
    "action",
    "badge",
    "change_link",
    "day_in",
    "display",
    "leave_dialog",
    "link",
    "list_url",
    "money",
    "occupancy",
    "profit",
    "register",
]


def stylesheet(request: HttpRequest) -> str:
    """Our own style sheet, on every page of the admin. Settings name this function."""
    return static("nova/nova.css")


def script(request: HttpRequest) -> str:
    """Our own script, on every page of the admin. Settings name this function."""
    return static("nova/nova.js")


def favicon(request: HttpRequest) -> str:
    """The sign of the browser's tab. Settings name this function."""
    return static("nova/favicon.svg")
