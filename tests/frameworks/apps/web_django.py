# SPDX-License-Identifier: MIT
"""A Django project in one file: `manage.py`, `app` for ASGI servers and `wsgi` for others."""
import sys

import django
from django.conf import settings
from django.core import management
from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.urls import path

import gpu

urlpatterns = [path("", lambda request: HttpResponse(gpu.answer(), content_type="text/plain"))]
if not settings.configured:
    settings.configure(DEBUG=True, ALLOWED_HOSTS=["*"], ROOT_URLCONF="web_django", SECRET_KEY="for tests alone")

if __name__ == "__main__":
    management.execute_from_command_line(sys.argv)
else:
    django.setup()
    app, wsgi = get_asgi_application(), get_wsgi_application()
