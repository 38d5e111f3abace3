# SPDX-License-Identifier: MIT
"""A Flask application, for `flask run`: Flask's development server, a thread a request."""
import flask

import gpu

app = flask.Flask(__name__)


@app.route("/")
def answer():
    return flask.Response(gpu.answer(), mimetype="text/plain")
