//! The bytes of a file in chunks, read by a thread of their own, and unpacked by it or by more of them if they are packed.

use std::io::{self, BufRead, BufReader, Read};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender};

use liblzma::stream::{Action, Error, MtStreamBuilder, Status, Stream};

/// How many bytes are handed over at once: so few that the allocator does not ask the kernel for them.
const CHUNK: usize = 1 << 16;
/// How many chunks may wait.
pub const WAITING: usize = 32;
/// How an xz file begins.
const XZ: [u8; 6] = [0xFD, b'7', b'z', b'X', b'Z', 0];
/// The memory that unpacking may take: `xz -9` needs 65 MiB.
const MEMORY: u64 = 128 << 20;
/// The memory that unpacking side by side may take. Of larger blocks, as `xz -5` and higher make them, no two fit, and one is unpacked
/// after another.
const MEMORY_OF_THREADS: u64 = 64 << 20;
/// With more threads, reading is slower than unpacking.
const MOST_THREADS: usize = 4;
/// A file that unpacks to so many times its size was made to do harm; the most that documents do is 100.
const LARGEST_RATIO: u64 = 1000;
/// What any file may unpack to.
const HARMLESS: u64 = 64 << 20;

/// A chunk, or why there are no more.
pub type Chunk = Result<Vec<u8>, String>;

/// Reads a file and sends its chunks, until the end or until nobody wants them. `read` counts what has come of the file.
pub fn send(file: impl Read, read: &AtomicU64, chunks: &SyncSender<Chunk>) {
    let mut file = BufReader::with_capacity(CHUNK, Counted { file, read });
    let packed = loop {
        match file.fill_buf() {
            Ok(start) => break start.starts_with(&XZ),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return drop(chunks.send(Err(format!("cannot be read: {error}")))),
        }
    };
    if !packed {
        return send_all(file, None, chunks);
    }
    match Streams::new(file) {
        Ok(streams) => send_all(streams, Some(read), chunks),
        Err(error) => drop(chunks.send(Err(format!("cannot be unpacked: {error}")))),
    }
}

/// The streams of an xz file, one after another. The blocks of a stream are unpacked side by side if it tells how large they are,
/// as xz makes them with several threads.
struct Streams<R> {
    file: R,
    stream: Stream,
    /// Whether the stream is at its end.
    ended: bool,
    /// What is wrong after what was given.
    wrong: Option<Error>,
}

impl<R: BufRead> Streams<R> {
    fn new(file: R) -> Result<Self, Error> {
        Ok(Self { file, stream: stream()?, ended: false, wrong: None })
    }

    /// Whether anything follows a stream but for zeros, of which there may be any multiple of four.
    fn has_another(&mut self) -> io::Result<bool> {
        let mut zeros = 0;
        loop {
            let bytes = match self.file.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                other => other?,
            };
            let (all, here) = (bytes.len(), bytes.iter().take_while(|byte| **byte == 0).count());
            self.file.consume(here);
            zeros += here;
            if here < all || all == 0 {
                let whole = zeros.is_multiple_of(4);
                return if whole { Ok(all > 0) } else { Err(Error::Data.into()) };
            }
        }
    }
}

fn stream() -> Result<Stream, Error> {
    let threads = std::thread::available_parallelism().map_or(1, |cores| cores.get().min(MOST_THREADS) as u32);
    MtStreamBuilder::new().threads(threads).memlimit_threading(MEMORY_OF_THREADS).memlimit_stop(MEMORY).decoder()
}

impl<R: BufRead> Read for Streams<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if let Some(wrong) = self.wrong.take() {
                return Err(wrong.into());
            }
            if self.ended {
                if !self.has_another()? {
                    return Ok(0);
                }
                (self.stream, self.ended) = (stream()?, false);
            }
            let packed = self.file.fill_buf()?;
            let last = packed.is_empty();
            let (before_in, before_out) = (self.stream.total_in(), self.stream.total_out());
            let status = self.stream.process(packed, buffer, if last { Action::Finish } else { Action::Run });
            let (consumed, given) = (self.stream.total_in() - before_in, self.stream.total_out() - before_out);
            self.file.consume(consumed as usize);
            match status {
                Ok(Status::StreamEnd) => self.ended = true,
                Ok(_) if given == 0 && last => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(_) if given == 0 && consumed == 0 => return Err(Error::Data.into()),
                Ok(_) => {}
                // What was unpacked before it counts.
                Err(error) => self.wrong = Some(error),
            }
            if given > 0 {
                return Ok(given as usize);
            }
        }
    }
}

/// Sends what a reader gives; `packed` counts the bytes that it is unpacked from.
fn send_all(mut reader: impl Read, packed: Option<&AtomicU64>, chunks: &SyncSender<Chunk>) {
    let mut sent = 0;
    loop {
        let mut chunk = vec![0; CHUNK];
        let mut filled = 0;
        let trouble = loop {
            match reader.read(&mut chunk[filled..]) {
                Ok(0) => break None,
                Ok(length) => filled += length,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => break Some(what(&error, packed.is_some(), sent + filled as u64)),
            }
            if filled == CHUNK {
                break None;
            }
        };
        sent += filled as u64;
        let bomb = packed.is_some_and(|read| sent > HARMLESS && sent / LARGEST_RATIO > read.load(Ordering::Relaxed));
        let trouble = trouble.or_else(|| bomb.then(|| format!("unpacks to more than {LARGEST_RATIO} times its size")));
        chunk.truncate(filled);
        let last = filled < CHUNK || trouble.is_some();
        // An empty one would be the end. Nobody wants the rest only when the run is given up.
        if filled > 0 && chunks.send(Ok(chunk)).is_err() || last {
            return trouble.map_or((), |trouble| drop(chunks.send(Err(trouble))));
        }
    }
}

