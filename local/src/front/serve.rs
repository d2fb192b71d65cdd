//! HTTP/1.1 on a loopback socket.
//!
//! In: sockets, on which anybody on this machine may say anything. Out: whole requests to a handler, and
//! its responses. Guaranteed: headers, bodies and the time that a client takes are bounded; a request that
//! a page of another origin made, or that came by a name which is not this machine's, is refused before
//! anyone reads it.

use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};

use crate::wire::{Request, Response};

/// What a client may ask of a server.
#[derive(Clone, Debug)]
pub struct Limits {
    /// The largest body, in bytes.
    pub body: usize,
    /// How long a client may take for a request's headers, and again for its body.
    pub patience: Duration,
    /// Whose pages may ask.
    pub origins: Origins,
}

/// The pages in a browser that may ask a server, beside its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Origins {
    /// No others.
    #[default]
    Own,
    /// Those that this machine serves on any port, where a flow's pages are developed, and these:
    /// `https://app.example`.
    Loopback(Rc<[String]>),
}

impl Origins {
    fn admit(&self, origin: &str, address: SocketAddr) -> bool {
        let host = origin.strip_prefix("http://");
        match self {
            Self::Own => host.is_some_and(|host| is_here(host, address)),
            Self::Loopback(others) => {
                let host = host.or_else(|| origin.strip_prefix("https://")).unwrap_or_default();
                let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
                is_loopback(name) || others.iter().any(|other| other == origin)
            }
        }
    }
}

impl Default for Limits {
    /// The largest request of the AWS APIs here is DynamoDB's: 16 MiB.
    fn default() -> Self {
        Self { body: 16 << 20, patience: Duration::from_secs(30), origins: Origins::Own }
    }
}

/// How long nobody is let in once the system lets no one in.
const CROWDED: Duration = Duration::from_millis(50);

/// The largest headers of a request, in bytes; what comes in one piece may be twice as large.
const HEADERS: usize = 64 << 10;

/// Serves a listener until the task is dropped. Must run within a [`tokio::task::LocalSet`].
pub async fn serve<F, A>(listener: TcpListener, limits: Limits, answer: F)
where
    F: Fn(Request) -> A + 'static,
    A: Future<Output = Response> + 'static,
{
    let answer = Rc::new(answer);
    let Ok(address) = listener.local_addr() else { return };
    // Connections end with the server.
    let mut connections = tokio::task::JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn_local(connection(stream, address, limits.clone(), Rc::clone(&answer)));
                }
                // No more files may be open: some will be closed, and meanwhile others need the thread.
                Err(_) => tokio::time::sleep(CROWDED).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn connection<F, A>(stream: TcpStream, address: SocketAddr, limits: Limits, answer: Rc<F>)
where
    F: Fn(Request) -> A + 'static,
    A: Future<Output = Response> + 'static,
{
    // Small answers must not wait for a client's acknowledgement.
    let _ = stream.set_nodelay(true);
    let patience = limits.patience;
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let (answer, limits) = (Rc::clone(&answer), limits.clone());
        async move {
            let response = match whole(request, address, &limits).await {
                Ok(request) => answer(request).await,
                Err(refused) => refused.response(),
            };
            Ok::<_, std::convert::Infallible>(written(response))
        }
    });
    // A client that breaks the protocol or goes away is its own affair.
    let _ = protocol(patience).serve_connection(TokioIo::new(stream), service).await;
}

/// HTTP/1.1 within bounds.
pub(crate) fn protocol(patience: Duration) -> hyper::server::conn::http1::Builder {
    let mut server = hyper::server::conn::http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(patience).max_buf_size(HEADERS);
    server
}

/// Why a request is not even read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// It names another host: DNS rebinding.
    #[error("this server answers to 127.0.0.1 and localhost alone")]
    Host,
    /// A page of another origin sent it.
    #[error("a page of another origin may not ask this server")]
    Origin,
    /// Its body is too large.
    #[error("a request has at most {0} bytes")]
    Large(usize),
    /// Its body ended early.
    #[error("the body broke off: {0}")]
    Broken(String),
    /// Its body took too long.
    #[error("the body took too long")]
    Slow,
}

