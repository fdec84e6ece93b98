"""GStreamer's RTSP server, with a ball that bounces live and a clip if one is named.

Prints `listening PORT`, then each method that a client asks for, as `TEARDOWN /ball`.
"""

import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402

BALL = (
    "( videotestsrc is-live=true pattern=ball"
    " ! video/x-raw,format=I420,width=320,height=240,framerate=25/1"
    " ! jpegenc ! rtpjpegpay name=pay0 pt=26 )"
)
CLIP = "( filesrc location={} ! avidemux ! rtpjpegpay name=pay0 pt=26 )"
METHODS = ("describe", "setup", "play", "pause", "teardown")


def say(method):
    return lambda _, context: print(method.upper(), context.uri.abspath, flush=True)


def watch(_, client):
    for method in METHODS:
        client.connect(f"{method}-request", say(method))


def mount(server, path, launch):
    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_launch(launch)
    server.get_mount_points().add_factory(path, factory)


Gst.init(None)
server = GstRtspServer.RTSPServer()
server.set_address("127.0.0.1")
server.set_service("0")
server.connect("client-connected", watch)
mount(server, "/ball", BALL)
if len(sys.argv) > 1:
    mount(server, "/clip", CLIP.format(sys.argv[1]))
server.attach(None)
print("listening", server.get_bound_port(), flush=True)
GLib.MainLoop().run()
