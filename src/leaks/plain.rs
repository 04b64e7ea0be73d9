//! Text as a reader gets it: without the escapes of HTML, of links and of JSON.

/// Bytes without escapes, and where each stood before.
pub(super) struct Plain {
    pub(super) bytes: Vec<u8>,
    /// After each escape: the byte here, and the same byte of the original.
    places: Vec<(usize, usize)>,
}

impl Plain {
    /// Where a byte stood in the original.
    pub(super) fn place(&self, offset: usize) -> usize {
        let after = self.places.partition_point(|(here, _)| *here <= offset);
        after.checked_sub(1).map_or(offset, |at| self.places[at].1 + (offset - self.places[at].0))
    }
}

/// The bytes without escapes; `None` if there are none. A line's end that was escaped becomes a space, so that lines count
/// the same.
pub(super) fn plain(bytes: &[u8]) -> Option<Plain> {
    let mut plain: Option<Plain> = None;
    let mut kept = 0;
    let mut at = 0;
    while let Some(next) = bytes[at..].iter().position(|byte| matches!(byte, b'&' | b'%' | b'\\' | 0xc2 | 0xe2 | 0xef))
    {
        at += next;
        let Some((letter, length)) = escape(&bytes[at..]) else {
            at += 1;
            continue;
        };
        let plain = plain.get_or_insert_with(|| Plain { bytes: Vec::with_capacity(bytes.len()), places: Vec::new() });
        plain.bytes.extend_from_slice(&bytes[kept..at]);
        match letter {
            Letter::Byte(byte) => plain.bytes.push(if byte == b'\n' { b' ' } else { byte }),
            Letter::Character(letter) => plain.bytes.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes()),
            Letter::Nothing => {}
        }
        at += length;
        kept = at;
        plain.places.push((plain.bytes.len(), at));
    }
    if let Some(plain) = &mut plain {
        plain.bytes.extend_from_slice(&bytes[kept..]);
    }
    plain
}

enum Letter {
    Byte(u8),
    Character(char),
    /// Something that nobody sees.
    Nothing,
}

/// The escape at the beginning of these bytes, and its length.
fn escape(bytes: &[u8]) -> Option<(Letter, usize)> {
    let digits = |from: usize, count: usize| hexadecimal(bytes.get(from..from + count)?);
    if let Some(invisible) = INVISIBLE.iter().find(|invisible| bytes.starts_with(invisible)) {
        return Some((Letter::Nothing, invisible.len()));
    }
    match (bytes[0], bytes.get(1)?) {
        // Encoded once more, as in the query of an address.
        (b'%', b'2') if bytes.get(2) == Some(&b'5') && digits(3, 2).is_some() => {
            Some((Letter::Byte(u8::try_from(digits(3, 2)?).ok()?), 5))
        }
        // CSS: up to six digits, and a space that ends them.
        (b'\\', b'0'..=b'9') => {
            let count = bytes[1..].iter().take(6).take_while(|byte| byte.is_ascii_hexdigit()).count();
            let end = usize::from(bytes.get(count + 1).is_some_and(u8::is_ascii_whitespace));
            Some((character(digits(1, count)?)?, count + 1 + end))
        }
        (b'%', _) => Some((Letter::Byte(u8::try_from(digits(1, 2)?).ok()?), 3)),
        (b'\\', b'u') => Some((character(digits(2, 4)?)?, 6)),
        (b'\\', b'x') => Some((character(digits(2, 2)?)?, 4)),
        (b'\\', b'/') => Some((Letter::Byte(b'/'), 2)),
        (b'&', _) => entity(bytes),
        _ => None,
    }
}

/// What nobody sees, in UTF-8: the soft hyphen, zero-width spaces and joiners, the byte order mark.
const INVISIBLE: [&[u8]; 6] = [
    "\u{ad}".as_bytes(),
    "\u{200b}".as_bytes(),
    "\u{200c}".as_bytes(),
    "\u{200d}".as_bytes(),
    "\u{2060}".as_bytes(),
    "\u{feff}".as_bytes(),
];

/// The names of characters that secrets can have, or that stand between groups of digits.
const NAMES: [(&str, char); 19] = [
    ("AMP", '&'),
    ("amp", '&'),
    ("colon", ':'),
    ("commat", '@'),
    ("dollar", '$'),
    ("equals", '='),
    ("gt", '>'),
    ("lbrack", '['),
    ("lowbar", '_'),
    ("lsqb", '['),
    ("lt", '<'),
    ("nbsp", ' '),
    ("NonBreakingSpace", ' '),
    ("period", '.'),
    ("plus", '+'),
    ("quot", '"'),
    ("rbrack", ']'),
    ("rsqb", ']'),
    ("sol", '/'),
];

fn entity(bytes: &[u8]) -> Option<(Letter, usize)> {
    /// Leading zeros are allowed, without end; nobody writes more.
    const LONGEST: usize = 20;
    let end = bytes.iter().take(LONGEST).position(|byte| *byte == b';')?;
    let name = std::str::from_utf8(&bytes[1..end]).ok()?;
    let letter = match name.strip_prefix('#') {
        Some(number) => {
            let number = match number.strip_prefix(['x', 'X']) {
                Some(digits) => u32::from_str_radix(digits, 16),
                None => number.parse(),
            };
            character(number.ok()?)?
        }
        None if matches!(name, "shy" | "ZeroWidthSpace" | "zwj" | "zwnj") => Letter::Nothing,
        None => Letter::Character(NAMES.iter().find(|(known, _)| *known == name)?.1),
    };
    Some((letter, end + 1))
}

fn character(number: u32) -> Option<Letter> {
    Some(match char::from_u32(number)? {
        '\u{ad}' | '\u{200b}' | '\u{200c}' | '\u{200d}' | '\u{2060}' | '\u{feff}' => Letter::Nothing,
        '\n' | '\u{a0}' => Letter::Character(' '),
        letter => Letter::Character(letter),
    })
}

fn hexadecimal(digits: &[u8]) -> Option<u32> {
    let digits = std::str::from_utf8(digits).ok().filter(|text| text.bytes().all(|digit| digit.is_ascii_hexdigit()))?;
    u32::from_str_radix(digits, 16).ok()
}
