//! What lies beside a film as `.nfo`: a few elements of XML, as media centres write them.
//!
//! Not XML as a whole: a document type is refused, and with it all that entities can do; what is not
//! known is passed over.

/// What one says of its film.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Nfo {
    /// What it is called.
    pub title: Option<String>,
    /// What it is about.
    pub plot: Option<String>,
    /// By whom; several with commas between.
    pub director: Option<String>,
    /// Of when.
    pub year: Option<u16>,
}

/// Bytes that are none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Invalid {
    /// Bytes from the start.
    pub offset: usize,
    /// What is wrong there.
    pub rule: &'static str,
}

impl Nfo {
    /// Reads one. What follows the first element, as an address often does, is passed over.
    ///
    /// # Errors
    ///
    /// [`Invalid`] if it is too large, no text, has a document type, or its elements do not match.
    pub fn parse(bytes: &[u8]) -> Result<Self, Invalid> {
        if bytes.len() > MOST_BYTES {
            return Err(Invalid { offset: MOST_BYTES, rule: "it is larger than 64 KiB" });
        }
        let text = std::str::from_utf8(bytes)
            .map_err(|error| Invalid { offset: error.valid_up_to(), rule: "it is not UTF-8" })?;
        let mut reader = Reader { text, at: 0, open: Vec::new(), said: String::new() };
        let mut nfo = Self::default();
        while !reader.step(&mut nfo)? {}
        Ok(nfo)
    }

    /// Takes what an element says.
    fn take(&mut self, name: &str, said: &str) {
        let said = said.trim();
        if said.is_empty() {
            return;
        }
        match name {
            "title" if self.title.is_none() => self.title = Some(said.to_owned()),
            "plot" if self.plot.is_none() => self.plot = Some(said.to_owned()),
            "year" if self.year.is_none() => self.year = said.parse().ok(),
            "premiered" if self.year.is_none() => {
                self.year = said.get(..4).and_then(|year| year.parse().ok());
            }
            "director" => match &mut self.director {
                Some(before) => {
                    before.push_str(", ");
                    before.push_str(said);
                }
                None => self.director = Some(said.to_owned()),
            },
            _ => {}
        }
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    /// The elements that are open, the outermost first.
    open: Vec<&'a str>,
    /// What stands in the second of them.
    said: String,
}

impl<'a> Reader<'a> {
    /// Reads one piece; whether that was the last.
    fn step(&mut self, nfo: &mut Nfo) -> Result<bool, Invalid> {
        let rest = &self.text[self.at..];
        if rest.is_empty() {
            return match self.open.is_empty() {
                true => Err(self.invalid("there is no element in it")),
                false => Err(self.invalid("an element does not end")),
            };
        }
        let Some(tag) = rest.strip_prefix('<') else {
            let end = rest.find('<').unwrap_or(rest.len());
            self.hear(&rest[..end])?;
            self.at += end;
            return Ok(false);
        };
        if tag.starts_with("!--") {
            self.pass("<!--", "-->", "a comment does not end")?;
        } else if tag.starts_with("![CDATA[") {
            let inner = self.pass("<![CDATA[", "]]>", "CDATA does not end")?;
            self.keep(inner);
        } else if tag.starts_with('!') {
            return Err(self.invalid("it has a document type"));
        } else if tag.starts_with('?') {
            self.pass("<?", "?>", "an instruction does not end")?;
        } else if tag.starts_with('/') {
            let name = self.pass("</", ">", "an element does not end")?.trim();
            if self.open.last() != Some(&name) {
                return Err(self.invalid("elements do not match"));
            }
            if self.open.len() == 2 {
                nfo.take(name, &self.said);
            }
            self.open.pop();
            return Ok(self.open.is_empty());
        } else {
            return self.begin();
        }
        Ok(false)
    }

    /// Begins an element; whether that was all.
    fn begin(&mut self) -> Result<bool, Invalid> {
        let inner = self.tag()?;
        let is_empty = inner.ends_with('/');
        let inner = inner.trim_end_matches('/');
        let name = inner.split_ascii_whitespace().next().unwrap_or_default();
        let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ':');
        if name.is_empty() || !name.chars().all(is_name) || !inner.starts_with(name) {
            return Err(self.invalid("an element has no name"));
        }
        if is_empty {
            return Ok(self.open.is_empty());
        }
        if self.open.len() >= MOST_DEPTH {
            return Err(self.invalid("its elements are nested too deep"));
        }
        self.open.push(name);
        if self.open.len() == 2 {
            self.said.clear();
        }
        Ok(false)
    }

