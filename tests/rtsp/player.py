"""A player on GStreamer, driven by words from standard input, one a line.

    frames N    takes N frames
    pause       pauses, and takes what had come before
    play        plays on
    seek S      goes to second S
    end         waits for the end of the stream

Prints for each word a line: the word, and for each frame taken the column of its first light pixel
in the first row.
"""

import sys

import gi

gi.require_version("Gst", "1.0")
from gi.repository import Gst

PATIENCE = 30 * Gst.SECOND

Gst.init(None)
location, protocols = sys.argv[1:]
pipeline = Gst.parse_launch(
    f"rtspsrc location={location} protocols={protocols} latency=100 ! rtpjpegdepay ! jpegdec"
    " ! videoconvert ! video/x-raw,format=GRAY8 ! appsink name=sink sync=false async=false"
)
sink = pipeline.get_by_name("sink")
bus = pipeline.get_bus()


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
    pipeline.set_state(Gst.State.NULL)
    sys.exit(words)


def take(wait):
    sample = sink.emit("try-pull-sample", wait)
    if sample is None:
        return None
    row = sample.get_buffer().extract_dup(0, 160)
    return next((x for x, light in enumerate(row) if light > 170), -1)


def take_all():
    return iter(lambda: take(0), None)


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
        while (column := take(PATIENCE)) is not None:
            seen.append(column)
        if not sink.get_property("eos"):
            fail()
    print(word, *seen, flush=True)
pipeline.set_state(Gst.State.NULL)
