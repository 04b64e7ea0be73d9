//! The two ends of `scripts/bench-collect`: a network that is far away, and the least that a client can do.
//!
//! ```text
//! bench_collect proxy SERVERS MILLISECONDS     127.2.0.1:22, 127.2.0.2:22 … lead to 127.1.0.1:2222, …, after a delay
//! bench_collect bare USER KEY THREADS HOST…    connects, runs, reads: libssh2 and nothing else
//! ```
#![allow(clippy::print_stdout)] // It answers to a script.

mod proxy {
    //! A proxy on loopback that holds back whatever passes for the half of a round trip, in either direction, as a long
    //! line does: much may be under way at once. It counts the bytes. One thread, so that it takes little of the
    //! processor from those who are measured.

    use std::cmp::Reverse;
    use std::collections::{BinaryHeap, HashMap, VecDeque};
    use std::io::{Error, ErrorKind, Read, Result, Write};
    use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
    use std::time::{Duration, Instant};

    use rustix::event::{Timespec, epoll};

    /// The number under which the standard input is watched; listeners and connections count up from it.
    const CONTROL: u64 = 0;

    /// One direction of a connection: from its `source` to the sink of the same index in the other one.
    #[derive(Default)]
    struct Pipe {
        /// What is under way, and when it arrives; no bytes are the end of the stream.
        queue: VecDeque<(Instant, Vec<u8>)>,
        ended: bool,
    }

    /// A connection: its ends are 0, the client, and 1, the server, which is there once the client's has arrived.
    struct Connection {
        server: u8,
        ends: [Option<TcpStream>; 2],
        /// `pipes[end]` comes from that end.
        pipes: [Pipe; 2],
    }

    /// Something that is due.
    #[derive(PartialEq, Eq, PartialOrd, Ord)]
    enum Due {
        /// The client's connection has arrived at the server.
        Connect(u64),
        /// So has what this end of it has sent at the other.
        Deliver(u64, usize),
    }

    /// All that is connected, under way and counted.
    pub struct Proxy {
        epoll: rustix::fd::OwnedFd,
        half: Duration,
        listeners: Vec<TcpListener>,
        connections: HashMap<u64, Connection>,
        next: u64,
        due: BinaryHeap<Reverse<(Instant, Due)>>,
        /// Connections since the last answer, bytes to the servers, bytes from them.
        counted: [u64; 3],
    }

    impl Proxy {
        /// Listens on an address for each server, and says so on standard output.
        pub fn listen(servers: u8, round_trip: Duration) -> Result<Self> {
            let listen = |server| TcpListener::bind((Ipv4Addr::new(127, 2, 0, server), 22));
            let listeners = (1..=servers).map(listen).collect::<Result<Vec<_>>>()?;
            let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
            epoll::add(&epoll, std::io::stdin(), epoll::EventData::new_u64(CONTROL), epoll::EventFlags::IN)?;
            for (listener, number) in listeners.iter().zip(CONTROL + 1..) {
                listener.set_nonblocking(true)?;
                epoll::add(&epoll, listener, epoll::EventData::new_u64(number), epoll::EventFlags::IN)?;
            }
            println!("ready");
            Ok(Self {
                epoll,
                half: round_trip / 2,
                next: CONTROL + 1 + u64::from(servers),
                listeners,
                connections: HashMap::new(),
                due: BinaryHeap::new(),
                counted: [0; 3],
            })
        }

        /// Serves until the standard input ends. For each line of it, prints what was counted since the last.
        pub fn run(mut self) -> Result<()> {
            let mut events = Vec::with_capacity(256);
            loop {
                let wait = self.due.peek().map(|Reverse((at, _))| at.saturating_duration_since(Instant::now()));
                let wait = wait
                    .map(|wait| Timespec { tv_sec: wait.as_secs().cast_signed(), tv_nsec: wait.subsec_nanos().into() });
                match epoll::wait(&self.epoll, rustix::buffer::spare_capacity(&mut events), wait.as_ref()) {
                    Ok(_) | Err(rustix::io::Errno::INTR) => {}
                    Err(error) => return Err(error.into()),
                }
                for event in events.drain(..) {
                    let number = event.data.u64();
                    if number == CONTROL {
                        if !self.answer()? {
                            return Ok(());
                        }
                    } else if number <= self.listeners.len() as u64 {
                        self.accept(u8::try_from(number).map_err(Error::other)?)?;
                    } else {
                        // Each end of a connection has its own number, the client's being even.
                        self.take(number & !1, usize::from(number & 1 == 1), Instant::now() + self.half);
                    }
                }
                while self.due.peek().is_some_and(|Reverse((at, _))| *at <= Instant::now()) {
                    match self.due.pop() {
                        Some(Reverse((_, Due::Connect(number)))) => self.connect(number),
                        Some(Reverse((_, Due::Deliver(number, end)))) => self.deliver(number, end),
                        None => {}
                    }
                }
            }
        }

        /// Prints the counts; `false` at the end of the standard input.
        fn answer(&mut self) -> Result<bool> {
            let mut lines = [0; 64];
            let length = std::io::stdin().read(&mut lines)?;
            for _ in lines[..length].iter().filter(|byte| **byte == b'\n') {
                let [connections, up, down] = std::mem::take(&mut self.counted);
                println!("{connections} {up} {down}");
            }
            Ok(length > 0)
        }

