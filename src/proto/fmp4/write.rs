//! Boxes into bytes.

/// Boxes that are being written, one in another.
#[derive(Debug, Default)]
pub(super) struct Writer {
    pub(super) bytes: Vec<u8>,
}

impl Writer {
    /// A box with what `content` writes in it.
    pub(super) fn part(&mut self, kind: &[u8; 4], content: impl FnOnce(&mut Self)) {
        let start = self.bytes.len();
        self.u32(0);
        self.put(kind);
        content(self);
        let size = u32::try_from(self.bytes.len() - start).expect("heads are small");
        self.patch(start, size);
    }

    /// A box with a version and flags in front.
    pub(super) fn full(
        &mut self,
        kind: &[u8; 4],
        version: u8,
        flags: u32,
        content: impl FnOnce(&mut Self),
    ) {
        self.part(kind, |writer| {
            writer.u32(u32::from(version) << 24 | flags);
            content(writer);
        });
    }

    pub(super) fn put(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    pub(super) fn u8(&mut self, value: u8) {
        self.bytes.push(value);
    }

    pub(super) fn u16(&mut self, value: u16) {
        self.put(&value.to_be_bytes());
    }

    pub(super) fn u32(&mut self, value: u32) {
        self.put(&value.to_be_bytes());
    }

    pub(super) fn u64(&mut self, value: u64) {
        self.put(&value.to_be_bytes());
    }

    /// So many bytes that mean nothing.
    pub(super) fn zeros(&mut self, count: usize) {
        self.bytes.resize(self.bytes.len() + count, 0);
    }

    /// Where the next byte will be.
    pub(super) fn here(&self) -> usize {
        self.bytes.len()
    }

    /// Puts a number in the place of one that was written before it was known.
    pub(super) fn patch(&mut self, at: usize, value: u32) {
        self.bytes[at..at + 4].copy_from_slice(&value.to_be_bytes());
    }
}
