"""A chat by Flask-SocketIO: what one says all hear. Prints its address."""

from gevent import monkey

monkey.patch_all()

import socket  # noqa: E402

from flask import Flask  # noqa: E402
from flask_socketio import SocketIO, emit  # noqa: E402

app = Flask(__name__)
chat = SocketIO(app, async_mode="gevent", cors_allowed_origins="*")


@chat.on("say")
def say(text):
    emit("said", text, broadcast=True)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


if __name__ == "__main__":
    from gevent import pywsgi
    from geventwebsocket.handler import WebSocketHandler

    server = pywsgi.WSGIServer(("127.0.0.1", free_port()), app, handler_class=WebSocketHandler, log=None)
    server.start()
    print(f"127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()
