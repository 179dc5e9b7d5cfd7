"""The one page of Nova that is for customers: they take their consent back."""

from django.core.signing import BadSignature
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from customers.services.followups import opt_out, person_of


@csrf_exempt  # mail programs post here by themselves (RFC 8058); the link proves who is meant
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Asks first; a post does it, from the page's button or from a mail program.

    Looking at the page changes nothing, because programs follow links by themselves. It never says
    who is meant, nor whether they are known.
    """
    try:
        person = person_of(token)
    except BadSignature:
        return _page(request, "wrong", status=404)
    if request.method != "POST":
        return _page(request, "ask")
    if person is not None:
        opt_out(person)
    return _page(request, "done")


def _page(request: HttpRequest, step: str, status: int = 200) -> HttpResponse:
    response = TemplateResponse(
        request, "customers/unsubscribe.html", {"step": step}, status=status
    )
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
