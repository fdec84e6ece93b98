//! The headers of a baseline JPEG, as far as its coefficients need them (T.81 Annex B).

use super::huffman::{Decoder, Lengths};
use super::{Component, Layout, WHOLE};
use crate::jpeg::annex_k::HUFFMAN_TABLES;
use crate::jpeg::walk::Segments;
use crate::jpeg::{Broken, Colours, Orientation, Size, exif};

/// What stands before the entropy-coded data.
pub(super) struct Header {
    pub(super) layout: Layout,
    /// The codes of each component's DC and AC.
    pub(super) codes: Vec<(Decoder, Decoder)>,
    /// MCUs between restart markers; 0 for none.
    pub(super) restart_interval: usize,
    /// Most bits that a coefficient may have, of a DC's difference and of an AC (F.1.2.1, F.1.2.2).
    pub(super) max_bits: (u8, u8),
    /// Where the entropy-coded data starts.
    pub(super) data: usize,
}

/// The tables that were defined so far.
#[derive(Default)]
struct Tables<'a> {
    quantization: [Option<[u16; 64]>; 4],
    dc: [Option<Lengths<'a>>; 4],
    ac: [Option<Lengths<'a>>; 4],
    restart_interval: usize,
    jfif: bool,
    adobe: Option<u8>,
    orientation: Option<Orientation>,
    frame: Option<&'a [u8]>,
}

/// Reads up to the first scan.
pub(super) fn read(jpeg: &[u8]) -> Result<Header, Broken> {
    let mut tables = Tables::default();
    tables.huffman(&HUFFMAN_TABLES[4..], 0)?;
    for segment in Segments::of(jpeg) {
        let segment = segment?;
        let (payload, offset) = (segment.payload, segment.offset);
        match segment.marker {
            0xC0 if tables.frame.is_none() => tables.frame = Some(payload),
            0xC1 if tables.frame.is_none() && payload.first() == Some(&12) => {
                tables.frame = Some(payload);
            }
            0xC4 => tables.huffman(payload, offset)?,
            0xC0..=0xCF => return Err(Broken { offset, rule: "B.2.2: one frame, baseline" }),
            0xDA => return tables.finish(payload, offset),
            0xDB => tables.quantization(payload, offset)?,
            0xDD => match *payload {
                [high, low] => tables.restart_interval = u16::from_be_bytes([high, low]).into(),
                _ => return Err(Broken { offset, rule: "B.2.4.4: DRI is 4 bytes long" }),
            },
            0xE0 if Colours::is_jfif(&segment) => tables.jfif = true,
            0xE1 if tables.orientation.is_none() => {
                tables.orientation = exif::orientation(payload);
            }
            0xEE => tables.adobe = Colours::adobe(&segment).or(tables.adobe),
            _ => {}
        }
    }
    Err(Broken { offset: jpeg.len(), rule: "B.2.1: a scan before the end" })
}

impl<'a> Tables<'a> {
    fn quantization(&mut self, mut payload: &[u8], offset: usize) -> Result<(), Broken> {
        let broken = Broken { offset, rule: "B.2.4.1: whole tables, numbered 0 to 3" };
        while let [kind, rest @ ..] = payload {
            let wide = kind >> 4 == 1;
            let (values, rest) =
                rest.split_at_checked(if wide { 128 } else { 64 }).ok_or(broken)?;
            let mut table = [0; 64];
            for (step, value) in table.iter_mut().zip(values.chunks(if wide { 2 } else { 1 })) {
                *step = value.iter().fold(0, |sum, byte| sum << 8 | u16::from(*byte));
            }
            if table.contains(&0) {
                return Err(Broken { offset, rule: "B.2.4.1: no step of 0" });
            }
            let known = kind >> 4 <= 1;
            let slot = self.quantization.get_mut(usize::from(kind & 15)).filter(|_| known);
            *slot.ok_or(broken)? = Some(table);
            payload = rest;
        }
        Ok(())
    }

    fn huffman(&mut self, mut payload: &'a [u8], offset: usize) -> Result<(), Broken> {
        let broken = Broken { offset, rule: "B.2.4.2: whole tables of prefix codes" };
        while let [kind, rest @ ..] = payload {
            let (lengths, rest) = Lengths::parse(rest).ok_or(broken)?;
            let of_class = if kind >> 4 == 0 { &mut self.dc } else { &mut self.ac };
            *of_class.get_mut(usize::from(kind & 15)).ok_or(broken)? = Some(lengths);
            payload = rest;
        }
        Ok(())
    }

    /// Takes the scan header (B.2.3).
    fn finish(self, scan: &[u8], offset: usize) -> Result<Header, Broken> {
        let broken = |rule| Broken { offset, rule };
        let frame = self.frame.ok_or(broken("B.2.2: a frame header before the scan"))?;
        let (precision, size, mut components) =
            frame_header(frame).ok_or(broken("B.2.2: 8 or 12 bits, 1 or 3 components"))?;
        let whole = broken("B.2.3: one scan of all components, baseline");
        let [count, rest @ ..] = scan else { return Err(whole) };
        let (selectors, &[0, 63, 0]) = rest.split_at(rest.len().saturating_sub(3)) else {
            return Err(whole);
        };
        if usize::from(*count) != components.len() || selectors.len() != 2 * components.len() {
            return Err(whole);
        }
        let mut codes = Vec::new();
        for (component, selector) in components.iter().zip(selectors.as_chunks::<2>().0) {
            let [id, which] = *selector;
            let dc = self.dc.get(usize::from(which >> 4)).copied().flatten();
            let ac = self.ac.get(usize::from(which & 15)).copied().flatten();
            let (Some(dc), Some(ac)) = (dc, ac) else {
                return Err(broken("B.2.4.2: DHT before the scan that uses it"));
            };
            if id != component.id {
                return Err(whole);
            }
            codes.push((Decoder::new(dc), Decoder::new(ac)));
        }
        let identifiers: Vec<u8> = components.iter().map(|component| component.id).collect();
        let colours = Colours::of(&identifiers, self.jfif, self.adobe);
        let colours = colours.ok_or(broken("B.2.2: 1 or 3 components"))?;
        let mut tables = [[FINEST; 64]; 4];
        for component in &components {
            let which = usize::from(component.table);
            let table = self.quantization[which].ok_or(broken("B.2.4.1: DQT before the scan"))?;
            // A step of 12-bit samples is a sixteenth of one of 8-bit samples.
            let unit = if precision == 12 { 1 } else { FINEST };
            let most = COARSEST / unit;
            if table.iter().any(|step| *step > most) {
                return Err(broken("B.2.4.1: steps of up to 255"));
            }
            tables[which] = table.map(|step| step * unit);
        }
        if let [only] = &mut *components {
            // A scan of one component is not interleaved: an MCU is a block (A.2.2).
            (only.across, only.down) = (1, 1);
        }
        let (orientation, restart_interval) =
            (self.orientation.unwrap_or_default(), self.restart_interval);
        let gains = [WHOLE; 64];
        let layout = Layout { size, components, tables, colours, orientation, gains };
        let max_bits = if precision == 12 { (15, 14) } else { (11, 10) };
        Ok(Header { layout, codes, restart_interval, max_bits, data: offset + scan.len() })
    }
}

/// Precision, size and components (B.2.2); `None` if they are not of the sort that is read here.
fn frame_header(payload: &[u8]) -> Option<(u8, Size, Vec<Component>)> {
    let &[precision @ (8 | 12), y0, y1, x0, x1, count, ref rest @ ..] = payload else {
        return None;
    };
    let size = Size::new(u16::from_be_bytes([x0, x1]).into(), u16::from_be_bytes([y0, y1]).into())?;
    let (parts, []) = rest.as_chunks::<3>() else { return None };
    let component = |&[id, factors, table]: &[u8; 3]| {
        let (across, down) = (factors >> 4, factors & 15);
        let allowed = (1..=4).contains(&across) && (1..=4).contains(&down) && table < 4;
        allowed.then_some(Component { id, across, down, table })
    };
    let components: Vec<_> = parts.iter().map(component).collect::<Option<_>>()?;
    let blocks: u8 = components.iter().map(|one| one.across * one.down).sum();
    // An MCU holds ten blocks at most (B.2.3).
    let fits = matches!(components.len(), 1 | 3) && (components.len() == 1 || blocks <= 10);
    (fits && usize::from(count) == components.len()).then_some((precision, size, components))
}

/// The finest step of 8-bit samples, and the coarsest, in sixteenths.
const FINEST: u16 = 16;
const COARSEST: u16 = 255 * FINEST;
