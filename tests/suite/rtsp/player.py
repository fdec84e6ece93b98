"""A player on GStreamer, driven by words from standard input, one a line.

    frames N    takes N frames
    pause       pauses, and takes what had come before
    play        plays on
    seek S      goes to second S
    end C       takes frames until the server has said goodbye and column C or a later one was seen

Prints for each word a line: the word, and for each frame taken the column of its first light pixel
in the first row.
"""

import os
import sys
import threading
import time

import gi

gi.require_version("Gst", "1.0")
from gi.repository import Gst

PATIENCE = 30 * Gst.SECOND
GLANCE = Gst.SECOND // 20

Gst.init(None)
location, protocols = sys.argv[1:]
pipeline = Gst.parse_launch(
    f"rtspsrc name=source location={location} protocols={protocols} latency=100 ! rtpjpegdepay ! jpegdec"
    " ! videoconvert ! video/x-raw,format=GRAY8 ! appsink name=sink sync=false async=false"
)
sink = pipeline.get_by_name("sink")
bus = pipeline.get_bus()
goodbye = threading.Event()


def watch(_, manager):
    manager.connect("on-bye-ssrc", lambda *_: goodbye.set())


pipeline.get_by_name("source").connect("new-manager", watch)


def enter(state, method):
    if pipeline.set_state(state) == Gst.StateChangeReturn.FAILURE:
        fail()
    wait_for(method)


def wait_for(method):
    """Waits until the server has answered a request."""
    kinds = Gst.MessageType.PROGRESS | Gst.MessageType.ERROR
    while message := bus.timed_pop_filtered(PATIENCE, kinds):
        if message.type == Gst.MessageType.ERROR:
            end(f"{message.parse_error()}")
        kind, _, text = message.parse_progress()
        if kind == Gst.ProgressType.COMPLETE and method in text:
            return
    end(f"{method} was not answered")


def fail():
    message = bus.pop_filtered(Gst.MessageType.ERROR)
    end(f"{message.parse_error()}" if message else "nothing came")


def end(words):
    print(words, file=sys.stderr, flush=True)
    leave(1)


def leave(status):
    # Without a way through Gst.State.NULL: where the goodbye comes just as the jitter buffer's own
    # timer for the end runs out, GStreamer 1.22 loses the end, and waits for it for ever.
    sys.stdout.flush()
    os._exit(status)


def take(wait):
    sample = sink.emit("try-pull-sample", wait)
    if sample is None:
        return None
    row = sample.get_buffer().extract_dup(0, 160)
    return next((x for x, light in enumerate(row) if light > 170), -1)


def take_all():
    return iter(lambda: take(0), None)


def take_until_goodbye(column):
    """Takes what comes up to the goodbye, and at least up to this column."""
    seen, late = [], time.monotonic() + PATIENCE / Gst.SECOND
    while not (goodbye.is_set() and seen and seen[-1] >= column):
        if time.monotonic() > late:
            end(f"no end after {seen}, goodbye: {goodbye.is_set()}")
        if (came := take(GLANCE)) is not None:
            seen.append(came)
        elif sink.get_property("eos"):
            break
    return seen + list(take_all())


enter(Gst.State.PLAYING, "PLAY")
for line in sys.stdin:
    word, *number = line.split()
    seen = []
    if word == "frames":
        for _ in range(int(number[0])):
            column = take(PATIENCE)
            if column is None:
                fail()
            seen.append(column)
    elif word == "pause":
        enter(Gst.State.PAUSED, "PAUSE")
        seen.extend(take_all())
    elif word == "play":
        enter(Gst.State.PLAYING, "PLAY")
    elif word == "seek":
        flags = Gst.SeekFlags.FLUSH | Gst.SeekFlags.ACCURATE
        if not pipeline.seek_simple(Gst.Format.TIME, flags, int(number[0]) * Gst.SECOND):
            end("the seek was refused")
    elif word == "end":
        seen.extend(take_until_goodbye(int(number[0])))
    print(word, *seen, flush=True)
leave(0)
