//! A TCP proxy on loopback that misbehaves on purpose: it delays, counts and really cuts.
//!
//! The demo's engineers talk through one each, so that «offline» is a refused connection and a cut is a reset in
//! the middle of a body, not a flag inside the program. The tests and the benchmark use the same proxy: delay is
//! added to every chunk without holding back the next one, and bytes are counted as they cross, headers included.
//!
//! Invariants: listens and connects on loopback only; every thread ends when the proxy is dropped.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// What the proxy adds to a connection.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Line {
    /// Added to every chunk in each direction: half a round trip.
    pub one_way: Duration,
    /// Added once, before the first chunk of a new connection: its TCP (and TLS) handshake.
    pub handshake: Duration,
}

#[derive(Debug)]
struct Shared {
    down: AtomicBool,
    stopped: AtomicBool,
    up_bytes: AtomicU64,
    down_bytes: AtomicU64,
    connections: AtomicU64,
    /// Bytes until the next cut, counted over both directions; `u64::MAX` for none.
    cut_after: AtomicU64,
    /// What `cut_after` becomes after a cut.
    cut_every: AtomicU64,
    /// Clones of live sockets with the number of their connection, to be shut down by a cut.
    live: Mutex<Vec<(u64, TcpStream)>>,
}

impl Shared {
    fn live(&self) -> std::sync::MutexGuard<'_, Vec<(u64, TcpStream)>> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn cut(&self) {
        for (_, stream) in self.live().drain(..) {
            // A socket that is already closed is what a cut wants.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    fn forget(&self, connection: u64) {
        self.live().retain(|(number, stream)| {
            if *number == connection {
                let _ = stream.shutdown(Shutdown::Both);
            }
            *number != connection
        });
    }

    /// How much of a chunk may pass before a due cut; `None` where all of it may.
    fn allowance(&self, length: usize) -> Option<usize> {
        let length = length as u64;
        let before = self.cut_after.load(Ordering::SeqCst);
        if before == u64::MAX {
            return None;
        }
        let left = self
            .cut_after
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
                Some(if left == u64::MAX {
                    left
                } else {
                    left.saturating_sub(length)
                })
            })
            .unwrap_or(u64::MAX);
        (left <= length).then(|| usize::try_from(left).unwrap_or(0))
    }
}

/// Bytes and connections that crossed a [`CutProxy`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Traffic {
    /// From client to server.
    pub up: u64,
    /// From server to client.
    pub down: u64,
    /// Connections accepted.
    pub connections: u64,
}

/// The proxy; stops when dropped.
#[derive(Debug)]
pub struct CutProxy {
    address: SocketAddr,
    shared: Arc<Shared>,
}

impl CutProxy {
    /// Starts a proxy on a free loopback port in front of `target`, which must be a loopback address.
    ///
    /// # Errors
    /// Where `target` is not on loopback, or no port can be bound.
    pub fn start(target: SocketAddr, line: Line) -> io::Result<Self> {
        if !target.ip().is_loopback() {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "the proxy's target must be on loopback",
            ));
        }
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            down: AtomicBool::default(),
            stopped: AtomicBool::default(),
            up_bytes: AtomicU64::default(),
            down_bytes: AtomicU64::default(),
            connections: AtomicU64::default(),
            cut_after: AtomicU64::new(u64::MAX),
            cut_every: AtomicU64::new(u64::MAX),
            live: Mutex::default(),
        });
        let acceptor = Arc::clone(&shared);
        std::thread::Builder::new()
            .name("cut-proxy".to_owned())
            .spawn(move || {
                for stream in listener.incoming() {
                    if acceptor.stopped.load(Ordering::SeqCst) {
                        return;
                    }
                    if let Ok(client) = stream {
                        // One broken connection is what this proxy is for; the next one is served all the same.
                        let _ = serve(client, target, line, &acceptor);
                    }
                }
            })?;
        Ok(Self { address, shared })
    }

    /// Where clients connect.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The network is gone: cuts every connection and lets no new one through until [`Self::restore`].
    pub fn take_down(&self) {
        self.shared.down.store(true, Ordering::SeqCst);
        self.shared.cut();
    }

    /// The network is back.
    pub fn restore(&self) {
        self.shared.down.store(false, Ordering::SeqCst);
    }

    /// Whether the network is gone.
    pub fn is_down(&self) -> bool {
        self.shared.down.load(Ordering::SeqCst)
    }

    /// Cuts every open connection once, in the middle of whatever crosses it.
    pub fn cut(&self) {
        self.shared.cut();
    }

    /// Cuts once after `bytes` more bytes have crossed, counted over both directions.
    pub fn cut_after(&self, bytes: u64) {
        self.shared.cut_after.store(bytes, Ordering::SeqCst);
    }

    /// Cuts again and again, each time after `bytes` more bytes; `u64::MAX` ends it.
    pub fn cut_every(&self, bytes: u64) {
        self.shared.cut_every.store(bytes, Ordering::SeqCst);
        self.cut_after(bytes);
    }

    /// What crossed so far.
    pub fn traffic(&self) -> Traffic {
        Traffic {
            up: self.shared.up_bytes.load(Ordering::SeqCst),
            down: self.shared.down_bytes.load(Ordering::SeqCst),
            connections: self.shared.connections.load(Ordering::SeqCst),
        }
    }
}