fn what(error: &io::Error, packed: bool, sent: u64) -> String {
    match error.get_ref().and_then(|error| error.downcast_ref::<Error>()) {
        Some(Error::MemLimit | Error::Mem) => format!("needs more than {} MiB of memory to be unpacked", MEMORY >> 20),
        _ if packed && error.kind() == io::ErrorKind::UnexpectedEof => {
            format!("breaks off in the middle, after {sent} bytes are unpacked")
        }
        _ if error.raw_os_error().is_some() => format!("cannot be read after {sent} bytes: {error}"),
        _ if packed => format!("is damaged, after {sent} bytes are unpacked"),
        _ => format!("cannot be read after {sent} bytes: {error}"),
    }
}

/// Counts what is read of a file.
struct Counted<'a, R> {
    file: R,
    read: &'a AtomicU64,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.file.read(buffer)?;
        self.read.fetch_add(length as u64, Ordering::Relaxed);
        Ok(length)
    }
}

/// The chunks as one reader.
pub struct Chunks {
    receiver: Receiver<Chunk>,
    chunk: Vec<u8>,
    at: usize,
    /// Why there are no more, if that is not the end.
    pub trouble: Option<String>,
}

impl Chunks {
    /// What comes from [`send`].
    pub fn new(receiver: Receiver<Chunk>) -> Self {
        Self { receiver, chunk: Vec::new(), at: 0, trouble: None }
    }
}

impl BufRead for Chunks {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.at == self.chunk.len() {
            self.at = 0;
            self.chunk = match self.receiver.recv() {
                Ok(Ok(chunk)) => chunk,
                Ok(Err(trouble)) => {
                    self.trouble = Some(trouble);
                    Vec::new()
                }
                Err(_) => Vec::new(),
            };
        }
        if self.chunk.is_empty() && self.trouble.is_some() {
            return Err(io::Error::other("there are no more chunks"));
        }
        Ok(&self.chunk[self.at..])
    }

    fn consume(&mut self, length: usize) {
        self.at += length;
    }
}

impl Read for Chunks {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.fill_buf()?.read(buffer)?;
        self.consume(length);
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::io::Write;
    use std::sync::mpsc::sync_channel;

    use liblzma::write::XzEncoder;

    use super::*;

    /// Gives a few bytes at a time, and is interrupted before each.
    struct Interrupted<'a>(&'a [u8], bool);

    impl Read for Interrupted<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.1 = !self.1;
            if self.1 {
                return Err(io::ErrorKind::Interrupted.into());
            }
            let length = buffer.len().min(1000);
            self.0.read(&mut buffer[..length])
        }
    }

    /// What comes of a file, and what is wrong with it.
    fn unpacked(file: impl Read) -> (Vec<u8>, Option<String>) {
        let (sender, receiver) = sync_channel(1000);
        send(file, &AtomicU64::new(0), &sender);
        drop(sender);
        let (mut bytes, mut trouble) = (Vec::new(), None);
        for chunk in receiver {
            match chunk {
                Ok(chunk) => bytes.extend(chunk),
                Err(error) => trouble = Some(error),
            }
        }
        (bytes, trouble)
    }

    /// Packed in blocks of so many bytes.
    fn packed(bytes: &[u8], block: u64) -> Vec<u8> {
        let stream = MtStreamBuilder::new().threads(2).preset(1).block_size(block).encoder().unwrap();
        let mut encoder = XzEncoder::new_stream(Vec::new(), stream);
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn text() -> Vec<u8> {
        (0..60_000_u32).flat_map(|number| number.wrapping_mul(0x9e37_79b9).to_string().into_bytes()).collect()
    }

    #[test]
    fn a_file_is_read_to_its_end_however_often_reading_is_interrupted() {
        let text = text();
        let streams = [packed(&text, 1 << 14), vec![0; 8], packed(&text, 1 << 24), vec![0; 4]].concat();
        assert_eq!(unpacked(Interrupted(&streams, false)), (text.repeat(2), None));
        assert_eq!(unpacked(Interrupted(&text, false)), (text, None));
    }

    #[test]
    fn all_that_is_before_damage_comes_and_then_what_is_wrong() {
        let text = text();
        let block = 1 << 12;
        let whole = packed(&text, block);
        let mut damaged = whole.clone();
        let at = whole.len() * 3 / 4;
        damaged[at..at + 16].fill(0);
        for (file, wrong) in [(&damaged[..], "is damaged"), (&whole[..at], "breaks off in the middle")] {
            let (bytes, trouble) = unpacked(file);
            // Of the block that is damaged, what is unpacked may be anything.
            let right = bytes.iter().zip(&text).take_while(|(one, other)| one == other).count();
            assert!(right + 3 * block as usize > text.len() * 3 / 4, "{right}");
            let said = format!("{wrong}, after {} bytes are unpacked", bytes.len());
            assert_eq!(trouble, Some(said));
        }
    }
}