        /// Takes what has connected. TCP's own handshake takes a round trip, and the server sees its end, and so the
        /// client, half a one later. The client is let on at once instead, and all its first words arrive then.
        fn accept(&mut self, server: u8) -> Result<()> {
            while let Ok((client, _)) = self.listeners[usize::from(server) - 1].accept() {
                client.set_nonblocking(true)?;
                client.set_nodelay(true)?;
                self.next += 2 + self.next % 2;
                let connection = Connection { server, ends: [Some(client), None], pipes: Default::default() };
                self.connections.insert(self.next, connection);
                self.due.push(Reverse((Instant::now() + 3 * self.half, Due::Connect(self.next))));
                self.counted[0] += 1;
            }
            Ok(())
        }

        fn connect(&mut self, number: u64) {
            let Some(connection) = self.connections.get_mut(&number) else { return };
            let server = TcpStream::connect((Ipv4Addr::new(127, 1, 0, connection.server), 2222)).and_then(|server| {
                server.set_nonblocking(true)?;
                server.set_nodelay(true)?;
                Ok(server)
            });
            let Ok(server) = server else {
                self.connections.remove(&number);
                return;
            };
            connection.ends[1] = Some(server);
            for (end, stream) in (0..).zip(connection.ends.iter().flatten()) {
                let flags = epoll::EventFlags::IN | epoll::EventFlags::ET;
                if epoll::add(&self.epoll, stream, epoll::EventData::new_u64(number + end), flags).is_err() {
                    self.connections.remove(&number);
                    return;
                }
            }
            self.take(number, 0, Instant::now());
            self.take(number, 1, Instant::now() + self.half);
        }

        /// Takes all that an end has sent, to be delivered at a time.
        fn take(&mut self, number: u64, end: usize, at: Instant) {
            let Some(connection) = self.connections.get_mut(&number) else { return };
            let Some(source) = &mut connection.ends[end] else { return };
            let mut piece = [0; 64 << 10];
            while !connection.pipes[end].ended {
                match source.read(&mut piece) {
                    Ok(length @ 1..) => {
                        self.counted[1 + end] += length as u64;
                        connection.pipes[end].queue.push_back((at, piece[..length].to_vec()));
                    }
                    Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                    _ => {
                        connection.pipes[end].ended = true;
                        connection.pipes[end].queue.push_back((at, Vec::new()));
                    }
                }
            }
            self.due.push(Reverse((at, Due::Deliver(number, end))));
        }

        /// Delivers what one end has sent and is due at the other.
        fn deliver(&mut self, number: u64, end: usize) {
            let Some(connection) = self.connections.get_mut(&number) else { return };
            let Some(sink) = &mut connection.ends[1 - end] else { return };
            let queue = &mut connection.pipes[end].queue;
            while queue.front().is_some_and(|(at, _)| *at <= Instant::now()) {
                let Some((at, bytes)) = queue.pop_front() else { break };
                if bytes.is_empty() {
                    // An end that is gone already needs no farewell.
                    let _ = sink.shutdown(Shutdown::Write);
                    continue;
                }
                match sink.write(&bytes) {
                    Ok(length) if length == bytes.len() => {}
                    Err(error) if error.kind() != ErrorKind::WouldBlock => {
                        self.connections.remove(&number);
                        return;
                    }
                    written => {
                        queue.push_front((at, bytes[written.unwrap_or(0)..].to_vec()));
                        let soon = Instant::now() + Duration::from_millis(1);
                        self.due.push(Reverse((soon, Due::Deliver(number, end))));
                        return;
                    }
                }
            }
            if connection.pipes.iter().all(|pipe| pipe.ended && pipe.queue.is_empty()) {
                self.connections.remove(&number);
            }
        }
    }
}

mod bare {
    //! What no client can do without: a connection, a command, what it prints, and its end.

    use std::io::{Error, Read, Result};
    use std::net::TcpStream;
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use ssh2::Session;

    /// Asks all hosts, a number of them at once; gives how many bytes came.
    pub fn ask_all(user: &str, key: &str, threads: usize, hosts: Vec<&str>) -> Result<usize> {
        let key = std::fs::read_to_string(key)?;
        let (queue, bytes, failure) = (Mutex::new(hosts), AtomicUsize::new(0), Mutex::new(None));
        let next = || queue.lock().map(|mut hosts| hosts.pop()).unwrap_or_default();
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    while let Some(host) = next() {
                        match ask(user, &key, host) {
                            Ok(length) => drop(bytes.fetch_add(length, Ordering::Relaxed)),
                            Err(error) => drop(failure.lock().map(|mut failure| failure.insert(error).kind())),
                        }
                    }
                });
            }
        });
        failure.into_inner().ok().flatten().map_or(Ok(bytes.into_inner()), Err)
    }

    fn ask(user: &str, key: &str, host: &str) -> Result<usize> {
        let mut session = Session::new()?;
        session.set_tcp_stream(TcpStream::connect((host, 22))?);
        session.handshake()?;
        session.userauth_pubkey_memory(user, None, key, None)?;
        let mut channel = session.channel_session()?;
        channel.exec("torcollect-extract")?;
        let mut extract = Vec::new();
        channel.read_to_end(&mut extract)?;
        channel.wait_close()?;
        match channel.exit_status()? {
            0 => Ok(extract.len()),
            status => Err(Error::other(format!("the command ended with {status}"))),
        }
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["proxy", servers, milliseconds] => {
            let round_trip = std::time::Duration::from_millis(milliseconds.parse()?);
            proxy::Proxy::listen(servers.parse()?, round_trip)?.run()?;
        }
        ["bare", user, key, threads, ref hosts @ ..] => {
            println!("{}", bare::ask_all(user, key, threads.parse()?, hosts.to_vec())?);
        }
        _ => return Err("usage: bench_collect proxy SERVERS MILLISECONDS | bare USER KEY THREADS HOST…".into()),
    }
    Ok(())
}
