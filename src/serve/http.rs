//! Answering over HTTP/1.1: files with the headers that `docs/hosting.md` recommends, and a stream on which pages hear that
//! they are out of date (server-sent events).

use std::convert::Infallible;
use std::net::{IpAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::channel::Channel;
use http_body_util::{Either, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{self, HeaderMap, HeaderName};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::time::{sleep, timeout};

use super::Shared;
use super::insert::{self, CHANGES};
use super::locate::{Located, cache_control, content_type, locate};
use crate::config::Encoding;
use crate::fs;
use crate::hash;
use crate::output::{beside, compress};

/// So often a browser that waits for a change hears that the server is still there.
const HEARTBEAT: Duration = Duration::from_secs(20);
/// Pages are compressed each time they are sent.
const QUICK: u32 = 3;

type Body = Either<Full<Bytes>, Channel<Bytes>>;

/// Answers whoever connects, for as long as the program runs.
pub(super) async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Too many open files, most likely: that passes.
            sleep(Duration::from_millis(100)).await;
            continue;
        };
        let shared = Arc::clone(&shared);
        tokio::spawn(async move {
            let service = service_fn(move |request| {
                let answer = answer(&shared, &request);
                async move { Ok::<_, Infallible>(answer) }
            });
            // Whoever hangs up has what he wanted.
            drop(http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service).await);
        });
    }
}

fn answer(shared: &Shared, request: &Request<Incoming>) -> Response<Body> {
    let headers = request.headers();
    if shared.local && !headers.get(header::HOST).is_some_and(|host| is_local(host.as_bytes())) {
        // The page of a stranger could have given its own name this machine's address, to read the site.
        let text = "torcollect answers to the names of this machine alone, such as localhost\n";
        return plain(StatusCode::MISDIRECTED_REQUEST, text);
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let mut refused = plain(StatusCode::METHOD_NOT_ALLOWED, "GET and HEAD are all that torcollect knows\n");
        refused.headers_mut().insert(header::ALLOW, header::HeaderValue::from_static("GET, HEAD"));
        return refused;
    }
    let path = request.uri().path();
    if path == CHANGES {
        return changes(shared, request.uri().query().unwrap_or_default());
    }
    match locate(&shared.folder, path) {
        Located::File(file) if is_page(&file) => match fs::read(&shared.folder.join(&file)) {
            Ok(page) => send_page(shared, headers, StatusCode::OK, &String::from_utf8_lossy(&page)),
            Err(_) => missing(shared, headers),
        },
        Located::File(file) => send_file(shared, headers, &file).unwrap_or_else(|| missing(shared, headers)),
        Located::Folder => {
            let query = request.uri().query().map_or_else(String::new, |query| format!("?{query}"));
            respond(StatusCode::PERMANENT_REDIRECT, &[(header::LOCATION, format!("{path}/{query}"))], Bytes::new())
        }
        Located::Missing => missing(shared, headers),
    }
}

fn is_page(file: &Path) -> bool {
    content_type(file).starts_with("text/html")
}

/// The site's own page for what is not there; before there is a site, what is going on.
fn missing(shared: &Shared, headers: &HeaderMap) -> Response<Body> {
    let built = shared.condition.borrow().clone();
    if let Ok(page) = fs::read(&shared.folder.join("404.html")) {
        return send_page(shared, headers, StatusCode::NOT_FOUND, &String::from_utf8_lossy(&page));
    }
    let (status, page) = if !built.built {
        (StatusCode::SERVICE_UNAVAILABLE, insert::page("The site is being built", "This page appears when it is done."))
    } else if !shared.folder.join("index.html").is_file() {
        (StatusCode::SERVICE_UNAVAILABLE, insert::page("There is no site yet", "No build has ended well."))
    } else {
        (StatusCode::NOT_FOUND, insert::page("Not found", "The site has no such page."))
    };
    send_page(shared, headers, status, &page)
}

/// A page with what its author shall see in it.
fn send_page(shared: &Shared, headers: &HeaderMap, status: StatusCode, page: &str) -> Response<Body> {
    let bytes = insert::insert(page, &shared.condition.borrow(), &shared.nonce).into_bytes();
    let tag = tag(&bytes);
    let encoding = Encoding::ALL.into_iter().find(|encoding| accepts(headers, *encoding));
    let packed = encoding.and_then(|encoding| Some((encoding, compress(encoding, QUICK, &bytes).ok()?)));
    let (encoding, bytes) = packed.map_or((None, bytes), |(encoding, packed)| (Some(encoding), packed));
    let sent = Sent { status, kind: "text/html; charset=utf-8", cache: "no-cache", tag, encoding, bytes };
    send(shared, headers, sent)
}

/// Any other file, by its compressed copy if there is one that the browser takes; `None` if it is gone.
fn send_file(shared: &Shared, headers: &HeaderMap, file: &Path) -> Option<Response<Body>> {
    let there = shared.folder.join(file);
    let copy = |encoding: Encoding| Some((encoding, fs::read(&beside(&there, encoding)).ok()?));
    let packed = Encoding::ALL.into_iter().filter(|encoding| accepts(headers, *encoding)).find_map(copy);
    let (encoding, bytes) = match packed {
        Some((encoding, bytes)) => (Some(encoding), bytes),
        None => (None, fs::read(&there).ok()?),
    };
    let (kind, cache, tag) = (content_type(file), cache_control(file), tag(&bytes));
    Some(send(shared, headers, Sent { status: StatusCode::OK, kind, cache, tag, encoding, bytes }))
}

