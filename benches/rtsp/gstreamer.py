"""GStreamer's RTSP server with the bench's pictures, one pipeline for all who watch.

Prints the port that it listens at.
"""

import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer

Gst.init(None)
if Gst.ElementFactory.find("jpegparse") is None:
    sys.exit("jpegparse is missing: gstreamer1.0-plugins-bad has it")
server = GstRtspServer.RTSPServer()
server.set_address("127.0.0.1")
server.set_service("0")
factory = GstRtspServer.RTSPMediaFactory()
factory.set_shared(True)
factory.set_launch(
    f"( multifilesrc location={sys.argv[1]}/%05d.jpg loop=true caps=image/jpeg,framerate=30/1 "
    "! identity sleep-time=33000 ! jpegparse ! rtpjpegpay name=pay0 pt=26 )"
)
server.get_mount_points().add_factory("/live", factory)
server.attach(None)
print(server.get_bound_port(), flush=True)
GLib.MainLoop().run()
