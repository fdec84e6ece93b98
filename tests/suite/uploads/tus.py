"""Brings a file by tuspy, breaks off in the middle, and goes on, with checksums."""

import sys

from tusclient import client

endpoint, token, path = sys.argv[1:4]
ours = client.TusClient(endpoint, headers={"Authorization": f"Bearer {token}"})
first = ours.uploader(
    path, chunk_size=300_000, metadata={"filename": "a.mp4"}, upload_checksum=True
)
first.upload(stop_at=1_000_000)
second = ours.uploader(path, chunk_size=300_000, url=first.url, upload_checksum=True)
assert second.get_offset() >= 1_000_000, second.get_offset()
second.upload()
print(second.url)
