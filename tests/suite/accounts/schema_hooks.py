"""What schemathesis is told of this API: a piece of an upload is bytes, and any bytes may be one."""

import schemathesis
from hypothesis import strategies

schemathesis.openapi.media_type("application/offset+octet-stream", strategies.binary(max_size=64))
