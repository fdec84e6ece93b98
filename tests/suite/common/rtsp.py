"""GStreamer's RTSP server with a moving picture at /live, for a test.

Arguments: PORT (0 for any) and `udp`, `tcp` (UDP refused), `raw` (no JPEG), or `basic` or `digest` (of the user `me`
with the password `s:e c"r#t`). Prints the port once it listens, then `play` and `teardown` for each request of that
kind.
"""

import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer

port, way = sys.argv[1:]
Gst.init(None)
raw = "videotestsrc is-live=true pattern=ball ! video/x-raw,width=320,height=240,framerate=25/1,format=I420"
encoded = "jpegenc quality=80 ! rtpjpegpay name=pay0 pt=26"
if way == "raw":
    encoded = "rtpvrawpay name=pay0 pt=96"
server = GstRtspServer.RTSPServer()
server.set_address("127.0.0.1")
server.set_service(port)
factory = GstRtspServer.RTSPMediaFactory()
factory.set_launch(f"( {raw} ! {encoded} )")
factory.set_shared(True)
if way == "tcp":
    factory.set_protocols(GstRtsp.RTSPLowerTrans.TCP)
server.get_mount_points().add_factory("/live", factory)
if way in ("basic", "digest"):
    password = 's:e c"r#t'
    auth = GstRtspServer.RTSPAuth()
    token = GstRtspServer.RTSPToken()
    token.set_string(GstRtspServer.RTSP_TOKEN_MEDIA_FACTORY_ROLE, "user")
    if way == "digest":
        auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
        auth.add_digest("me", password, token)
    else:
        auth.add_basic(GstRtspServer.RTSPAuth.make_basic("me", password), token)
    server.set_auth(auth)
    permissions = GstRtspServer.RTSPPermissions()
    for what in (GstRtspServer.RTSP_PERM_MEDIA_FACTORY_ACCESS, GstRtspServer.RTSP_PERM_MEDIA_FACTORY_CONSTRUCT):
        permissions.add_permission_for_role("user", what, True)
    factory.set_permissions(permissions)


def connected(_server, client):
    client.connect("play-request", lambda *_: print("play", flush=True))
    client.connect("teardown-request", lambda *_: print("teardown", flush=True))


server.connect("client-connected", connected)
if not server.attach(None):
    sys.exit(f"port {port} cannot be listened on")
print(server.get_bound_port(), flush=True)
GLib.MainLoop().run()