struct Sent {
    status: StatusCode,
    kind: &'static str,
    cache: &'static str,
    tag: String,
    encoding: Option<Encoding>,
    bytes: Vec<u8>,
}

fn send(shared: &Shared, headers: &HeaderMap, sent: Sent) -> Response<Body> {
    // Each encoding of a page is a representation with a tag of its own.
    let tag = format!("\"{}{}\"", sent.tag, sent.encoding.map_or("", Encoding::suffix));
    let mut lines = vec![
        (header::CONTENT_TYPE, sent.kind.to_owned()),
        (header::CACHE_CONTROL, sent.cache.to_owned()),
        (header::ETAG, tag.clone()),
        (header::VARY, "Accept-Encoding".to_owned()),
        (header::CONTENT_SECURITY_POLICY, insert::policy(&shared.nonce)),
        (header::REFERRER_POLICY, "no-referrer".to_owned()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
    ];
    if sent.status == StatusCode::OK && knows(headers, &tag) {
        return respond(StatusCode::NOT_MODIFIED, &lines, Bytes::new());
    }
    lines.extend(sent.encoding.map(|encoding| (header::CONTENT_ENCODING, encoding.token().to_owned())));
    // hyper keeps the body back from who asked for the head alone.
    respond(sent.status, &lines, sent.bytes.into())
}

/// A name for bytes.
fn tag(bytes: &[u8]) -> String {
    format!("{:016x}", hash::of(bytes))
}

/// Whether the browser has the representation of that tag (RFC 9110, section 13.1.2).
fn knows(headers: &HeaderMap, tag: &str) -> bool {
    let known = headers.get_all(header::IF_NONE_MATCH).into_iter().filter_map(|value| value.to_str().ok());
    known.flat_map(|value| value.split(',')).any(|known| {
        let known = known.trim();
        known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag
    })
}

/// Whether the browser undoes that encoding (RFC 9110, section 12.5.3).
fn accepts(headers: &HeaderMap, encoding: Encoding) -> bool {
    let asked = headers.get_all(header::ACCEPT_ENCODING).into_iter().filter_map(|value| value.to_str().ok());
    asked.flat_map(|value| value.split(',')).any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
        let refused = weight.trim().strip_prefix("q=").is_some_and(|weight| weight.parse() == Ok(0.0));
        name.trim().eq_ignore_ascii_case(encoding.token()) && !refused
    })
}

/// Whether a `Host` is a name of this machine that no other can have.
fn is_local(host: &[u8]) -> bool {
    let Ok(host) = std::str::from_utf8(host) else { return false };
    let without_port = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|digit| digit.is_ascii_digit()) => name,
        _ => host,
    };
    let name = without_port.to_ascii_lowercase();
    let address = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(&name);
    name == "localhost"
        || name.ends_with(".localhost")
        || address.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// A stream that says when a page that was made at the condition `since=NUMBER` is out of date.
fn changes(shared: &Shared, query: &str) -> Response<Body> {
    let since: Option<u64> = query.strip_prefix("since=").and_then(|number| number.parse().ok());
    let mut condition = shared.condition.subscribe();
    let (mut sender, body) = Channel::new(1);
    tokio::spawn(async move {
        loop {
            let current = Some(condition.borrow_and_update().number) == since;
            let line = if current { ": nothing new\n\n" } else { "data: reload\n\n" };
            if sender.send_data(Bytes::from_static(line.as_bytes())).await.is_err() {
                return;
            }
            drop(timeout(HEARTBEAT, condition.changed()).await);
        }
    });
    let lines =
        [(header::CONTENT_TYPE, "text/event-stream".to_owned()), (header::CACHE_CONTROL, "no-store".to_owned())];
    with_headers(StatusCode::OK, &lines, Either::Right(body))
}

fn plain(status: StatusCode, text: &'static str) -> Response<Body> {
    let lines = [(header::CONTENT_TYPE, "text/plain; charset=utf-8".to_owned())];
    respond(status, &lines, Bytes::from_static(text.as_bytes()))
}

fn respond(status: StatusCode, lines: &[(HeaderName, String)], bytes: Bytes) -> Response<Body> {
    with_headers(status, lines, Either::Left(Full::new(bytes)))
}

fn with_headers(status: StatusCode, lines: &[(HeaderName, String)], body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    for (name, value) in lines {
        // A value that no header can have, such as a path with a line break, is left out.
        if let Ok(value) = value.parse() {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn only_names_of_this_machine_are_answered_to() {
        for local in
            ["localhost", "LOCALHOST:1111", "my.localhost:80", "127.0.0.1:1111", "127.9.9.9", "[::1]:1111", "[::1]"]
        {
            assert!(is_local(local.as_bytes()), "{local}");
        }
        for other in
            ["", "evil.example", "localhost.evil.example:1111", "192.0.2.1:1111", "127.0.0.1.evil.example", "[::2]"]
        {
            assert!(!is_local(other.as_bytes()), "{other}");
        }
    }

    #[test]
    fn what_a_browser_does_not_take_it_is_not_sent() {
        let accepts = |value: &str, encoding| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, value.parse().unwrap());
            accepts(&headers, encoding)
        };
        for value in ["br", "gzip, deflate, br, zstd", "gzip;q=0.5, BR;q=0.1"] {
            assert!(accepts(value, Encoding::Brotli), "{value}");
        }
        for value in ["", "identity", "gzip", "br;q=0", "br; q=0.000", "brotli"] {
            assert!(!accepts(value, Encoding::Brotli), "{value}");
        }
        assert!(accepts("gzip;q=1.0, *;q=0", Encoding::Gzip));
    }
}