impl Refused {
    /// The refusal in plain text.
    pub fn response(&self) -> Response {
        let status = match self {
            Self::Host | Self::Origin => 403,
            Self::Large(_) => 413,
            Self::Broken(_) => 400,
            Self::Slow => 408,
        };
        Response::new(status, "text/plain; charset=utf-8", format!("{self}\n")).header("connection", "close")
    }
}

/// Reads a request whole.
async fn whole(request: hyper::Request<Incoming>, address: SocketAddr, limits: &Limits) -> Result<Request, Refused> {
    let (parts, body) = request.into_parts();
    admit(&parts.headers, address, &limits.origins)?;
    let body = tokio::time::timeout(limits.patience, Limited::new(body, limits.body).collect());
    let body = match body.await {
        Ok(Ok(body)) => body.to_bytes(),
        Ok(Err(error)) if error.is::<LengthLimitError>() => return Err(Refused::Large(limits.body)),
        Ok(Err(error)) => return Err(Refused::Broken(error.to_string())),
        Err(_) => return Err(Refused::Slow),
    };
    Ok(Request {
        method: parts.method,
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: parts.headers,
        body,
    })
}

/// Refuses what a page in a browser could be led to send: a request for another name, or from another
/// origin.
pub fn admit(headers: &http::HeaderMap, address: SocketAddr, origins: &Origins) -> Result<(), Refused> {
    let host = headers.get("host").and_then(|host| host.to_str().ok()).unwrap_or_default();
    if !is_here(host, address) {
        return Err(Refused::Host);
    }
    match headers.get("origin").map(|origin| origin.to_str().unwrap_or_default()) {
        Some(origin) if !origins.admit(origin, address) => Err(Refused::Origin),
        _ => Ok(()),
    }
}

/// Whether a host with a port is this server by one of its own names.
fn is_here(host: &str, address: SocketAddr) -> bool {
    let Some((name, port)) = host.rsplit_once(':') else { return false };
    port.parse() == Ok(address.port()) && is_loopback(name)
}

fn is_loopback(name: &str) -> bool {
    name.eq_ignore_ascii_case("localhost") || name == "127.0.0.1" || name == "[::1]"
}

pub(crate) fn written(response: Response) -> hyper::Response<Full<Bytes>> {
    let mut written = hyper::Response::new(Full::new(response.body));
    *written.status_mut() = http::StatusCode::from_u16(response.status).unwrap_or(http::StatusCode::BAD_GATEWAY);
    *written.headers_mut() = response.headers;
    written
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::*;

    fn asked(host: &str, origin: Option<&str>) -> Result<(), Refused> {
        let mut headers = HeaderMap::new();
        headers.insert("host", host.parse().unwrap());
        if let Some(origin) = origin {
            headers.insert("origin", origin.parse().unwrap());
        }
        admit(&headers, "127.0.0.1:4566".parse().unwrap(), &Origins::Own)
    }

    #[test]
    fn a_name_that_is_not_this_machine_is_refused() {
        assert_eq!(asked("127.0.0.1:4566", None), Ok(()));
        assert_eq!(asked("localhost:4566", None), Ok(()));
        for rebound in ["evil.example:4566", "127.0.0.1:80", "127.0.0.1", "127.0.0.1.evil.example:4566", ""] {
            assert_eq!(asked(rebound, None), Err(Refused::Host), "{rebound}");
        }
    }

    #[test]
    fn a_page_of_another_origin_is_refused() {
        assert_eq!(asked("localhost:4566", Some("http://localhost:4566")), Ok(()));
        for origin in ["https://evil.example", "null", "http://localhost:3000", "http://evil.example:4566"] {
            assert_eq!(asked("localhost:4566", Some(origin)), Err(Refused::Origin), "{origin}");
        }
    }

    #[test]
    fn a_flow_s_pages_come_from_this_machine_or_are_named() {
        let origins = Origins::Loopback(["https://app.example".to_owned()].into());
        let address = "127.0.0.1:4567".parse().unwrap();
        for origin in ["http://localhost:3000", "http://127.0.0.1:5173", "https://localhost", "https://app.example"] {
            assert!(origins.admit(origin, address), "{origin}");
        }
        for origin in ["null", "https://evil.example", "http://localhost.evil.example:3000", "http://app.example", ""] {
            assert!(!origins.admit(origin, address), "{origin}");
        }
    }
}
