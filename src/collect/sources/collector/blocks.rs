//! The bytes of a file, unpacked by a thread of their own if they are packed, in blocks.

use std::io::{self, BufRead, BufReader, Read};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender};

use liblzma::bufread::XzDecoder;
use liblzma::stream::{Error, MtStreamBuilder};

/// How many bytes are handed over at once: so few that the allocator does not ask the kernel for them.
const BLOCK: usize = 1 << 16;
/// How many blocks may wait.
pub const WAITING: usize = 32;
/// How an xz file begins.
const XZ: [u8; 6] = [0xFD, b'7', b'z', b'X', b'Z', 0];
/// The memory that unpacking may take: `xz -9` needs 65 MiB.
const MEMORY: u64 = 128 << 20;
/// The memory that unpacking side by side may take. Where blocks are larger, they are unpacked one after another.
const MEMORY_OF_THREADS: u64 = 64 << 20;
/// With more threads, reading is slower than unpacking.
const MOST_THREADS: usize = 4;
/// A file that unpacks to so many times its size was made to do harm; the most that documents do is 100.
const LARGEST_RATIO: u64 = 1000;
/// What any file may unpack to.
const HARMLESS: u64 = 64 << 20;

/// A block, or why there are no more.
pub type Block = Result<Vec<u8>, String>;

/// Reads a file and sends its blocks, until the end or until nobody wants them. `read` counts what has come of the file.
pub fn send(file: impl Read, read: &AtomicU64, blocks: &SyncSender<Block>) {
    let mut file = BufReader::with_capacity(BLOCK, Counted { file, read });
    let packed = match file.fill_buf() {
        Ok(start) => start.starts_with(&XZ),
        Err(error) => return drop(blocks.send(Err(format!("cannot be read: {error}")))),
    };
    if !packed {
        return match otherwise_packed(file.buffer()) {
            Some(how) => drop(
                blocks.send(Err(format!("is packed with {how}, which is not read; unpack it, or pack it with xz"))),
            ),
            None => send_all(file, None, blocks),
        };
    }
    match Streams::new(file) {
        Ok(streams) => send_all(streams, Some(read), blocks),
        Err(error) => drop(blocks.send(Err(format!("cannot be unpacked: {error}")))),
    }
}

/// How a file is packed that begins so, if it is not xz.
fn otherwise_packed(start: &[u8]) -> Option<&'static str> {
    let kinds: [(&[u8], _); 4] =
        [(b"\x1f\x8b", "gzip"), (b"BZh", "bzip2"), (b"\x28\xb5\x2f\xfd", "zstd"), (b"PK\x03\x04", "zip")];
    kinds.into_iter().find_map(|(magic, how)| start.starts_with(magic).then_some(how))
}

/// The streams of an xz file, one after another. Blocks of a stream are unpacked side by side if it tells how large they are,
/// as xz does when it packs with several threads.
struct Streams<R: BufRead> {
    /// The stream that is read; `None` at the end.
    decoder: Option<XzDecoder<R>>,
}

impl<R: BufRead> Streams<R> {
    fn new(file: R) -> io::Result<Self> {
        let threads = std::thread::available_parallelism().map_or(1, |cores| cores.get().min(MOST_THREADS) as u32);
        let mut builder = MtStreamBuilder::new();
        let stream = builder.threads(threads).memlimit_threading(MEMORY_OF_THREADS).memlimit_stop(MEMORY).decoder()?;
        Ok(Self { decoder: Some(XzDecoder::new_stream(file, stream)) })
    }
}

impl<R: BufRead> Read for Streams<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(mut decoder) = self.decoder.take() {
            let length = decoder.read(buffer)?;
            if length > 0 || buffer.is_empty() {
                self.decoder = Some(decoder);
                return Ok(length);
            }
            let mut file = decoder.into_inner();
            if has_another(&mut file)? {
                *self = Self::new(file)?;
            }
        }
        Ok(0)
    }
}

/// Whether anything follows a stream but for zeros, of which there may be any multiple of four.
fn has_another(file: &mut impl BufRead) -> io::Result<bool> {
    let mut zeros = 0;
    loop {
        let bytes = file.fill_buf()?;
        let (all, here) = (bytes.len(), bytes.iter().take_while(|byte| **byte == 0).count());
        file.consume(here);
        zeros += here;
        if here < all || all == 0 {
            let whole = zeros.is_multiple_of(4);
            return if whole { Ok(all > 0) } else { Err(io::ErrorKind::InvalidData.into()) };
        }
    }
}

/// Sends what a reader gives; `packed` counts the bytes that it is unpacked from.
fn send_all(mut reader: impl Read, packed: Option<&AtomicU64>, blocks: &SyncSender<Block>) {
    let mut sent = 0;
    loop {
        let mut block = vec![0; BLOCK];
        let mut filled = 0;
        let trouble = loop {
            match reader.read(&mut block[filled..]) {
                Ok(0) => break None,
                Ok(length) => filled += length,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => break Some(what(&error, packed.is_some(), sent + filled as u64)),
            }
            if filled == BLOCK {
                break None;
            }
        };
        sent += filled as u64;
        let bomb = packed.is_some_and(|read| sent > HARMLESS && sent / LARGEST_RATIO > read.load(Ordering::Relaxed));
        let trouble = trouble.or_else(|| bomb.then(|| format!("unpacks to more than {LARGEST_RATIO} times its size")));
        block.truncate(filled);
        let last = filled < BLOCK || trouble.is_some();
        // An empty one would be the end. Nobody wants the rest only when the run is given up.
        if filled > 0 && blocks.send(Ok(block)).is_err() || last {
            return trouble.map_or((), |trouble| drop(blocks.send(Err(trouble))));
        }
    }
}

fn what(error: &io::Error, packed: bool, sent: u64) -> String {
    match error.get_ref().and_then(|error| error.downcast_ref::<Error>()) {
        Some(Error::MemLimit | Error::Mem) => format!("needs more than {} MiB of memory to be unpacked", MEMORY >> 20),
        _ if packed && error.kind() == io::ErrorKind::UnexpectedEof => {
            format!("breaks off in the middle, after {sent} bytes are unpacked")
        }
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

/// The blocks as one reader.
pub struct Blocks {
    receiver: Receiver<Block>,
    block: Vec<u8>,
    at: usize,
    /// Why there are no more, if that is not the end.
    pub trouble: Option<String>,
}

impl Blocks {
    /// What comes from [`send`].
    pub fn new(receiver: Receiver<Block>) -> Self {
        Self { receiver, block: Vec::new(), at: 0, trouble: None }
    }
}

impl BufRead for Blocks {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.at == self.block.len() {
            self.at = 0;
            self.block = match self.receiver.recv() {
                Ok(Ok(block)) => block,
                Ok(Err(trouble)) => {
                    self.trouble = Some(trouble);
                    Vec::new()
                }
                Err(_) => Vec::new(),
            };
        }
        if self.block.is_empty() && self.trouble.is_some() {
            return Err(io::Error::other("there are no more blocks"));
        }
        Ok(&self.block[self.at..])
    }

    fn consume(&mut self, length: usize) {
        self.at += length;
    }
}

impl Read for Blocks {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.fill_buf()?.read(buffer)?;
        self.consume(length);
        Ok(length)
    }
}