impl Drop for CutProxy {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        self.shared.cut();
        // Wakes the acceptor so that it sees the flag; it may have ended already.
        let _ = TcpStream::connect_timeout(&self.address, Duration::from_millis(200));
    }
}

fn serve(client: TcpStream, target: SocketAddr, line: Line, shared: &Arc<Shared>) -> io::Result<()> {
    if shared.down.load(Ordering::SeqCst) {
        return client.shutdown(Shutdown::Both);
    }
    let server = TcpStream::connect_timeout(&target, Duration::from_secs(2))?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let number = shared.connections.fetch_add(1, Ordering::SeqCst) + 1;
    shared
        .live()
        .extend([(number, client.try_clone()?), (number, server.try_clone()?)]);
    pump(
        client.try_clone()?,
        server.try_clone()?,
        line.one_way,
        line.handshake,
        number,
        shared,
        true,
    )?;
    pump(
        server,
        client,
        line.one_way,
        Duration::ZERO,
        number,
        shared,
        false,
    )
}

/// Copies one direction: a reader stamps every chunk with the time at which it is due, a writer waits for that
/// time, so that delay costs latency and not throughput.
#[expect(
    clippy::disallowed_methods,
    reason = "a network driver: real delays need the real clock"
)]
fn pump(
    mut from: TcpStream,
    mut to: TcpStream,
    delay: Duration,
    first: Duration,
    number: u64,
    shared: &Arc<Shared>,
    upward: bool,
) -> io::Result<()> {
    // A chunk and when it is due.
    let (sender, receiver) = channel::<(Instant, Vec<u8>)>();
    let reader = Arc::clone(shared);
    std::thread::Builder::new().spawn(move || {
        let mut buffer = vec![0_u8; 64 * 1024];
        let mut extra = first;
        while let Ok(count) = from.read(&mut buffer) {
            if count == 0 {
                break;
            }
            let cut = reader.allowance(count);
            let passed = cut.unwrap_or(count);
            let counter = if upward {
                &reader.up_bytes
            } else {
                &reader.down_bytes
            };
            counter.fetch_add(passed as u64, Ordering::SeqCst);
            let due = Instant::now() + delay + extra;
            extra = Duration::ZERO;
            let sent = sender.send((due, buffer[..passed].to_vec()));
            if cut.is_some() {
                reader.cut_after.store(u64::MAX, Ordering::SeqCst);
                // What was let through is delivered, then the line breaks.
                std::thread::sleep(delay + Duration::from_millis(5));
                reader.cut();
                let next = reader.cut_every.load(Ordering::SeqCst);
                reader.cut_after.store(next, Ordering::SeqCst);
            }
            if cut.is_some() || sent.is_err() {
                break;
            }
        }
    })?;
    let writer = Arc::clone(shared);
    std::thread::Builder::new().spawn(move || {
        for (due, chunk) in receiver {
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            if to.write_all(&chunk).is_err() {
                break;
            }
        }
        writer.forget(number);
    })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn echo() -> SocketAddr {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                std::thread::spawn(move || {
                    let (mut read, mut write) = (stream.try_clone().unwrap(), stream);
                    let _ = io::copy(&mut read, &mut write);
                });
            }
        });
        address
    }

    fn client(proxy: &CutProxy) -> TcpStream {
        let stream = TcpStream::connect(proxy.address()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        stream
    }

    #[test]
    fn bytes_cross_and_are_counted() {
        let proxy = CutProxy::start(echo(), Line::default()).unwrap();
        let mut stream = client(&proxy);
        stream.write_all(b"hello").unwrap();
        let mut back = [0_u8; 5];
        stream.read_exact(&mut back).unwrap();
        assert_eq!(&back, b"hello");
        assert_eq!(
            proxy.traffic(),
            Traffic {
                up: 5,
                down: 5,
                connections: 1
            }
        );
    }

    #[test]
    fn a_cut_after_n_bytes_lets_exactly_those_through() {
        let proxy = CutProxy::start(echo(), Line::default()).unwrap();
        proxy.cut_after(3);
        let mut stream = client(&proxy);
        stream.write_all(b"hello").unwrap();
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest);
        assert!(
            rest.len() <= 3,
            "at most what was let through comes back: {rest:?}"
        );
        assert_eq!(proxy.traffic().up, 3);
        let mut again = client(&proxy);
        again.write_all(b"on").unwrap();
        let mut back = [0_u8; 2];
        again.read_exact(&mut back).unwrap();
        assert_eq!(&back, b"on");
    }

    #[test]
    fn a_network_that_is_down_lets_nothing_through_until_it_is_back() {
        let proxy = CutProxy::start(echo(), Line::default()).unwrap();
        let mut open = client(&proxy);
        open.write_all(b"x").unwrap();
        let mut one = [0_u8; 1];
        open.read_exact(&mut one).unwrap();
        proxy.take_down();
        assert_eq!(open.read(&mut one).unwrap_or(0), 0, "an open connection ends");
        let mut refused = client(&proxy);
        let _ = refused.write_all(b"x");
        assert_eq!(refused.read(&mut one).unwrap_or(0), 0, "a new one gets nothing");
        proxy.restore();
        let mut back = client(&proxy);
        back.write_all(b"y").unwrap();
        back.read_exact(&mut one).unwrap();
        assert_eq!(&one, b"y");
    }
}