    /// What stands between `<` and its `>`, which may stand in quotes too.
    fn tag(&mut self) -> Result<&'a str, Invalid> {
        let start = self.at + 1;
        let mut quote = None;
        for (at, byte) in self.text.bytes().enumerate().skip(start) {
            match (quote, byte) {
                (None, b'>') => {
                    self.at = at + 1;
                    return Ok(&self.text[start..at]);
                }
                (None, b'"' | b'\'') => quote = Some(byte),
                (Some(opened), byte) if opened == byte => quote = None,
                _ => {}
            }
        }
        Err(self.invalid("an element does not end"))
    }

    /// Passes over what stands between these, and returns it.
    fn pass(&mut self, before: &str, behind: &str, rule: &'static str) -> Result<&'a str, Invalid> {
        let start = self.at + before.len();
        let length = self.text[start..].find(behind).ok_or_else(|| self.invalid(rule))?;
        self.at = start + length + behind.len();
        Ok(&self.text[start..start + length])
    }

    /// Hears text with references in it.
    fn hear(&mut self, mut text: &str) -> Result<(), Invalid> {
        if self.open.is_empty() {
            let is_blank = text.trim_start_matches('\u{feff}').trim().is_empty();
            return if is_blank { Ok(()) } else { Err(self.invalid("it does not begin with `<`")) };
        }
        while let Some((plain, behind)) = text.split_once('&') {
            self.keep(plain);
            let (name, behind) = behind.split_once(';').unwrap_or(("", behind));
            let meant = reference(name).ok_or_else(|| self.invalid("a reference is not known"))?;
            self.keep(meant.encode_utf8(&mut [0; 4]));
            text = behind;
        }
        self.keep(text);
        Ok(())
    }

    /// Keeps text of the second element, whatever it stands in.
    fn keep(&mut self, text: &str) {
        if self.open.len() == 2 {
            self.said.push_str(text);
        }
    }

    fn invalid(&self, rule: &'static str) -> Invalid {
        Invalid { offset: self.at, rule }
    }
}

/// What a reference means: one of the five that all know, or a number.
fn reference(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)
        }
    }
}

/// More are no words about a film.
pub const MOST_BYTES: usize = 64 * 1024;
const MOST_DEPTH: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    const FILM: &str = "\u{feff}<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- by hand -->\n\
        <movie>\n  <title>Cat &amp; Dog &#x26; <![CDATA[<Mouse>]]></title>\n  <plot>Line one.\n\
        Line two.</plot>\n  <year>1999</year><premiered>2001-02-03</premiered>\n  \
        <director>Ada</director><director>Grace</director>\n  <thumb aspect=\"a>b\" />\n  \
        <actor><name>Eve</name><title>no</title></actor>\n</movie>\nhttps://example.org/1\n";

    #[test]
    fn what_a_media_centre_wrote_is_read() {
        let nfo = Nfo::parse(FILM.as_bytes()).unwrap();
        let text = |text: &str| Some(text.to_owned());
        let title = text("Cat & Dog & <Mouse>");
        let (plot, director) = (text("Line one.\nLine two."), text("Ada, Grace"));
        assert_eq!(nfo, Nfo { title, plot, director, year: Some(1999) });
        let empty = Nfo::parse(b"<movie/>").unwrap();
        assert_eq!(empty, Nfo::default());
        let premiered = Nfo::parse(b"<movie><premiered>2001-02-03</premiered></movie>").unwrap();
        assert_eq!(premiered.year, Some(2001));
    }

    #[test]
    fn what_could_do_anything_is_refused() {
        let bomb =
            "<!DOCTYPE m [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]><m><title>&b;</title></m>";
        let outside = "<!DOCTYPE m SYSTEM \"file:///etc/passwd\"><m/>";
        for text in [bomb, outside, "<m><!ENTITY x \"y\"></m>"] {
            assert_eq!(Nfo::parse(text.as_bytes()).unwrap_err().rule, "it has a document type");
        }
        for (text, rule) in [
            ("", "there is no element in it"),
            ("a film", "it does not begin with `<`"),
            ("<m>", "an element does not end"),
            ("<m><a></m></a>", "elements do not match"),
            ("<m>&x;</m>", "a reference is not known"),
            ("<m>&amp</m>", "a reference is not known"),
            ("<m>&#x110000;</m>", "a reference is not known"),
            ("< m></m>", "an element has no name"),
            ("<m a=\">", "an element does not end"),
            ("<!-- ", "a comment does not end"),
        ] {
            assert_eq!(Nfo::parse(text.as_bytes()).unwrap_err().rule, rule, "{text}");
        }
        let deep = "<a>".repeat(MOST_DEPTH + 1);
        assert_eq!(
            Nfo::parse(deep.as_bytes()).unwrap_err().rule,
            "its elements are nested too deep"
        );
        let large = vec![b' '; MOST_BYTES + 1];
        assert_eq!(Nfo::parse(&large).unwrap_err().offset, MOST_BYTES);
        assert_eq!(Nfo::parse(b"<m>\xff</m>").unwrap_err().offset, 3);
    }

    #[test]
    fn a_cut_anywhere_is_told_or_read() {
        for cut in 0..FILM.len() {
            // Behind its element nothing is missing.
            let is_whole = FILM.as_bytes()[..cut].windows(8).any(|part| part == b"</movie>");
            assert_eq!(Nfo::parse(&FILM.as_bytes()[..cut]).is_ok(), is_whole, "cut at {cut}");
        }
    }
}
